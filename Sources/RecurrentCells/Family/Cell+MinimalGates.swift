// Cells with fewer gates than the GRU.

extension Cell {
  /// The minimal gated unit: one gate forgets and resets.
  ///
  ///     f = σ(W x + b + R h₋₁ + b′)              h̃ = tanh(W x + b + U (f ⊙ h₋₁) + b′)
  ///     h = (1 − f) ⊙ h₋₁ + f ⊙ h̃
  ///
  /// Zhou et al. 2016 (arXiv:1603.09420).
  public static func mgu(bias: Bool = true) throws(CellError) -> Cell {
    try Cell("mgu") { step in
      let h = step.state("h")
      let f = sigmoid(step.affine(["f"], of: step.input, h, bias: bias)["f"]).named("f")
      let sum = step.affine(["n"], of: step.input, f * h, bias: bias, named: "n")["n"]
      let candidate = tanh(sum).named("n")
      let next = h + f * (candidate - h)
      step.next(h, next)
      step.output(next)
    }
  }

  /// An LSTM that has nothing but the forget gate.
  ///
  ///     s = W x + b + R h₋₁ + b′                 g = tanh(W x + b + R h₋₁ + b′)
  ///     h = σ(s) ⊙ h₋₁ + (1 − σ(s − β)) ⊙ g
  ///
  /// JANET, van der Westhuizen & Lasenby 2018 (arXiv:1804.04849); its memory cell is its output.
  ///
  /// - Parameter beta: How much more is remembered than is let in.
  public static func janet(beta: Double = 1, bias: Bool = true) throws(CellError) -> Cell {
    try Cell("janet") { step in
      let h = step.state("h")
      let a = step.affine(["f", "g"], of: step.input, h, bias: bias)
      let f = sigmoid(a["f"]).named("f")
      let g = tanh(a["g"]).named("g")
      let next = f * h + (1 - sigmoid(a["f"] - beta)) * g
      step.next(h, next)
      step.output(next)
    }
  }

  /// The independently recurrent network: a unit sees of the step before itself alone.
  ///
  ///     h = relu(W x + b + u ⊙ h₋₁)
  ///
  /// Li et al. 2018 (arXiv:1803.04831).
  public static func indrnn(
    _ nonlinearity: Nonlinearity = .relu, bias: Bool = true
  ) throws(CellError) -> Cell {
    try Cell("indrnn") { step in
      let h = step.state("h")
      let sum =
        step.affine(["h"], of: step.input, bias: bias)["h"]
        + step.parameter("recurrent", start: .uniform) * h
      let next = nonlinearity.activation(sum)
      step.next(h, next)
      step.output(next)
    }
  }

  /// The update-gate network.
  ///
  ///     g = σ(W x + b + R h₋₁ + b′)              n = tanh(W x + b + R h₋₁ + b′)
  ///     h = g ⊙ h₋₁ + (1 − g) ⊙ n
  ///
  /// Collins et al. 2016 (arXiv:1611.09913).
  public static func ugrnn(bias: Bool = true) throws(CellError) -> Cell {
    try Cell("ugrnn") { step in
      let h = step.state("h")
      let a = step.affine(["g", "n"], of: step.input, h, bias: bias)
      let g = sigmoid(a["g"]).named("g")
      let n = tanh(a["n"]).named("n")
      let next = n + g * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }
}
