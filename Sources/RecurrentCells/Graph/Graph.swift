/// The equations of one step as a list of nodes, each after those it is made of.
///
/// A cell's forward step and its adjoint are both graphs. Equal nodes are stored once.
package struct Graph: Sendable {
  package typealias NodeIndex = Int

  package enum Operation: Hashable, Sendable {
    // What a step is given
    /// The row of an input sequence at this step: 0 is the layer's input, others are further ones.
    case input(Int)
    /// The previous value of a state.
    case state(Int)
    /// A parameter vector.
    case parameter(Int)
    /// A random mask, or its expectation where no key is given.
    case mask(Int)
    /// 1 in the parts of a vector that are due at this step, else 0.
    case schedule(Int)
    case constant(Double)

    // Across a vector
    /// A section of an affine map.
    case affine(map: Int, section: Int)
    /// The sum over an axis, which stays as an axis of one.
    case sum(NodeIndex, axis: Int)
    /// 1 / √(variance + ε) of a normalisation's members together.
    case inverseDeviation(Int)
    /// A member of a normalisation: (x − mean) times the inverse deviation.
    case normal(NodeIndex, mean: NodeIndex, inverseDeviation: NodeIndex)
    /// An axis of one, repeated.
    case spread(NodeIndex, axis: Int)
    /// The same numbers under another shape.
    case reshape(NodeIndex)

    // Element by element
    case unary(Function, NodeIndex)
    case binary(Arithmetic, NodeIndex, NodeIndex)
    /// The second where the first is above zero, else the third.
    case select(NodeIndex, NodeIndex, NodeIndex)

    // In an adjoint
    /// A value of the forward graph at the same step.
    case forward(NodeIndex)
    /// The gradient that arrives at an output of the step.
    case outputGradient(Int)
    /// The gradient that arrives at a state's next value from the steps after it.
    case stateGradient(Int)
    /// What the steps taken so far have added to the gradient of a parameter vector, for each row.
    case gathered(Int)
    /// Wᵀ times the gradients of its sections.
    case transposed(parameter: Int, sections: [NodeIndex])
  }

  package enum Function: String, Hashable, Sendable, CaseIterable {
    case negate, abs, exp, log, sigmoid, tanh, softplus, sqrt, floor
  }

  package enum Arithmetic: String, Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, max, min
    /// 1 where the first is above the second, else 0.
    case greater
  }

  package struct Node: Hashable, Sendable {
    package let operation: Operation
    package let shape: [Extent]
  }

  /// W₁ x₁ + W₂ x₂ + … + b₁ + b₂ + …, its rows in named sections.
  package struct AffineMap: Sendable {
    package struct Term: Sendable {
      package let source: NodeIndex
      package let parameter: Int
    }
    package let sections: [String]
    package let extent: Extent
    package let terms: [Term]
    package let biases: [Int]
  }

  /// Vectors that are brought to mean 0 and variance 1 together.
  package struct Normalization: Hashable, Sendable {
    package let members: [NodeIndex]
    /// A single number: the mean over all members.
    package let mean: NodeIndex
    /// A single number: how many elements there are.
    package let count: NodeIndex
    package let epsilon: Double
  }

  package private(set) var nodes: [Node] = []
  package private(set) var affineMaps: [AffineMap] = []
  package private(set) var normalizations: [Normalization] = []
  private var known: [Node: NodeIndex] = [:]

  package init() {}

  package mutating func append(_ operation: Operation, shape: [Extent]) -> NodeIndex {
    let node = Node(operation: operation, shape: shape)
    if let index = known[node] { return index }
    nodes.append(node)
    known[node] = nodes.count - 1
    return nodes.count - 1
  }

  /// The nodes of the map's sections, one after the other.
  package mutating func append(_ map: AffineMap) -> [NodeIndex] {
    affineMaps.append(map)
    let index = affineMaps.count - 1
    return map.sections.indices.map {
      append(.affine(map: index, section: $0), shape: [map.extent])
    }
  }

  /// The members of a normalisation, normal.
  package mutating func append(_ normalization: Normalization) -> [NodeIndex] {
    let group = normalizations.firstIndex(of: normalization) ?? normalizations.count
    if group == normalizations.count { normalizations.append(normalization) }
    let inverse = append(.inverseDeviation(group), shape: [1])
    return normalization.members.map {
      append(
        .normal($0, mean: normalization.mean, inverseDeviation: inverse), shape: shape(of: $0))
    }
  }

  package func shape(of index: NodeIndex) -> [Extent] { nodes[index].shape }

  /// The node of an operation, if there is one.
  func node(_ operation: Operation, shape: [Extent]) -> NodeIndex? {
    known[Node(operation: operation, shape: shape)]
  }

  /// The nodes that a node is made of.
  package func operands(of index: NodeIndex) -> [NodeIndex] {
    switch nodes[index].operation {
    case .input, .state, .parameter, .mask, .schedule, .constant, .forward, .outputGradient,
      .stateGradient, .gathered:
      []
    case .affine(let map, _): affineMaps[map].terms.map(\.source)
    case .sum(let a, _), .spread(let a, _), .reshape(let a), .unary(_, let a): [a]
    case .binary(_, let a, let b): [a, b]
    case .inverseDeviation(let group):
      normalizations[group].members + [normalizations[group].mean]
    case .normal(let x, let mean, let inverse): [x, mean, inverse]
    case .select(let a, let b, let c): [a, b, c]
    case .transposed(_, let sections): sections
    }
  }

  /// The state that a node is, alone or through a gate: r ⊙ h.
  func state(in index: NodeIndex) -> Int? {
    switch nodes[index].operation {
    case .state(let state): state
    case .binary(.multiply, let a, let b): state(in: a) ?? state(in: b)
    default: nil
    }
  }
}

