extension Cell {
  /// What a simple recurrent network puts its sum through.
  public enum Nonlinearity: String, Hashable, Sendable, CaseIterable {
    case tanh, relu

    var activation: Activation { self == .tanh ? .tanh : .relu }
  }

  /// The simple recurrent network, h = φ(W x + b + R h₋₁ + b′) (Elman 1990).
  public static func rnn(
    _ nonlinearity: Nonlinearity = .tanh, bias: Bool = true
  ) throws(CellError) -> Cell {
    try Cell(nonlinearity == .tanh ? "rnn" : "rnn-relu") { step in
      let h = step.state("h")
      let sum = step.affine(["h"], of: step.input, h, bias: bias)["h"]
      let next = nonlinearity.activation(sum)
      step.next(h, next)
      step.output(next)
    }
  }
}
