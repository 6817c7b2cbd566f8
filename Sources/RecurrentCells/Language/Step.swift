/// One step of a cell, as its equations see it: what comes in, what is learnt, and the places for
/// what goes out.
///
/// A mistake does not stop the equations where it is made; the first one is thrown by ``Cell/init(_:_:)``.
public final class Step {
  let form: Cell.Form
  var graph = Graph()
  var parameters: [CellParameter] = []
  var states: [CellState] = []
  var inputs = [CellInput(name: "input", extent: .input, stateBelow: nil)]
  var masks: [CellMask] = []
  var schedules: [CellSchedule] = []
  var names: [CellName] = []
  var nextStates: [Int: Graph.NodeIndex] = [:]
  var outputNode: Graph.NodeIndex?
  var matrixMemory: CellMatrixMemory?
  var readsBelow = false
  private var recurrentMasks: [String: Vector] = [:]
  var firstError: CellError?

  init(_ form: Cell.Form) { self.form = form }

  // MARK: What a step is given

  /// The row of the layer's input at this step, of size ``Extent/input``.
  public var input: Vector { vector(.input(0), shape: [.input]) }

  /// A further input sequence, which the caller gives beside the layer's input.
  public func furtherInput(_ name: String, size: Extent = .hidden) -> Vector {
    input(CellInput(name: name, extent: size, stateBelow: nil))
  }

  /// What a state of the layer below is after this step: its memory cell, say. Nil in the lowest
  /// layer of a stack, which has none below: there the equations say what to do without.
  public func stateBelow(_ state: String, size: Extent = .hidden) -> Vector? {
    readsBelow = true
    if form.isLowest { return nil }
    return input(CellInput(name: "\(state)_below", extent: size, stateBelow: state))
  }

  private func input(_ input: CellInput) -> Vector {
    if !inputs.contains(input) {
      if inputs.contains(where: { $0.name == input.name }) {
        fail(.duplicateName, "two inputs are named \"\(input.name)\"")
      }
      inputs.append(input)
    }
    return vector(.input(inputs.firstIndex(of: input)!), shape: [input.extent])
  }

  /// The previous value of a state, which ``next(_:_:)`` gives its next one.
  public func state(_ name: String, size: Extent = .hidden) -> Vector {
    state(name, shape: [size])
  }

  /// A state of several axes: a matrix memory.
  public func state(_ name: String, shape: [Extent]) -> Vector {
    return declare(CellState(name: name, shape: shape, isClock: false))
  }

  /// The number of steps this row has really taken before this one, a single number.
  ///
  /// It is a state like any other, called `clock`, that grows by one with every step: so a sequence
  /// may be cut anywhere, and a row that has ended stands still. It counts to 16,777,216 (2²⁴), as a
  /// float does; in a longer stream set the state back before that.
  public var clock: Vector {
    if let known = states.firstIndex(where: \.isClock) {
      return vector(.state(known), shape: states[known].shape)
    }
    let clock = declare(CellState(name: "clock", shape: [1], isClock: true))
    next(clock, clock + 1)
    return clock
  }

  /// A vector that is 1 in the parts of it that are due at this step and 0 in the others: the
  /// vector is cut into as many equal parts as there are periods, and part k is due whenever
  /// ``clock`` + `start` is a multiple of `periods[k]` (Koutník et al. 2014).
  ///
  /// An engine leaves out what `select(due, value, previous)` need not compute.
  public func due(every periods: [Int], start: Int = 0, size: Extent = .hidden) -> Vector {
    if periods.isEmpty || periods.contains(where: { $0 < 1 }) || start < 0 {
      fail(
        .invalidOption,
        "parts are due every 1, 2, … steps, found periods \(periods) from \(start)")
      return constant(1, shape: [size])
    }
    let schedule = CellSchedule(
      periods: periods, start: start, extent: size, clock: stateIndex(of: clock))
    if !schedules.contains(schedule) { schedules.append(schedule) }
    return vector(.schedule(schedules.firstIndex(of: schedule)!), shape: [size])
  }

