/// The derivative of a cell's step, derived from its equations: again equations.
///
/// Given the values of a step, the gradient that arrives at its output and those that arrive at its
/// next states, it says the gradients of the previous states, the inputs and the parameters.
package struct Adjoint: Sendable {
  /// dW += Σ over steps and rows of (gradients of the sections) ⊗ source.
  package struct MatrixGradient: Sendable {
    package let parameter: Int
    package let map: Int
    /// A node of the forward graph.
    package let source: Graph.NodeIndex
  }

  /// dp += Σ over steps and rows of a value.
  package struct VectorGradient: Sendable {
    package let parameter: Int
    package let value: Graph.NodeIndex
  }

  package private(set) var graph = Graph()
  /// The gradient of each previous state.
  package private(set) var stateGradients: [Graph.NodeIndex] = []
  /// The gradient of each input sequence's row; nil where the step does not use it.
  package private(set) var inputGradients: [Int: Graph.NodeIndex] = [:]
  /// For each affine map the gradients of its sections; nil where none of them matters.
  package private(set) var sectionGradients: [[Graph.NodeIndex]?] = []
  package private(set) var matrixGradients: [MatrixGradient] = []
  package private(set) var vectorGradients: [VectorGradient] = []

  init(of forward: Graph, nextStates: [Graph.NodeIndex], outputs: [Graph.NodeIndex]) {
    var gradients = [Graph.NodeIndex?](repeating: nil, count: forward.nodes.count)
    sectionGradients = forward.affineMaps.map { _ in nil }

    func accumulate(_ gradient: Graph.NodeIndex, to index: Graph.NodeIndex) {
      gradients[index] = gradients[index].map { graph.binary(.add, $0, gradient) } ?? gradient
    }

    for (index, output) in outputs.enumerated() {
      accumulate(
        graph.append(.outputGradient(index), shape: forward.shape(of: output)), to: output)
    }
    for (state, next) in nextStates.enumerated() {
      accumulate(graph.append(.stateGradient(state), shape: forward.shape(of: next)), to: next)
    }

    for index in forward.nodes.indices.reversed() {
      let node = forward.nodes[index]
      if case .affine(let map, let section) = node.operation {
        // The first section of a map is the last to be met: all its gradients are complete.
        guard section == 0 else { continue }
        let affine = forward.affineMaps[map]
        let nodes = affine.sections.indices.map { gradients[index + $0] }
        if nodes.allSatisfy({ $0 == nil }) { continue }
        let sections = nodes.map { $0 ?? graph.constant(0, shape: [affine.extent]) }
        sectionGradients[map] = sections
        for term in affine.terms {
          matrixGradients.append(
            MatrixGradient(parameter: term.parameter, map: map, source: term.source))
          accumulate(
            graph.append(
              .transposed(parameter: term.parameter, sections: sections),
              shape: forward.shape(of: term.source)), to: term.source)
        }
        continue
      }
      guard let gradient = gradients[index] else { continue }
      switch node.operation {
      case .constant, .mask, .schedule, .affine: break
      case .input(let input): inputGradients[input] = gradient
      case .state: break
      case .parameter(let parameter):
        vectorGradients.append(VectorGradient(parameter: parameter, value: gradient))
      case .sum(let a, let axis):
        accumulate(spread(gradient, axis: axis, to: forward.shape(of: a)), to: a)
      case .spread(let a, let axis):
        accumulate(
          graph.append(.sum(gradient, axis: axis), shape: forward.shape(of: a)), to: a)
      case .reshape(let a):
        accumulate(graph.append(.reshape(gradient), shape: forward.shape(of: a)), to: a)
      case .unary(let function, let a):
        guard let local = derivative(function, at: a, value: index, gradient, forward) else {
          continue
        }
        accumulate(local, to: a)
      case .binary(let arithmetic, let a, let b):
        for (operand, local) in derivatives(
          arithmetic, a, b, value: index, gradient: gradient, forward)
        { accumulate(local, to: operand) }
      case .normal(let x, let mean, let inverse):
        // y = (x − mean) · inverse
        let scale = spread(value(of: inverse, in: forward), over: node.shape)
        accumulate(graph.binary(.multiply, gradient, scale), to: x)
        let total = sum(gradient)
        let single = value(of: inverse, in: forward)
        accumulate(graph.unary(.negate, graph.binary(.multiply, total, single)), to: mean)
        let product = sum(graph.binary(.multiply, gradient, value(of: index, in: forward)))
        accumulate(graph.binary(.divide, product, single), to: inverse)
      case .inverseDeviation(let group):
        // ∂/∂x = −inverse² y / count; the mean's share is 0.
        let normalization = forward.normalizations[group]
        let single = value(of: index, in: forward)
        let share = graph.binary(
          .divide, graph.binary(.multiply, gradient, graph.binary(.multiply, single, single)),
          copy(of: normalization.count, in: forward))
        for x in normalization.members {
          let normal = forward.node(
            .normal(x, mean: normalization.mean, inverseDeviation: index),
            shape: forward.shape(of: x))!
          let factor = spread(graph.unary(.negate, share), over: forward.shape(of: x))
          accumulate(
            graph.binary(.multiply, value(of: normal, in: forward), factor), to: x)
        }
      case .select(let condition, let a, let b):
        let condition = value(of: condition, in: forward)
        let zero = graph.constant(0, shape: node.shape)
        accumulate(graph.select(condition, gradient, zero), to: a)
        accumulate(graph.select(condition, zero, gradient), to: b)
      case .forward, .outputGradient, .stateGradient, .gathered, .transposed:
        preconditionFailure("The adjoint of an adjoint is not taken")
      }
    }

    stateGradients = nextStates.indices.map { state in
      let index = forward.nodes.firstIndex { $0.operation == .state(state) }
      return index.flatMap { gradients[$0] }
        ?? graph.constant(0, shape: forward.shape(of: nextStates[state]))
    }
  }

  /// A value of the forward graph, as the adjoint sees it.
  private mutating func value(of index: Graph.NodeIndex, in forward: Graph) -> Graph.NodeIndex {
    let node = forward.nodes[index]
    switch node.operation {
    case .input, .state, .parameter, .mask, .schedule, .constant:
      return graph.append(node.operation, shape: node.shape)
    default: return graph.append(.forward(index), shape: node.shape)
    }
  }

  /// A number of the forward graph that is the same at every step, made again.
  private mutating func copy(of index: Graph.NodeIndex, in forward: Graph) -> Graph.NodeIndex {
    let node = forward.nodes[index]
    switch node.operation {
    case .constant: return graph.append(node.operation, shape: node.shape)
    case .sum(let a, let axis):
      return graph.append(.sum(copy(of: a, in: forward), axis: axis), shape: node.shape)
    case .binary(let arithmetic, let a, let b):
      return graph.binary(arithmetic, copy(of: a, in: forward), copy(of: b, in: forward))
    default: preconditionFailure("\(node.operation) is not the same at every step")
    }
  }

  /// The sum of a vector.
  private mutating func sum(_ a: Graph.NodeIndex) -> Graph.NodeIndex {
    graph.shape(of: a) == [1] ? a : graph.append(.sum(a, axis: 0), shape: [1])
  }

  /// A number for every element of a vector.
  private mutating func spread(
    _ number: Graph.NodeIndex, over shape: [Extent]
  ) -> Graph.NodeIndex {
    shape == [1] ? number : graph.append(.spread(number, axis: 0), shape: shape)
  }

  private mutating func spread(
    _ gradient: Graph.NodeIndex, axis: Int, to shape: [Extent]
  ) -> Graph.NodeIndex {
    if let value = graph.constantValue(gradient) { return graph.constant(value, shape: shape) }
    return graph.append(.spread(gradient, axis: axis), shape: shape)
  }

  /// The gradient of `a` for y = function(a); nil where it is zero everywhere.
  private mutating func derivative(
    _ function: Graph.Function, at a: Graph.NodeIndex, value index: Graph.NodeIndex,
    _ gradient: Graph.NodeIndex, _ forward: Graph
  ) -> Graph.NodeIndex? {
    let shape = forward.shape(of: index)
    switch function {
    case .floor: return nil
    case .negate: return graph.unary(.negate, gradient)
    case .exp: return graph.binary(.multiply, gradient, value(of: index, in: forward))
    case .log: return graph.binary(.divide, gradient, value(of: a, in: forward))
    case .sigmoid:  // y (1 − y)
      let y = value(of: index, in: forward)
      let rest = graph.binary(.subtract, graph.constant(1, shape: shape), y)
      return graph.binary(.multiply, gradient, graph.binary(.multiply, y, rest))
    case .tanh:  // 1 − y²
      let y = value(of: index, in: forward)
      let square = graph.binary(.multiply, y, y)
      return graph.binary(
        .multiply, gradient,
        graph.binary(.subtract, graph.constant(1, shape: shape), square))
    case .softplus:  // σ(x)
      return graph.binary(
        .multiply, gradient, graph.unary(.sigmoid, value(of: a, in: forward)))
    case .sqrt:  // 1 / 2y
      let half = graph.binary(.multiply, gradient, graph.constant(0.5, shape: shape))
      return graph.binary(.divide, half, value(of: index, in: forward))
    case .abs:  // the sign, 0 at 0
      let x = value(of: a, in: forward)
      let zero = graph.constant(0, shape: shape)
      let above = graph.binary(.greater, x, zero)
      let below = graph.binary(.greater, zero, x)
      return graph.binary(.multiply, gradient, graph.binary(.subtract, above, below))
    }
  }

  private mutating func derivatives(
    _ arithmetic: Graph.Arithmetic, _ a: Graph.NodeIndex, _ b: Graph.NodeIndex,
    value index: Graph.NodeIndex, gradient: Graph.NodeIndex, _ forward: Graph
  ) -> [(Graph.NodeIndex, Graph.NodeIndex)] {
    func isConstant(_ index: Graph.NodeIndex) -> Bool { forward.constantValue(index) != nil }
    var result: [(Graph.NodeIndex, Graph.NodeIndex)] = []
    switch arithmetic {
    case .greater: break
    case .add:
      result = [(a, gradient), (b, gradient)]
    case .subtract:
      if !isConstant(a) { result.append((a, gradient)) }
      if !isConstant(b) { result.append((b, graph.unary(.negate, gradient))) }
    case .multiply:
      if !isConstant(a) {
        result.append((a, graph.binary(.multiply, gradient, value(of: b, in: forward))))
      }
      if !isConstant(b) {
        result.append((b, graph.binary(.multiply, gradient, value(of: a, in: forward))))
      }
    case .divide:
      let scaled = graph.binary(.divide, gradient, value(of: b, in: forward))
      if !isConstant(a) { result.append((a, scaled)) }
      if !isConstant(b) {
        let product = graph.binary(.multiply, scaled, value(of: index, in: forward))
        result.append((b, graph.unary(.negate, product)))
      }
    case .max, .min:
      // With a constant on the right the result says which side won, so that `a` itself, often a
      // pre-activation, need not be kept: relu(x) > 0 exactly where x > 0.
      let left = value(of: isConstant(b) ? index : a, in: forward)
      let right = value(of: b, in: forward)
      let leftWins =
        arithmetic == .max
        ? graph.binary(.greater, left, right) : graph.binary(.greater, right, left)
      let zero = graph.constant(0, shape: forward.shape(of: index))
      if !isConstant(a) { result.append((a, graph.select(leftWins, gradient, zero))) }
      if !isConstant(b) { result.append((b, graph.select(leftWins, zero, gradient))) }
    }
    return result
  }
}
