import RecurrentCells

/// A cell as one of ONNX' own recurrent operators: which one, its attributes, and where the cell's
/// parameters stand in the operator's.
///
/// It is read off the cell's equations, whatever the cell and its parameters are called.
package struct RecurrentOperator: Sendable {
  enum Kind: String, Sendable {
    case lstm = "LSTM"
    case gru = "GRU"
    case rnn = "RNN"
  }

  let kind: Kind
  /// The functions of the operator, in its order.
  let activations: [Activation]
  var clip: Double?
  /// GRU: the reset gate acts after the product.
  var linearBeforeReset = false
  /// LSTM: f = 1 − i.
  var inputForget = false

  /// For each gate in the operator's order where its rows of W stand; nil: a gate that the operator
  /// has and the cell has not, which counts for nothing.
  let input: [Section?]
  /// The same for R.
  let recurrent: [Section?]
  /// For each of the operator's peepholes i, o, f the cell's vector.
  var peepholes: [Int?] = []
  /// The cell's states in the order of the operator's.
  let states: [Int]

  /// A gate's rows of a matrix, and its part of the biases that stand beside it.
  struct Section {
    let parameter: Int
    let section: Int
    let biases: [Int]
  }

  /// Nil where the cell is none of the operators.
  init?(_ cell: Cell) {
    guard cell.inputs.count == 1, cell.masks.isEmpty, cell.schedules.isEmpty,
      cell.recordings.isEmpty, cell.states.allSatisfy({ $0.shape == [.hidden] })
    else { return nil }
    let pattern = Pattern(cell)
    guard let found = pattern.lstm ?? pattern.gru ?? pattern.rnn else { return nil }
    self = found
  }

  fileprivate init(
    _ kind: Kind, _ activations: [Activation], input: [Section?], recurrent: [Section?],
    states: [Int]
  ) {
    self.kind = kind
    self.activations = activations
    self.input = input
    self.recurrent = recurrent
    self.states = states
  }
}

/// What a cell's nodes are made of.
private struct Pattern {
  typealias Node = Graph.NodeIndex

  let cell: Cell
  init(_ cell: Cell) { self.cell = cell }

  private func operation(_ node: Node) -> Graph.Operation { cell.graph.nodes[node].operation }

  // MARK: The operators

  var lstm: RecurrentOperator? {
    guard cell.states.count == 2, let h = state(holding: cell.output) else { return nil }
    let c = 1 - h
    let memory = cell.nextStates[c]
    // h = o ⊙ φ(c)
    for (gate, shown) in factors(cell.output) {
      guard let (show, seen) = activation(shown), seen == memory,
        let (gateFunction, outputSum) = activation(gate),
        let output = gateSum(outputSum, h: h, peephole: memory)
      else { continue }
      // c = f ⊙ c₋₁ + i ⊙ g
      for (kept, added) in terms(memory) {
        guard let forget = others(kept, of: c).first else { continue }
        for (admit, new) in factors(added) {
          guard let (inputFunction, inputSum) = activation(admit), inputFunction == gateFunction,
            let (newFunction, newSum) = activation(new),
            let input = gateSum(inputSum, h: h, peephole: previous(c)),
            let candidate = gateSum(newSum, h: h, peephole: nil),
            let forgetting = forgetGate(
              forget, coupledTo: admit, gateFunction, h: h, peephole: previous(c))
          else { continue }
          let sums = [input, output, forgetting.ownSum, candidate]
          guard sums.allSatisfy({ $0 == nil || $0!.clip == input.clip }) else { continue }
          var found = RecurrentOperator(
            .lstm, [gateFunction, newFunction, show], input: sums.map { $0?.input },
            recurrent: sums.map { $0?.recurrent }, states: [h, c])
          found.clip = input.clip
          found.inputForget = forgetting.ownSum == nil
          found.peepholes = [input.peephole, output.peephole, forgetting.ownSum?.peephole]
          return found
        }
      }
    }
    return nil
  }

