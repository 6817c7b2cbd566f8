/// One step of a cell, as its equations see it: what comes in, what is learnt, and the places for
/// what goes out.
///
/// A mistake does not stop the equations where it is made; the first one is thrown by ``Cell/init(_:_:)``.
public final class Step {
  var graph = Graph()
  var parameters: [CellParameter] = []
  var states: [CellState] = []
  var inputs: [(name: String, extent: Extent)] = [("input", .input)]
  var masks: [CellMask] = []
  var nextStates: [Int: Graph.NodeIndex] = [:]
  var outputNode: Graph.NodeIndex?
  var firstError: CellError?

  init() {}

  // MARK: What a step is given

  /// The row of the layer's input at this step, of size ``Extent/input``.
  public var input: Vector { vector(.input(0), shape: [.input]) }

  /// A further input sequence: the memory cell of the layer below, say.
  public func furtherInput(_ name: String, size: Extent = .hidden) -> Vector {
    if let known = inputs.firstIndex(where: { $0.name == name }) {
      return vector(.input(known), shape: [inputs[known].extent])
    }
    inputs.append((name, size))
    return vector(.input(inputs.count - 1), shape: [size])
  }

  /// The previous value of a state, which ``next(_:_:)`` gives its next one.
  public func state(_ name: String, size: Extent = .hidden) -> Vector {
    state(name, shape: [size])
  }

  /// A state of several axes: a matrix memory.
  public func state(_ name: String, shape: [Extent]) -> Vector {
    if states.contains(where: { $0.name == name }) {
      fail(.duplicateName, "state \"\(name)\" is declared twice")
    }
    states.append(CellState(name: name, shape: shape))
    return vector(.state(states.count - 1), shape: shape)
  }

  /// The number of steps this row has really taken before this one, a single number.
  ///
  /// It is a state like any other, called `clock`, that grows by one with every step: so a sequence
  /// may be cut anywhere, and a row that has ended stands still.
  public var clock: Vector {
    if let known = states.firstIndex(where: { $0.name == "clock" }) {
      return vector(.state(known), shape: states[known].shape)
    }
    let clock = state("clock", shape: [1])
    next(clock, clock + 1)
    return clock
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
  ///   - biasStart: Sections whose bias starts at a number: the first source's bias at it, the
  ///     others' at 0, so that their sum is that number.
  public func affine(
    _ sections: [String], of sources: Vector..., size: Extent = .hidden, bias: Bool = true,
    named name: String? = nil, structures: [CellParameter.Structure] = [],
    biasStart: [String: Double] = [:]
  ) -> AffineSections {
    let suffixes = sources.map { source in
      let place = graph.nodes[source.index].operation == .input(0) ? "ih" : "hh"
      guard let name else { return place }
      return sources.count == 1 ? name : "\(name)_\(place)"
    }
    if sections.isEmpty || Set(sections).count != sections.count {
      fail(.duplicateName, "an affine map has sections, each of its own name, found \(sections)")
      return AffineSections(step: self, names: [""], nodes: [sources[0].index])
    }
    if sources.isEmpty || !(structures.isEmpty || structures.count == sources.count) {
      fail(
        .invalidOption,
        "an affine map has sources, and as many structures or none: found \(sources.count) "
          + "and \(structures.count)")
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
              starts: sections.map { _ in .uniform }))))
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
                biasStart[section].map { .constant(index == 0 ? $0 : 0) } ?? .uniform
              })))
      }
    }
    let nodes = graph.append(
      Graph.AffineMap(sections: sections, extent: size, terms: terms, biases: biases))
    return AffineSections(step: self, names: sections, nodes: nodes)
  }

  /// W x + b of one source, without sections.
  public func affine(
    of source: Vector, size: Extent = .hidden, bias: Bool = true, named name: String? = nil
  ) -> Vector {
    affine([""], of: source, size: size, bias: bias, named: name)[""]
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

  func parameter(
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

/// The sections of an affine map, by name.
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
    parameters.append(parameter)
    return parameters.count - 1
  }

  private func vector(_ operation: Graph.Operation, shape: [Extent]) -> Vector {
    Vector(step: self, index: graph.append(operation, shape: shape))
  }

  func constant(_ value: Double, like other: Vector) -> Vector {
    Vector(step: self, index: graph.constant(value, shape: other.shape))
  }

  /// The number of elements along an axis as a value: the sum of as many ones.
  func size(_ extent: Extent) -> Vector {
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
