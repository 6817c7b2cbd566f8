extension Cell {
  /// Long short-term memory as PyTorch has it, with the options that are asked for most.
  ///
  ///     i, f, o = σ(W x + b + R h₋₁ + b′)        g = tanh(W x + b + R h₋₁ + b′)
  ///     c = f ⊙ c₋₁ + i ⊙ g                      h = o ⊙ tanh(c)
  ///
  /// - Parameters: See ``LSTMOptions``.
  /// - Throws: ``CellError`` where options contradict each other.
  public static func lstm(
    peepholes: Set<LSTMOptions.Gate> = [], projectionSize: Int? = nil, forgetBias: Double? = nil,
    bias: Bool = true
  ) throws(CellError) -> Cell {
    var options = LSTMOptions()
    options.peepholes = peepholes
    options.projectionSize = projectionSize
    options.forgetBias = forgetBias
    options.bias = bias
    return try lstm(options)
  }

  /// Long short-term memory with everything that ``LSTMOptions`` names.
  ///
  ///     i = σ(W x + b + R h₋₁ + b′ + p ⊙ c₋₁)    f likewise    g = tanh(W x + b + R h₋₁ + b′)
  ///     c = f ⊙ c₋₁ + i ⊙ g
  ///     o = σ(W x + b + R h₋₁ + b′ + p ⊙ c)      h = o ⊙ tanh(c)
  ///
  /// Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, in PyTorch's order of
  /// gates and with its two biases; the notation of peepholes, coupled and absent gates is that of
  /// Greff et al. 2015 (arXiv:1503.04069).
  ///
  /// - Throws: ``CellError`` where options contradict each other.
  public static func lstm(_ options: LSTMOptions) throws(CellError) -> Cell {
    try options.check()
    return try Cell("lstm") { step in
      let projectionSize = options.projectionSize.map { Extent($0) }
      let h = step.state("h", size: projectionSize ?? .hidden)
      let c = step.state("c")
      let sums = LSTMSums(options, step, h)

      let coupling = options.coupling
      let input = coupling == .inputFromForget ? nil : sums.gate(.input, seeing: c)
      let forget =
        coupling == .forgetFromInput
        ? (1 - input!).named("f") : sums.gate(.forget, seeing: c)
      let admitted = coupling == .inputFromForget ? (1 - forget!).named("i") : input
      let g = options.activation(sums.candidate).named("g")

      var memory = (forget.map { $0 * c } ?? c) + (admitted.map { $0 * g } ?? g)
      if let depthGate = options.depthGate {
        memory = memory + step.memoryBelow(through: depthGate, seeing: c, bias: options.bias)
      }
      if let bound = options.cellClip { memory = clip(memory, to: bound) }
      if options.layerNorm == .tensorFlowAddons {
        memory = memory.normalized("c", epsilon: 1e-3)
      }
      step.next(c, memory)

      let shown = options.layerNorm == .haste ? memory.normalized("c") : memory
      let squashed = options.outputActivation(shown)
      let exposed = sums.gate(.output, seeing: memory).map { $0 * squashed } ?? squashed
      var output = exposed
      if let projectionSize {
        output = step.affine(of: exposed, size: projectionSize, bias: false, named: "hr")
        if let bound = options.projectionClip { output = clip(output, to: bound) }
      }
      step.next(h, output)
      step.output(output)
      sums.carryGates()
    }
  }
}

/// The sums that an LSTM's gates and its candidate are functions of.
private struct LSTMSums {
  private let options: LSTMOptions
  private let step: Step
  private let sums: AffineSections
  /// With full gate recurrence, the gates of the step before and what they add to each gate's sum.
  private let previousGates: [(gate: LSTMOptions.Gate, state: Vector, sums: AffineSections)]
  private let made = Made()

  /// The gates of this step, for the next one.
  private final class Made { var gates: [LSTMOptions.Gate: Vector] = [:] }

  init(_ options: LSTMOptions, _ step: Step, _ h: Vector) {
    self.options = options
    self.step = step
    let sections = ["i", "f", "g", "o"].filter { name in
      LSTMOptions.Gate(rawValue: name).map(options.gates.contains) ?? true
    }
    let start = options.forgetBias.map { ["f": CellParameter.Start.constant($0)] } ?? [:]
    if let layout = options.layerNorm {
      let (epsilon, shift) = layout == .haste ? (1e-5, false) : (1e-3, true)
      let x = step.affine(sections, of: step.input, bias: false)
        .normalized("ih", epsilon: epsilon, shift: shift)
      let r = step.affine(sections, of: h, bias: false)
        .normalized("hh", epsilon: epsilon, shift: shift)
      sums = options.bias ? x + r + step.bias(sections, named: "ih", start: start) : x + r
    } else {
      sums = step.affine(sections, of: step.input, h, bias: options.bias, biasStart: start)
    }
    previousGates =
      options.fullGateRecurrence
      ? LSTMOptions.Gate.allCases.map { gate in
        let state = step.state(gate.rawValue)
        let seen = step.affine(
          ["i", "f", "o"], of: state, bias: false, named: "hh_\(gate.rawValue)")
        return (gate, state, seen)
      } : []
  }

  var candidate: Vector { clipped(sums["g"]) }

  private func clipped(_ sum: Vector) -> Vector {
    options.gateClip.map { clip(sum, to: $0) } ?? sum
  }

  /// A gate that sees the memory cell if it has a peephole; nil for one that is always open.
  func gate(_ gate: LSTMOptions.Gate, seeing memory: Vector) -> Vector? {
    guard options.gates.contains(gate) else { return nil }
    let name = gate.rawValue
    var sum = sums[name]
    for previous in previousGates { sum = sum + previous.sums[name] }
    if options.peepholes.contains(gate) {
      sum =
        sum
        + (options.fullPeepholes
          ? step.affine(of: memory, bias: false, named: "peephole_\(name)")
          : step.peephole(name, memory))
    }
    let value = options.gateActivation(clipped(sum))
    made.gates[gate] = value
    return options.fullGateRecurrence ? value : value.named(name)
  }

  /// With full gate recurrence the gates are states.
  func carryGates() {
    for previous in previousGates { step.next(previous.state, made.gates[previous.gate]!) }
  }
}

extension Step {
  /// The memory of the layer below, through its own gate (Yao et al. 2015, arXiv:1508.03790):
  ///
  ///     d = σ(W_d x + b_d + w_c ⊙ c₋₁ + w_l ⊙ c_below)        d ⊙ c_below
  ///
  /// In the lowest layer, if it has the gate, W₀ x stands for c_below, and w_l is not there.
  fileprivate func memoryBelow(
    through depthGate: LSTMOptions.DepthGate, seeing memory: Vector, bias: Bool
  ) -> Vector {
    let below = stateBelow("c")
    // A gate that is shut, so that it can be recorded in all layers of a stack.
    if below == nil, depthGate == .upper { return (0 * memory).named("d") }
    var sum = affine(of: input, bias: bias, named: "d") + peephole("d", memory)
    if let below { sum = sum + peephole("d_below", below) }
    let lower = below ?? affine(of: input, bias: false, named: "below")
    return sigmoid(sum).named("d") * lower
  }
}
