/// What a value of a cell's graph is to a reader.
///
/// The graph has a few operations; people know what many of their combinations are by name. A
/// meaning is read from how a value is made, never from what a cell is called.
package enum Meaning: Hashable, Sendable {
  package typealias NodeIndex = Graph.NodeIndex

  // What a step is given
  case input(Int)
  case state(Int)
  case parameter(Int)
  case mask(Int)
  case schedule(Int)
  case number(Double)
  /// A number of elements.
  case size(Extent)

  // Across a vector
  case affine(map: Int, section: Int)
  /// Layer normalisation of values together: the one at a position.
  case normalized([NodeIndex], position: Int, epsilon: Double)
  /// Layer normalisation of all sections of an affine map together: one of them.
  case normalizedMap(Int, section: Int, epsilon: Double)
  case mean(NodeIndex, axis: Int)
  case sum(NodeIndex, axis: Int)
  case reshaped(NodeIndex)

  // Products of matrices and vectors, for every index of the axes before theirs
  /// a bᵀ
  case outer(NodeIndex, NodeIndex)
  /// aᵀ b, where b is a vector or a matrix.
  case inner(NodeIndex, NodeIndex)
  /// A b, where A is a matrix.
  case applied(NodeIndex, NodeIndex)

  // Element by element
  case function(Function, NodeIndex)
  case negative(NodeIndex)
  case arithmetic(Arithmetic, NodeIndex, NodeIndex)
  /// Kept within two bounds.
  case clip(NodeIndex, lower: Double, upper: Double)
  case greater(NodeIndex, NodeIndex)
  case choice(condition: NodeIndex, NodeIndex, otherwise: NodeIndex)

  package enum Function: String, Hashable, Sendable, CaseIterable {
    case sigmoid, tanh, exp, log, sqrt, abs, floor, relu, softplus, logSigmoid
    /// −log σ(x), which is how softplus(−x) is read.
    case negativeLogSigmoid
  }

  package enum Arithmetic: String, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, max, min
  }

  /// Whether it is not made of anything.
  package var isGiven: Bool {
    switch self {
    case .input, .state, .parameter, .mask, .schedule, .number, .size: true
    default: false
    }
  }
}

/// The meanings of a cell's values.
package struct Meanings: Sendable {
  package typealias NodeIndex = Graph.NodeIndex

  package let cell: Cell
  /// Values at which a reader stops, however they are made.
  private let named: Set<NodeIndex>

  package init(of cell: Cell) {
    self.cell = cell
    named = Set(cell.names.map(\.node) + cell.nextStates)
  }

  package var graph: Graph { cell.graph }

  /// The values that a meaning is made of, each as often as it occurs.
  package func operands(of meaning: Meaning) -> [NodeIndex] {
    switch meaning {
    case .input, .state, .parameter, .mask, .schedule, .number, .size: []
    case .affine(let map, _), .normalizedMap(let map, _, _):
      graph.affineMaps[map].terms.map { plain($0.source) }
    case .normalized(let values, _, _): values
    case .mean(let a, _), .sum(let a, _), .reshaped(let a), .function(_, let a), .negative(let a),
      .clip(let a, _, _):
      [a]
    case .outer(let a, let b), .inner(let a, let b), .applied(let a, let b),
      .arithmetic(_, let a, let b), .greater(let a, let b):
      [a, b]
    case .choice(let condition, let a, let b): [condition, a, b]
    }
  }

  package func callAsFunction(_ node: NodeIndex) -> Meaning {
    if let known = pattern(node) { return known }
    switch graph.nodes[node].operation {
    case .input(let index): return .input(index)
    case .state(let index): return .state(index)
    case .parameter(let index): return .parameter(index)
    case .mask(let index): return .mask(index)
    case .schedule(let index): return .schedule(index)
    case .constant(let value): return .number(value)
    case .affine(let map, let section): return .affine(map: map, section: section)
    case .sum(let a, let axis): return .sum(plain(a), axis: axis)
    case .normal(let x, _, let inverse): return normal(x, inverse)
    case .spread(let a, _), .reshape(let a): return .reshaped(plain(a))
    case .unary(.negate, let a): return .negative(plain(a))
    case .unary(let function, let a):
      return .function(Meaning.Function(rawValue: function.rawValue)!, plain(a))
    case .binary(.greater, let a, let b): return .greater(plain(a), plain(b))
    case .binary(let arithmetic, let a, let b):
      return .arithmetic(Meaning.Arithmetic(rawValue: arithmetic.rawValue)!, plain(a), plain(b))
    case .select(let condition, let a, let b):
      return .choice(condition: plain(condition), plain(a), otherwise: plain(b))
    case .inverseDeviation:
      preconditionFailure("A part of a normalisation that is not read by itself")
    case .forward, .outputGradient, .stateGradient, .gathered, .transposed:
      preconditionFailure("A cell's own equations have no gradients")
    }
  }

  /// The value without repetition along axes and without axes of one: what is said by name of it
  /// says it all.
  package func plain(_ node: NodeIndex) -> NodeIndex {
    var node = node
    while !named.contains(node) {
      switch graph.nodes[node].operation {
      case .spread(let a, _): node = a
      case .reshape(let a) where axes(a) == axes(node): node = a
      default: return node
      }
    }
    return node
  }

  /// The axes of more than one element.
  package func axes(_ node: NodeIndex) -> [Extent] { graph.shape(of: node).filter { $0 != 1 } }
}