  var gru: RecurrentOperator? {
    guard cell.states.count == 1, state(holding: cell.output) == 0 else { return nil }
    // h = n + z ⊙ (h₋₁ − n)
    for (new, change) in terms(cell.output) {
      for (update, difference) in factors(change) {
        guard case .binary(.subtract, let old, let subtracted) = operation(difference),
          operation(old) == .state(0), subtracted == new,
          let (function, updateSum) = activation(update),
          let (newFunction, newSum) = activation(new),
          let z = gateSum(updateSum, h: 0, peephole: nil), z.clip == nil,
          let (reset, n, isLinear) = resetGate(newSum),
          let (resetFunction, resetSum) = activation(reset), resetFunction == function,
          let r = gateSum(resetSum, h: 0, peephole: nil), r.clip == nil
        else { continue }
        var found = RecurrentOperator(
          .gru, [function, newFunction], input: [z.input, r.input, n.input],
          recurrent: [z.recurrent, r.recurrent, n.recurrent], states: [0])
        found.linearBeforeReset = isLinear
        return found
      }
    }
    return nil
  }

  var rnn: RecurrentOperator? {
    guard cell.states.count == 1, state(holding: cell.output) == 0,
      let (function, sum) = activation(cell.output), let h = gateSum(sum, h: 0, peephole: nil)
    else { return nil }
    var found = RecurrentOperator(
      .rnn, [function], input: [h.input], recurrent: [h.recurrent], states: [0])
    found.clip = h.clip
    return found
  }

  // MARK: Sums

  /// W x + b + R h₋₁ + b′, with what may stand around it.
  private struct GateSum {
    var input: RecurrentOperator.Section
    var recurrent: RecurrentOperator.Section
    var peephole: Int?
    var clip: Double?
  }

  private func gateSum(_ node: Node, h: Int, peephole: Node?) -> GateSum? {
    if let (bound, inner) = clipped(node) {
      guard var sum = gateSum(inner, h: h, peephole: peephole), sum.clip == nil else { return nil }
      sum.clip = bound
      return sum
    }
    if let peephole {
      for (rest, seen) in terms(node) {
        if let weight = parameter(in: seen, times: peephole),
          var sum = gateSum(rest, h: h, peephole: nil), sum.clip == nil
        {
          sum.peephole = weight
          return sum
        }
      }
    }
    if let (x, r) = sections(node, { operation($0) == .state(h) }) {
      return GateSum(input: x, recurrent: r)
    }
    return nil
  }

  /// The sections that a sum is made of: of one map of both sources, or of a map of each.
  private func sections(
    _ node: Node, _ isRecurrent: (Node) -> Bool
  ) -> (input: RecurrentOperator.Section, recurrent: RecurrentOperator.Section)? {
    if case .affine(let map, let section) = operation(node) {
      let affine = cell.graph.affineMaps[map]
      guard affine.terms.count == 2, affine.biases.count == 2 || affine.biases.isEmpty,
        let x = affine.terms.first(where: { operation($0.source) == .input(0) }),
        let r = affine.terms.first(where: { isRecurrent($0.source) }), isDense(x), isDense(r)
      else { return nil }
      return (
        .init(parameter: x.parameter, section: section, biases: Array(affine.biases.prefix(1))),
        .init(parameter: r.parameter, section: section, biases: Array(affine.biases.dropFirst()))
      )
    }
    for (a, b) in terms(node) {
      if let x = section(a, { operation($0) == .input(0) }), let r = section(b, isRecurrent) {
        return (x, r)
      }
    }
    return nil
  }

  /// A section of a map of one source.
  private func section(
    _ node: Node, _ isSource: (Node) -> Bool
  ) -> RecurrentOperator.Section? {
    guard case .affine(let map, let section) = operation(node) else { return nil }
    let affine = cell.graph.affineMaps[map]
    guard affine.terms.count == 1, affine.biases.count <= 1, isSource(affine.terms[0].source),
      isDense(affine.terms[0])
    else { return nil }
    return .init(
      parameter: affine.terms[0].parameter, section: section, biases: affine.biases)
  }

  private func isDense(_ term: Graph.AffineMap.Term) -> Bool {
    cell.parameters[term.parameter].structure == .dense
  }