  /// A random mask: each element 1 with probability `keep`, else 0, drawn anew for every element
  /// and step, or once for a sequence. Where a layer is called without a random key it is `keep`,
  /// its expectation.
  public func mask(
    _ name: String, keep: Double, size: Extent = .hidden, perSequence: Bool = false
  ) -> Vector {
    if masks.contains(where: { $0.name == name }) {
      fail(.duplicateName, "mask \"\(name)\" is declared twice")
    }
    if !(0...1).contains(keep) {
      fail(.invalidOption, "mask \"\(name)\" keeps with a probability of 0 to 1, found \(keep)")
    }
    if form.masksAreExpected { return constant(keep, shape: [size]) }
    masks.append(CellMask(name: name, keep: keep, extent: size, perSequence: perSequence))
    return vector(.mask(masks.count - 1), shape: [size])
  }

  // MARK: What is learnt

  /// W₁ x₁ + b₁ + W₂ x₂ + b₂ + …, its rows stacked in named sections.
  ///
  /// One matrix and one bias per source, as PyTorch has them. A matrix of the layer's input is
  /// `weight_ih`, one of anything else `weight_hh`; a name given to the map comes in front, with
  /// an underscore, where the map has several sources, and is the whole suffix where it has one.
  ///
  /// - Parameters:
  ///   - sections: The names of the sections, in their order in memory.
  ///   - size: The size of one section.
  ///   - structures: Where the elements of each source's matrix may stand; dense if not said.
  ///   - weightStarts: How each source's matrix starts; uniform if not said.
  ///   - biasStart: Sections whose bias starts in a way of its own: the first source's bias so, the
  ///     others' at 0, so that this is what their sum is.
  public func affine(
    _ sections: [String], of sources: Vector..., size: Extent = .hidden, bias: Bool = true,
    named name: String? = nil, structures: [CellParameter.Structure] = [],
    weightStarts: [CellParameter.Start] = [], biasStart: [String: CellParameter.Start] = [:]
  ) -> AffineSections {
    let sources = sources.map(droppedOut)
    let suffixes = sources.map { source in
      let place = source.index == input.index ? "ih" : "hh"
      guard let name else { return place }
      return sources.count == 1 ? name : "\(name)_\(place)"
    }
    if sections.isEmpty || Set(sections).count != sections.count {
      fail(.duplicateName, "an affine map has sections, each of its own name, found \(sections)")
      return AffineSections(step: self, names: [""], nodes: [input.index])
    }
    if sources.isEmpty || ![0, sources.count].contains(structures.count)
      || ![0, sources.count].contains(weightStarts.count)
    {
      fail(
        .invalidOption,
        "an affine map has sources, and as many structures and starts or none: found "
          + "\(sources.count), \(structures.count) and \(weightStarts.count)")
      return AffineSections(step: self, names: sections, nodes: sections.map { _ in input.index })
    }
    for section in biasStart.keys where !sections.contains(section) {
      fail(.unknownName, "a bias starts in section \"\(section)\", which the map does not have")
    }
    var terms: [Graph.AffineMap.Term] = []
    for (index, source) in sources.enumerated() {
      if source.shape.count != 1 {
        fail(.mismatchedSize, "an affine map takes vectors, found shape \(source.shape)")
      }
      if graph.constantValue(source.index) != nil {
        fail(.invalidOption, "an affine map of a constant is a constant: use a parameter")
      }
      terms.append(
        .init(
          source: source.index,
          parameter: declare(
            CellParameter(
              name: "weight_\(suffixes[index])", sections: sections, extents: [size],
              columns: source.shape[0],
              structure: index < structures.count ? structures[index] : .dense,
              starts: sections.map { _ in
                index < weightStarts.count ? weightStarts[index] : .uniform
              }))))
    }
    var biases: [Int] = []
    if bias {
      for (index, suffix) in suffixes.enumerated() {
        biases.append(
          declare(
            CellParameter(
              name: "bias_\(suffix)", sections: sections, extents: [size], columns: nil,
              structure: .dense,
              starts: sections.map { section in
                biasStart[section].map { index == 0 ? $0 : .constant(0) } ?? .uniform
              })))
      }
    }
    let nodes = graph.append(
      Graph.AffineMap(sections: sections, extent: size, terms: terms, biases: biases))
    return AffineSections(step: self, names: sections, nodes: nodes)
  }