// MARK: - Patterns

extension Meanings {
  private typealias Operation = Graph.Operation

  private func operation(_ node: NodeIndex) -> Graph.Operation { graph.nodes[node].operation }

  private func number(_ node: NodeIndex) -> Double? { graph.constantValue(plain(node)) }

  private func pattern(_ node: NodeIndex) -> Meaning? {
    switch operation(node) {
    case .unary(.negate, let a): logSigmoid(a)
    case .unary(.softplus, let a): negated(a).map { .function(.negativeLogSigmoid, plain($0)) }
    case .binary(let arithmetic, let a, let b):
      switch arithmetic {
      case .max, .min: bounded(arithmetic, a, b)
      case .multiply: outer(a, b)
      case .divide: mean(node).map { .mean(plain($0.value), axis: $0.axis) }
      case .add, .subtract, .greater: nil
      }
    case .sum(let a, let axis): size(a, axis) ?? contraction(a, axis)
    default: nil
    }
  }

  // MARK: Functions

  /// −softplus(−x)
  private func logSigmoid(_ a: NodeIndex) -> Meaning? {
    guard !named.contains(a), case .unary(.softplus, let inner) = operation(a),
      let x = negated(inner)
    else { return nil }
    return .function(.logSigmoid, plain(x))
  }

  /// x of −x.
  private func negated(_ node: NodeIndex) -> NodeIndex? {
    guard !named.contains(node), case .unary(.negate, let x) = operation(node) else { return nil }
    return x
  }

  /// max(min(x, upper), lower), min(max(x, lower), upper) and max(x, 0)
  private func bounded(
    _ outer: Graph.Arithmetic, _ a: NodeIndex, _ b: NodeIndex
  ) -> Meaning? {
    guard let bound = number(b) else { return nil }
    if case .binary(let inner, let x, let other) = operation(a), inner != outer,
      [.max, .min].contains(inner), let second = number(other), !named.contains(a)
    {
      let (lower, upper) = outer == .max ? (bound, second) : (second, bound)
      return lower <= upper ? .clip(plain(x), lower: lower, upper: upper) : nil
    }
    return outer == .max && bound == 0 ? .function(.relu, plain(a)) : nil
  }

  // MARK: Normalisation and means

  private func normal(_ value: NodeIndex, _ inverse: NodeIndex) -> Meaning {
    guard case .inverseDeviation(let group) = operation(inverse) else {
      preconditionFailure("A normal value has the deviation of its normalisation")
    }
    let normalization = graph.normalizations[group]
    let position = normalization.members.firstIndex(of: value)!
    if let map = wholeMap(normalization.members) {
      return .normalizedMap(map, section: position, epsilon: normalization.epsilon)
    }
    return .normalized(
      normalization.members.map(plain), position: position, epsilon: normalization.epsilon)
  }

  /// The number of elements along an axis.
  private func size(_ a: NodeIndex, _ axis: Int) -> Meaning? {
    graph.constantValue(a) == 1 && axes(a).count == 1 ? .size(graph.shape(of: a)[axis]) : nil
  }

  /// Σ a / n over an axis of n elements.
  private func mean(_ node: NodeIndex) -> (value: NodeIndex, axis: Int)? {
    guard case .binary(.divide, let sum, let count) = operation(node),
      case .sum(let a, let axis) = operation(sum),
      case .sum(let ones, _) = operation(plain(count)),
      size(ones, 0) == .size(graph.shape(of: a)[axis])
    else { return nil }
    return (a, axis)
  }

  /// The affine map of which these are all sections.
  private func wholeMap(_ values: [NodeIndex]) -> Int? {
    guard case .affine(let map, 0) = operation(values[0]),
      values.count == graph.affineMaps[map].sections.count
    else { return nil }
    for (section, value) in values.enumerated() {
      guard operation(value) == .affine(map: map, section: section), !named.contains(value)
      else { return nil }
    }
    return map
  }

  // MARK: Matrices

  /// The axes along which a value is one element repeated.
  private func repeatedAxes(_ node: NodeIndex) -> Set<Int> {
    guard !named.contains(node), case .spread(let a, let axis) = operation(node) else { return [] }
    return repeatedAxes(a).union([axis])
  }

  /// a ⊙ b where a is repeated along the last axis and b along the one before.
  private func outer(_ a: NodeIndex, _ b: NodeIndex) -> Meaning? {
    let last = graph.shape(of: a).count - 1
    switch (repeatedAxes(a), repeatedAxes(b)) {
    case ([last], [last - 1]): return .outer(plain(a), plain(b))
    case ([last - 1], [last]): return .outer(plain(b), plain(a))
    default: return nil
    }
  }

  /// The sum of a product over one of the last two axes.
  private func contraction(_ product: NodeIndex, _ axis: Int) -> Meaning? {
    guard !named.contains(product), case .binary(.multiply, let a, let b) = operation(product)
    else { return nil }
    let last = graph.shape(of: a).count - 1
    switch (repeatedAxes(a), repeatedAxes(b)) {
    case ([], []) where axis == last: return .inner(plain(a), plain(b))
    case ([last], []) where axis == last - 1: return .inner(plain(a), plain(b))
    case ([], [last]) where axis == last - 1: return .inner(plain(b), plain(a))
    case ([last - 1], []) where axis == last: return .applied(plain(b), plain(a))
    case ([], [last - 1]) where axis == last: return .applied(plain(a), plain(b))
    default: return nil
    }
  }
}
