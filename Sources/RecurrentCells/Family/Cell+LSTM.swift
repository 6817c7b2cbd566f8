extension Cell {
  /// A gate of the LSTM.
  public enum LSTMGate: String, Hashable, Sendable, CaseIterable {
    case input = "i"
    case forget = "f"
    case output = "o"
  }

  /// Long short-term memory.
  ///
  ///     i, f, o = σ(W x + b + R h₋₁ + b′)        g = tanh(W x + b + R h₋₁ + b′)
  ///     c = f ⊙ c₋₁ + i ⊙ g                      h = o ⊙ tanh(c)
  ///
  /// Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, in PyTorch's order of
  /// gates and with its two biases.
  ///
  /// - Parameters:
  ///   - peepholes: Gates that see the memory cell (Gers & Schmidhuber 2000): the input and the
  ///     forget gate c₋₁, the output gate c, each through a diagonal.
  ///   - projectionSize: The size that h is projected to, h = W_hr (o ⊙ tanh(c)) (Sak et al. 2014).
  ///   - forgetBias: Where the forget gate's bias starts; uniform like all others if nil.
  ///   - bias: Whether the gates have biases.
  public static func lstm(
    peepholes: Set<LSTMGate> = [], projectionSize: Int? = nil, forgetBias: Double? = nil,
    bias: Bool = true
  ) throws(CellError) -> Cell {
    if let projectionSize, projectionSize < 1 {
      throw CellError(
        .invalidOption, "an LSTM's projection size is at least 1, found \(projectionSize)")
    }
    if forgetBias != nil, !bias {
      throw CellError(.invalidOption, "an LSTM without biases has no forget bias to set")
    }
    return try Cell("lstm") { step in
      let h = step.state("h", size: projectionSize.map { Extent($0) } ?? .hidden)
      let c = step.state("c")
      let a = step.affine(
        ["i", "f", "g", "o"], of: step.input, h, bias: bias,
        biasStart: forgetBias.map { ["f": $0] } ?? [:])
      func gate(_ gate: LSTMGate, seeing memory: Vector) -> Vector {
        let name = gate.rawValue
        return sigmoid(
          peepholes.contains(gate) ? a[name] + step.peephole(name, memory) : a[name])
      }
      let next = gate(.forget, seeing: c) * c + gate(.input, seeing: c) * tanh(a["g"])
      let exposed = gate(.output, seeing: next) * tanh(next)
      let output =
        projectionSize.map { size in
          step.affine(of: exposed, size: Extent(size), bias: false, named: "hr")
        } ?? exposed
      step.next(h, output)
      step.next(c, next)
      step.output(output)
    }
  }
}