  /// Biases without products: learnt vectors in named sections, added after something that has
  /// none. They are listed among the biases, as `bias_<name>`.
  public func bias(
    _ sections: [String], named name: String, size: Extent = .hidden,
    start: [String: CellParameter.Start] = [:]
  ) -> AffineSections {
    let parameter = declare(
      CellParameter(
        name: "bias_\(name)", sections: sections, extents: [size], columns: nil,
        structure: .dense, starts: sections.map { start[$0] ?? .uniform }))
    let nodes = graph.append(
      Graph.AffineMap(sections: sections, extent: size, terms: [], biases: [parameter]))
    return AffineSections(step: self, names: sections, nodes: nodes)
  }

  /// W x + b of one source, without sections.
  public func affine(
    of source: Vector, size: Extent = .hidden, bias: Bool = true, named name: String? = nil,
    structure: CellParameter.Structure = .dense
  ) -> Vector {
    affine([""], of: source, size: size, bias: bias, named: name, structures: [structure])[""]
  }

  /// A state on its way into a product, alone or through a gate, as the form's recurrent dropout
  /// leaves it.
  private func droppedOut(_ source: Vector) -> Vector {
    guard let keep = form.recurrentKeep, let index = graph.state(in: source.index),
      states[index].shape == source.shape
    else { return source }
    let name = "recurrent_dropout_\(states[index].name)"
    if let known = recurrentMasks[name] { return source * known }
    let mask = mask(name, keep: keep, size: source.shape[0], perSequence: true) / keep
    recurrentMasks[name] = mask
    return source * mask
  }

  /// A diagonal connection p ⊙ v to a gate (Gers & Schmidhuber 2000), learnt as `peephole_<gate>`.
  public func peephole(_ gate: String, _ value: Vector) -> Vector {
    parameter("peephole_\(gate)", shape: value.shape) * value
  }

  /// A vector that is learnt.
  public func parameter(
    _ name: String, size: Extent = .hidden, start: CellParameter.Start = .uniform
  ) -> Vector {
    parameter(name, shape: [size], start: start)
  }

  /// One of another value's shape.
  func parameter(_ name: String, like other: Vector, start: CellParameter.Start) -> Vector {
    parameter(name, shape: other.shape, start: start)
  }

  private func parameter(
    _ name: String, shape: [Extent], start: CellParameter.Start = .uniform
  ) -> Vector {
    let index = declare(
      CellParameter(
        name: name, sections: [""], extents: shape, columns: nil, structure: .dense,
        starts: [start]))
    return vector(.parameter(index), shape: shape)
  }

  // MARK: What goes out

  /// Gives a state its next value.
  public func next(_ state: Vector, _ value: Vector) {
    guard case .state(let index) = graph.nodes[state.index].operation else {
      return fail(.unsetState, "next(_:_:) is given something that is not a state")
    }
    if nextStates[index] != nil {
      fail(.unsetState, "state \"\(states[index].name)\" is given two next values")
    }
    let fitted = broadcast(value, to: state.shape)
    if fitted.shape != state.shape {
      fail(
        .mismatchedSize,
        "state \"\(states[index].name)\" has shape \(state.shape), its next value \(value.shape)")
    }
    nextStates[index] = fitted.index
  }

  /// Says which value the layer gives out.
  public func output(_ value: Vector) {
    if outputNode != nil { fail(.missingOutput, "two outputs are named") }
    if value.shape.count != 1 {
      fail(.mismatchedSize, "the output is a vector, found shape \(value.shape)")
    }
    outputNode = value.index
  }

  /// The form's zoneout: a unit of a state keeps its previous value at random (Krueger et al. 2017).
  ///
  ///     s = s₋₁ + m ⊙ (s′ − s₋₁),  m = 1 with probability 1 − p
  ///
  /// Everything else in the step sees s′; an output that is the state's next value is s.
  func zoneOut() {
    for (state, probability) in form.zoneout.sorted(by: { $0.key < $1.key }) where probability > 0 {
      guard let index = states.firstIndex(where: { $0.name == state }),
        states[index].shape.count == 1, !states[index].isClock
      else {
        let known = states.filter { $0.shape.count == 1 && !$0.isClock }.map(\.name)
        fail(
          .unknownName,
          "zoneout on \"\(state)\": the cell's states that can have it are "
            + known.joined(separator: ", "))
        return
      }
      guard let next = nextStates[index] else { return }
      let before = vector(.state(index), shape: states[index].shape)
      let after = Vector(step: self, index: next)
      let mask = mask("zoneout_\(state)", keep: 1 - probability, size: states[index].shape[0])
      let kept = before + mask * (after - before)
      nextStates[index] = kept.index
      if outputNode == next { outputNode = kept.index }
    }
  }
}

