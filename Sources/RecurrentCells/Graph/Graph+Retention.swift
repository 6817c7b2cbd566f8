extension Graph {
  /// How much of a state passes into its next value, unit by unit: ∂s′/∂s on the paths on which the
  /// state is only added, scaled and chosen.
  ///
  /// Whatever else depends on the state counts as given, as the gates of an LSTM do: affine maps,
  /// sums, functions, the mean and the scale of a normalisation. So an LSTM's c has f, with
  /// peepholes or without, a GRU's h has z, and where c is clipped it has 0 for what was cut off.
  ///
  /// - Returns: A value of the graph, which may be new; what is the same along an axis is given once.
  ///   Nil where nothing passes, or where a product has the state in both factors.
  mutating func retention(of state: Int, in next: NodeIndex) -> NodeIndex? {
    var walk = RetentionWalk(graph: self, state: state)
    guard var share = walk.share(of: next), walk.isLinear, walk.graph.constantValue(share) != 0
    else { return nil }
    while true {
      switch walk.graph.nodes[share].operation {
      case .spread(let a, _), .reshape(let a): share = a
      default:
        self = walk.graph
        return share
      }
    }
  }

  /// The names of the states that have one; a clock is no memory.
  func retainedStates(_ states: [CellState], _ nextStates: [NodeIndex]) -> [String] {
    var copy = self
    return zip(states, nextStates).enumerated().compactMap { index, pair in
      let (state, next) = pair
      return !state.isClock && copy.retention(of: index, in: next) != nil ? state.name : nil
    }
  }
}

/// Forward-mode differentiation by one state, from what a value is made of to the value.
private struct RetentionWalk {
  var graph: Graph
  let state: Int
  var isLinear = true
  /// For each value met its derivative; a nil within is nothing of the state.
  private var shares: [Graph.NodeIndex: Graph.NodeIndex?] = [:]

  init(graph: Graph, state: Int) {
    self.graph = graph
    self.state = state
  }

  mutating func share(of node: Graph.NodeIndex) -> Graph.NodeIndex? {
    if let known = shares[node] { return known }
    let share = derivative(of: node)
    shares[node] = .some(share)
    return share
  }

  private mutating func derivative(of node: Graph.NodeIndex) -> Graph.NodeIndex? {
    let shape = graph.shape(of: node)
    switch graph.nodes[node].operation {
    case .state(state): return graph.constant(1, shape: shape)
    case .reshape(let a):
      guard let share = share(of: a) else { return nil }
      if let value = graph.constantValue(share) { return graph.constant(value, shape: shape) }
      return graph.append(.reshape(share), shape: shape)
    case .unary(.negate, let a): return share(of: a).map { graph.unary(.negate, $0) }
    case .binary(let arithmetic, let a, let b): return derivative(arithmetic, a, b)
    case .normal(let x, _, let scale):
      guard let share = share(of: x) else { return nil }
      let spread =
        shape == [1] ? scale : graph.append(.spread(scale, axis: 0), shape: shape)
      return graph.binary(.multiply, share, spread)
    case .select(let condition, let a, let b):
      let (left, right) = (share(of: a), share(of: b))
      if left == nil, right == nil { return nil }
      let nothing = graph.constant(0, shape: shape)
      return graph.select(condition, left ?? nothing, right ?? nothing)
    default: return nil
    }
  }

  private mutating func derivative(
    _ arithmetic: Graph.Arithmetic, _ a: Graph.NodeIndex, _ b: Graph.NodeIndex
  ) -> Graph.NodeIndex? {
    let (left, right) = (share(of: a), share(of: b))
    switch arithmetic {
    case .add:
      guard let left, let right else { return left ?? right }
      return graph.binary(.add, left, right)
    case .subtract:
      guard let right else { return left }
      return left.map { graph.binary(.subtract, $0, right) } ?? graph.unary(.negate, right)
    case .multiply:
      if left != nil, right != nil { isLinear = false }
      return left.map { graph.binary(.multiply, $0, b) }
        ?? right.map { graph.binary(.multiply, a, $0) }
    case .divide: return left.map { graph.binary(.divide, $0, b) }
    case .max: return bounded(left, right, where: a, isAbove: b)
    case .min: return bounded(left, right, where: b, isAbove: a)
    case .greater: return nil
    }
  }

  /// Of a value and a constant bound, the value's share where it is within.
  private mutating func bounded(
    _ left: Graph.NodeIndex?, _ right: Graph.NodeIndex?, where upper: Graph.NodeIndex,
    isAbove lower: Graph.NodeIndex
  ) -> Graph.NodeIndex? {
    guard graph.constantValue(upper) != nil || graph.constantValue(lower) != nil,
      let share = left ?? right
    else { return nil }
    // With the bound on the left of `max` or `min`, the condition is the other way round.
    let isWithin =
      left != nil
      ? graph.binary(.greater, upper, lower) : graph.binary(.greater, lower, upper)
    return graph.select(isWithin, share, graph.constant(0, shape: graph.shape(of: share)))
  }
}
