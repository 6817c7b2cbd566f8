extension Cell {
  /// The gated recurrent unit as PyTorch and cuDNN have it: the reset gate acts after the product.
  ///
  ///     r, z = σ(W x + b + R h₋₁ + b′)           n = tanh(W x + b + r ⊙ (R h₋₁ + b′))
  ///     h = (1 − z) ⊙ n + z ⊙ h₋₁
  ///
  /// Cho et al. 2014, first version (arXiv:1406.1078v1), in PyTorch's order of gates.
  ///
  /// - Parameter layerNorm: W x and R h₋₁ are each normalised over all gates together before their
  ///   biases, with gains, as Haste does (Ba et al. 2016); ε = 1e-5.
  public static func gru(bias: Bool = true, layerNorm: Bool = false) throws(CellError) -> Cell {
    try Cell("gru") { step in
      let h = step.state("h")
      func sums(_ source: Vector, _ name: String) -> AffineSections {
        let sections = ["r", "z", "n"]
        guard layerNorm else { return step.affine(sections, of: source, bias: bias) }
        let normal = step.affine(sections, of: source, bias: false).normalized(name)
        return bias ? normal + step.bias(sections, named: name) : normal
      }
      let x = sums(step.input, "ih")
      let u = sums(h, "hh")
      let r = sigmoid(x["r"] + u["r"]).named("r")
      let z = sigmoid(x["z"] + u["z"]).named("z")
      let n = tanh(x["n"] + r * u["n"]).named("n")
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
      let r = sigmoid(a["r"]).named("r")
      let z = sigmoid(a["z"]).named("z")
      let sum = step.affine(["n"], of: step.input, r * h, bias: bias, named: "n")["n"]
      let n = tanh(sum).named("n")
      let next = n + z * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }
}