/// A sequence that a cell is given beside its states.
public struct CellInput: Hashable, Sendable {
  public let name: String
  public let extent: Extent
  /// The state of the layer below that it is; nil for what the caller gives.
  public let stateBelow: String?
}

/// When the equal parts of a vector are due: part k whenever the clock + start is a multiple of
/// `periods[k]`.
public struct CellSchedule: Hashable, Sendable {
  public let periods: [Int]
  public let start: Int
  public let extent: Extent
  /// The state that is the clock.
  package let clock: Int

  /// Whether each part is due at a clock's reading; none is where that is no number.
  package func isDue(at clock: Double) -> [Bool] {
    periods.indices.map { isDue(part: $0, at: clock) }
  }

  package func isDue(part: Int, at clock: Double) -> Bool {
    Int(exactly: clock.rounded() + Double(start))?.isMultiple(of: periods[part]) ?? false
  }
}

/// A value of the equations with a name: a gate that can be recorded, printed and drawn.
package struct CellName: Hashable, Sendable {
  package let name: String
  package let node: Graph.NodeIndex
}

/// A random mask of a cell.
public struct CellMask: Hashable, Sendable {
  public let name: String
  /// The probability of 1.
  public let keep: Double
  public let extent: Extent
  /// Drawn once for all steps of a sequence.
  public let perSequence: Bool
}

/// The sections of an affine map, or of sums of several, by name.
public struct AffineSections {
  let step: Step
  let names: [String]
  let nodes: [Graph.NodeIndex]

  public subscript(name: String) -> Vector {
    guard let index = names.firstIndex(of: name) else {
      step.fail(.unknownName, "the map has sections \(names), not \"\(name)\"")
      return Vector(step: step, index: nodes[0])
    }
    return Vector(step: step, index: nodes[index])
  }

  /// Section by section; both have the same sections.
  public static func + (a: AffineSections, b: AffineSections) -> AffineSections {
    if a.names != b.names {
      a.step.fail(.unknownName, "sections \(a.names) and \(b.names) do not match")
      return a
    }
    return AffineSections(
      step: a.step, names: a.names, nodes: a.names.map { (a[$0] + b[$0]).index })
  }
}

// MARK: - Nodes

extension Step {
  func fail(_ code: CellError.Code, _ message: String) {
    if firstError == nil { firstError = CellError(code, message) }
  }

  private func declare(_ parameter: CellParameter) -> Int {
    if parameters.contains(where: { $0.name == parameter.name }) {
      fail(.duplicateName, "two parameters are named \"\(parameter.name)\"")
    }
    if parameter.structure.blocks < 1 {
      fail(
        .invalidOption,
        "\(parameter.name) is cut into at least 1 block, found \(parameter.structure.blocks)")
    }
    parameters.append(parameter)
    return parameters.count - 1
  }

  private func declare(_ state: CellState) -> Vector {
    if states.contains(where: { $0.name == state.name }) {
      fail(.duplicateName, "state \"\(state.name)\" is declared twice")
    }
    if names.contains(where: { $0.name == state.name }) {
      fail(.duplicateName, "two values are named \"\(state.name)\"")
    }
    states.append(state)
    return vector(.state(states.count - 1), shape: state.shape)
  }

  private func vector(_ operation: Graph.Operation, shape: [Extent]) -> Vector {
    Vector(step: self, index: graph.append(operation, shape: shape))
  }

  func constant(_ value: Double, like other: Vector) -> Vector {
    constant(value, shape: other.shape)
  }

  private func constant(_ value: Double, shape: [Extent]) -> Vector {
    Vector(step: self, index: graph.constant(value, shape: shape))
  }

