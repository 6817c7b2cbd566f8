extension Cell {
  /// The gated recurrent unit as PyTorch and cuDNN have it: the reset gate acts after the product.
  ///
  ///     r, z = σ(W x + b + R h₋₁ + b′)           n = tanh(W x + b + r ⊙ (R h₋₁ + b′))
  ///     h = (1 − z) ⊙ n + z ⊙ h₋₁
  ///
  /// Cho et al. 2014, first version (arXiv:1406.1078v1), in PyTorch's order of gates.
  public static func gru(bias: Bool = true) throws(CellError) -> Cell {
    try Cell("gru") { step in
      let h = step.state("h")
      let x = step.affine(["r", "z", "n"], of: step.input, bias: bias)
      let u = step.affine(["r", "z", "n"], of: h, bias: bias)
      let r = sigmoid(x["r"] + u["r"])
      let z = sigmoid(x["z"] + u["z"])
      let n = tanh(x["n"] + r * u["n"])
      let next = n + z * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }

  /// The gated recurrent unit with the reset gate before the product.
  ///
  ///     r, z = σ(W x + b + R h₋₁ + b′)           n = tanh(W x + b + U (r ⊙ h₋₁) + b′)
  ///     h = (1 − z) ⊙ n + z ⊙ h₋₁
  ///
  /// Cho et al. 2014, third version (arXiv:1406.1078v3).
  public static func gruResetBefore(bias: Bool = true) throws(CellError) -> Cell {
    try Cell("gru-reset-before") { step in
      let h = step.state("h")
      let a = step.affine(["r", "z"], of: step.input, h, bias: bias)
      let r = sigmoid(a["r"])
      let z = sigmoid(a["z"])
      let n = tanh(step.affine(["n"], of: step.input, r * h, bias: bias, named: "n")["n"])
      let next = n + z * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }
}