  // MARK: Gates

  private enum ForgetGate {
    case own(GateSum)
    /// 1 − i
    case coupled

    var ownSum: GateSum? { if case .own(let sum) = self { sum } else { nil } }
  }

  private func forgetGate(
    _ node: Node, coupledTo input: Node, _ function: Activation, h: Int, peephole: Node?
  ) -> ForgetGate? {
    if case .binary(.subtract, let one, input) = operation(node), number(one) == 1 {
      return .coupled
    }
    guard let (found, argument) = activation(node), found == function,
      let sum = gateSum(argument, h: h, peephole: peephole)
    else { return nil }
    return .own(sum)
  }

  /// Of a GRU's candidate: W x + r ⊙ (R h₋₁ + b) or W x + R (r ⊙ h₋₁) + b.
  private func resetGate(_ node: Node) -> (gate: Node, sum: GateSum, isLinear: Bool)? {
    for (x, gated) in terms(node) {
      for (gate, product) in factors(gated) {
        if let input = section(x, { operation($0) == .input(0) }),
          let recurrent = section(product, { operation($0) == .state(0) })
        {
          return (gate, GateSum(input: input, recurrent: recurrent), true)
        }
      }
    }
    var gate: Node?
    let found = sections(node) { source in
      gate = others(source, of: 0).first
      return gate != nil
    }
    guard let found, let gate else { return nil }
    return (gate, GateSum(input: found.input, recurrent: found.recurrent), false)
  }

  // MARK: Arithmetic

  private func number(_ node: Node) -> Double? {
    if case .constant(let value) = operation(node) { value } else { nil }
  }

  private func previous(_ state: Int) -> Node? {
    cell.graph.nodes.firstIndex { $0.operation == .state(state) }
  }

  private func state(holding node: Node) -> Int? { cell.nextStates.firstIndex(of: node) }

  private func terms(_ node: Node) -> [(Node, Node)] { bothWays(.add, node) }
  private func factors(_ node: Node) -> [(Node, Node)] { bothWays(.multiply, node) }

  private func bothWays(_ arithmetic: Graph.Arithmetic, _ node: Node) -> [(Node, Node)] {
    guard case .binary(arithmetic, let a, let b) = operation(node) else { return [] }
    return [(a, b), (b, a)]
  }

  /// The other factor of a product with a state.
  private func others(_ node: Node, of state: Int) -> [Node] {
    factors(node).filter { operation($0.1) == .state(state) }.map(\.0)
  }

  /// The parameter of p ⊙ x.
  private func parameter(in node: Node, times x: Node) -> Int? {
    for (a, b) in factors(node) where b == x {
      if case .parameter(let parameter) = operation(a) { return parameter }
    }
    return nil
  }

  /// max(min(x, b), −b)
  private func clipped(_ node: Node) -> (Double, Node)? {
    guard case .binary(.max, let inner, let low) = operation(node), let low = number(low),
      case .binary(.min, let x, let high) = operation(inner), let high = number(high), high == -low
    else { return nil }
    return (high, x)
  }

  /// The function that a node is of another.
  private func activation(_ node: Node) -> (Activation, Node)? {
    switch operation(node) {
    case .unary(.sigmoid, let x): return (.sigmoid, x)
    case .unary(.tanh, let x): return (.tanh, x)
    case .unary(.softplus, let x): return (.softplus, x)
    case .binary(.max, let x, let zero) where number(zero) == 0: return (.relu, x)
    case .binary(.divide, let x, let below):
      for (size, one) in terms(below) where number(one) == 1 {
        if operation(size) == .unary(.abs, x) { return (.softsign, x) }
      }
      return nil
    case .binary(.min, let low, let one) where number(one) == 1:
      guard case .binary(.max, let sum, let zero) = operation(low), number(zero) == 0 else {
        return nil
      }
      for (product, shift) in terms(sum) {
        for (scale, x) in factors(product) {
          if let alpha = number(scale), let beta = number(shift) {
            return (.hardSigmoid(alpha: alpha, beta: beta), x)
          }
        }
      }
      return nil
    default: return nil
    }
  }
}