  func stateIndex(of vector: Vector) -> Int {
    guard case .state(let index) = graph.nodes[vector.index].operation else {
      preconditionFailure("A value that is not a state has no place among the states")
    }
    return index
  }

  func name(_ value: Vector, _ name: String) {
    if states.contains(where: { $0.name == name }) || names.contains(where: { $0.name == name }) {
      fail(.duplicateName, "two values are named \"\(name)\"")
    }
    names.append(CellName(name: name, node: value.index))
  }

  /// The number of elements along an axis as a value: the sum of as many ones.
  public func size(_ extent: Extent) -> Vector {
    Vector(step: self, index: graph.constant(1, shape: [extent])).sum()
  }

  func unary(_ function: Graph.Function, _ a: Vector) -> Vector {
    Vector(step: self, index: graph.unary(function, a.index))
  }

  func binary(_ arithmetic: Graph.Arithmetic, _ a: Vector, _ b: Vector) -> Vector {
    let left = broadcast(a, to: b.shape)
    let right = broadcast(b, to: left.shape)
    guard left.shape == right.shape else {
      fail(.mismatchedSize, "\(arithmetic.rawValue): sizes \(a.shape) and \(b.shape) do not fit")
      return a
    }
    return Vector(step: self, index: graph.binary(arithmetic, left.index, right.index))
  }

  func select(_ condition: Vector, _ a: Vector, _ b: Vector) -> Vector {
    var values = [condition, a, b]
    for other in values { values = values.map { broadcast($0, to: other.shape) } }
    guard Set(values.map(\.shape)).count == 1 else {
      fail(
        .mismatchedSize, "select: sizes \(condition.shape), \(a.shape), \(b.shape) do not fit")
      return a
    }
    return Vector(
      step: self, index: graph.select(values[0].index, values[1].index, values[2].index))
  }

  func sum(_ a: Vector, axis: Int) -> Vector {
    guard a.shape.indices.contains(axis) else {
      fail(.mismatchedSize, "sum over axis \(axis) of a value of shape \(a.shape)")
      return a
    }
    var shape = a.shape
    if shape[axis] == 1 { return a }
    shape[axis] = 1
    return vector(.sum(a.index, axis: axis), shape: shape)
  }

  func spread(_ a: Vector, axis: Int, to extent: Extent) -> Vector {
    guard a.shape.indices.contains(axis), a.shape[axis] == 1 else {
      fail(.mismatchedSize, "spread needs an axis of one at \(axis), found shape \(a.shape)")
      return a
    }
    if extent == 1 { return a }
    var shape = a.shape
    shape[axis] = extent
    if let value = graph.constantValue(a.index) {
      return Vector(step: self, index: graph.constant(value, shape: shape))
    }
    return vector(.spread(a.index, axis: axis), shape: shape)
  }

  /// Vectors brought to mean 0 and variance 1 together.
  func normalized(_ values: [Vector], epsilon: Double) -> [Vector] {
    if let other = values.first(where: { $0.shape.count != 1 }) {
      fail(.mismatchedSize, "a vector is normalised, found shape \(other.shape)")
      return values
    }
    let count = values.dropFirst().reduce(size(values[0].shape[0])) { $0 + size($1.shape[0]) }
    let mean = values.dropFirst().reduce(values[0].sum()) { $0 + $1.sum() } / count
    let normal = graph.append(
      Graph.Normalization(
        members: values.map(\.index), mean: mean.index, count: count.index, epsilon: epsilon))
    return normal.map { Vector(step: self, index: $0) }
  }

  func reshape(_ a: Vector, _ shape: [Extent]) -> Vector {
    a.shape == shape ? a : vector(.reshape(a.index), shape: shape)
  }

  /// The value with every axis of one spread to the other shape's; unchanged where that cannot be.
  private func broadcast(_ a: Vector, to shape: [Extent]) -> Vector {
    if a.shape == shape { return a }
    var value = a
    if a.shape == [1], shape.count > 1 { value = reshape(a, shape.map { _ in 1 }) }
    guard value.shape.count == shape.count else { return a }
    for axis in shape.indices where value.shape[axis] != shape[axis] {
      if value.shape[axis] == 1 { value = spread(value, axis: axis, to: shape[axis]) }
    }
    return value
  }
}