// MARK: - Arithmetic that knows its constants

extension Graph {
  package mutating func constant(_ value: Double, shape: [Extent]) -> NodeIndex {
    append(.constant(value), shape: shape)
  }

  func constantValue(_ index: NodeIndex) -> Double? {
    if case .constant(let value) = nodes[index].operation { value } else { nil }
  }

  package mutating func unary(_ function: Function, _ a: NodeIndex) -> NodeIndex {
    if let value = constantValue(a) {
      return constant(function.evaluate(value), shape: shape(of: a))
    }
    return append(.unary(function, a), shape: shape(of: a))
  }

  /// Element by element on equal shapes, without the work that a constant makes needless.
  package mutating func binary(
    _ arithmetic: Arithmetic, _ a: NodeIndex, _ b: NodeIndex
  ) -> NodeIndex {
    let shape = shape(of: a)
    switch (arithmetic, constantValue(a), constantValue(b)) {
    case (_, let left?, let right?):
      return constant(arithmetic.evaluate(left, right), shape: shape)
    case (.add, 0, _), (.multiply, 1, _): return b
    case (.add, _, 0), (.subtract, _, 0), (.multiply, _, 1), (.divide, _, 1): return a
    case (.multiply, 0, _), (.multiply, _, 0): return constant(0, shape: shape)
    case (.subtract, 0, _): return unary(.negate, b)
    case (.multiply, -1, _): return unary(.negate, b)
    case (.multiply, _, -1): return unary(.negate, a)
    default: return append(.binary(arithmetic, a, b), shape: shape)
    }
  }

  package mutating func select(
    _ condition: NodeIndex, _ a: NodeIndex, _ b: NodeIndex
  ) -> NodeIndex {
    if a == b { return a }
    if let value = constantValue(condition) { return value > 0 ? a : b }
    return append(.select(condition, a, b), shape: shape(of: a))
  }
}

// MARK: - Meanings, in Double

extension Graph.Function {
  package func evaluate(_ x: Double) -> Double {
    switch self {
    case .negate: -x
    case .abs: x.magnitude
    case .exp: exponential(x)
    case .log: naturalLogarithm(x)
    case .sigmoid: x >= 0 ? 1 / (1 + exponential(-x)) : exponential(x) / (1 + exponential(x))
    case .tanh: hyperbolicTangent(x)
    case .softplus: Swift.max(x, 0) + logarithmOfOnePlus(exponential(-x.magnitude))
    case .sqrt: x.squareRoot()
    case .floor: x.rounded(.down)
    }
  }
}

extension Graph.Arithmetic {
  package func evaluate(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .max: a.isNaN || a > b ? a : b
    case .min: a.isNaN || a < b ? a : b
    case .greater: a > b ? 1 : 0
    }
  }
}
