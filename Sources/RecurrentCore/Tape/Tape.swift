import Synchronization

/// The operations of one ``valueAndGradient(of:_:)`` call in the order they were done, each with
/// the way its gradient goes back.
package final class Tape: Sendable {
  /// Gradients of an operation's outputs in, gradients of its inputs out; nil is a zero gradient.
  package typealias Pullback = @Sendable ([Tensor?]) -> [Tensor?]

  private struct Operation: Sendable {
    let name: StaticString
    /// Places of the traced inputs; nil where an input is not traced and needs no gradient.
    let inputs: [Int?]
    let outputs: Range<Int>
    let pullback: Pullback
  }

  private struct Record: Sendable {
    var operations: [Operation] = []
    var count = 0
  }

  private let record = Mutex(Record())

  package init() {}

  /// A new place that no operation made: a parameter.
  package func leaf(_ tensor: Tensor) -> Tensor {
    var traced = tensor
    traced.trace = Trace(
      tape: self,
      index: record.withLock { record in
        defer { record.count += 1 }
        return record.count
      })
    return traced
  }

  fileprivate func append(
    _ name: StaticString, inputs: [Tensor?], outputs: [Tensor], pullback: @escaping Pullback
  ) -> [Tensor] {
    let places = inputs.map { input in
      input?.trace.map { trace in
        precondition(trace.tape === self, "\(name): tensors of two gradient calls meet")
        return trace.index
      }
    }
    let first = record.withLock { record in
      let range = record.count..<record.count + outputs.count
      record.count = range.upperBound
      record.operations.append(
        Operation(name: name, inputs: places, outputs: range, pullback: pullback))
      return range.lowerBound
    }
    return outputs.enumerated().map { index, output in
      var traced = output
      traced.trace = Trace(tape: self, index: first + index)
      return traced
    }
  }

  /// Gradients of the traced scalar with respect to the places asked for.
  ///
  /// The tape is consumed: what an operation kept is let go as soon as its gradient is done.
  package func gradients(of value: Tensor, for places: [Int]) -> [Tensor?] {
    gradients(
      from: [(value, Tensor(repeating: 1, shape: value.shape, on: value.context))], for: places)
  }

  /// The same from several traced values, for each of which the gradient is known.
  fileprivate func gradients(
    from known: [(value: Tensor, gradient: Tensor)], for places: [Int]
  ) -> [Tensor?] {
    let (operations, count) = record.withLock { record in
      defer { record.operations = [] }
      return (record.operations, record.count)
    }
    var remaining = operations
    var gradients = [Tensor?](repeating: nil, count: count)
    for (value, gradient) in known { gradients[value.trace!.index] = gradient }
    let wanted = Set(places)
    while let operation = remaining.popLast() {
      let incoming = operation.outputs.map { gradients[$0] }
      for output in operation.outputs where !wanted.contains(output) { gradients[output] = nil }
      if incoming.allSatisfy({ $0 == nil }) { continue }
      for (place, gradient) in zip(operation.inputs, operation.pullback(incoming)) {
        guard let place, let gradient else { continue }
        if gradients[place] == nil {
          gradients[place] = gradient
        } else if gradients[place]!.hasOwnMemory {
          gradients[place]!.add(gradient)
        } else {
          // An operation may give one tensor to several inputs, or a part of what it was given.
          gradients[place] = gradients[place]! + gradient
        }
      }
    }
    return places.map { gradients[$0] }
  }
}

extension Tape {
  /// The way back through a computation that is done again for it, with a record of its own.
  ///
  /// - Parameters:
  ///   - body: The computation. What it gives back are results of operations, each another one.
  ///   - inputs: What it was done with.
  ///   - wanted: For each input whether its gradient is asked for.
  ///   - results: The gradients of what `body` gives back; nil stands for zero.
  /// - Returns: The gradients of the inputs; nil where none is asked for, or where it is zero.
  package static func gradients(
    through body: ([Tensor?]) -> [Tensor], at inputs: [Tensor?], wanted: [Bool],
    results: [Tensor?]
  ) -> [Tensor?] {
    let tape = Tape()
    let leaves = zip(inputs, wanted).map { input, isWanted in
      input.map { isWanted ? tape.leaf($0.detached) : $0.detached }
    }
    let known = zip(body(leaves), results).compactMap { value, gradient in
      value.trace == nil ? nil : gradient.map { (value: value, gradient: $0) }
    }
    var found = tape.gradients(
      from: known, for: leaves.compactMap { $0?.trace?.index })[...]
    return leaves.map { leaf in leaf?.trace == nil ? nil : found.removeFirst() }
  }
}

/// A tensor's place on a tape.
package struct Trace: Sendable {
  let tape: Tape
  let index: Int
}

extension Tensor {
  /// Records an operation if any of its inputs is traced, and gives back its outputs.
  ///
  /// - Parameter pullback: Takes the gradients of the outputs and gives those of the inputs, in
  ///   their orders; nil stands for zero. It must only use detached tensors.
  package static func record(
    _ name: StaticString, inputs: [Tensor?], outputs: [Tensor],
    pullback: @escaping Tape.Pullback
  ) -> [Tensor] {
    guard let tape = inputs.lazy.compactMap({ $0?.trace?.tape }).first else { return outputs }
    return tape.append(name, inputs: inputs, outputs: outputs, pullback: pullback)
  }

  /// The same for an operation with one output.
  package static func record(
    _ name: StaticString, inputs: [Tensor?], output: Tensor,
    pullback: @escaping @Sendable (Tensor) -> [Tensor?]
  ) -> Tensor {
    record(name, inputs: inputs, outputs: [output]) { pullback($0[0]!) }[0]
  }
}

/// The value of `body` for the model, and its gradient with respect to every tensor of the model.
///
/// ```swift
/// let (loss, gradient) = valueAndGradient(of: model) { model in
///   meanSquaredError(model(input), target)
/// }
/// ```
/// - Parameter body: Gives a scalar computed from the traced model.
/// - Returns: The value, detached, and a tree like the model that holds the gradients; zero where
///   the value does not depend on a tensor.
public func valueAndGradient<Model: TensorTree, Failure: Error>(
  of model: Model, _ body: (Model) throws(Failure) -> Tensor
) throws(Failure) -> (value: Tensor, gradient: Model) {
  let (value, gradient, _) = try valueAndGradient(of: model) {
    (model: Model) throws(Failure) -> (Tensor, Void) in (try body(model), ())
  }
  return (value, gradient)
}

/// The same for a body that has more to give back than its value: a state to carry on, say.
///
/// The second value may hold traced tensors; take what outlives the call with ``Tensor/detached``.
public func valueAndGradient<Model: TensorTree, Extra, Failure: Error>(
  of model: Model, _ body: (Model) throws(Failure) -> (Tensor, Extra)
) throws(Failure) -> (value: Tensor, gradient: Model, extra: Extra) {
  let tape = Tape()
  var places: [Int] = []
  let traced = model.mapTensors { _, tensor in
    let leaf = tape.leaf(tensor.detached)
    places.append(leaf.trace!.index)
    return leaf
  }
  let (value, extra) = try body(traced)
  precondition(value.count == 1, "A gradient is taken of one number, found shape \(value.shape)")
  let found: [Tensor?] =
    value.trace == nil
    ? places.map { _ in nil } : tape.gradients(of: value, for: places)
  var next = 0
  let gradient = model.mapTensors { _, tensor in
    defer { next += 1 }
    return found[next]?.detached ?? Tensor.zeros(tensor.shape, on: tensor.context)
  }
  return (value.detached, gradient, extra)
}
