// Cells without a recurrent matrix: all products are of the input, and made for all steps at once.

extension Cell {
  /// A GRU whose gate and candidate see the input alone.
  ///
  ///     z = σ(W_z x + b)        h̃ = W_h x + b        h = (1 − z) ⊙ h₋₁ + z ⊙ h̃
  ///
  /// Feng et al. 2024 (arXiv:2410.01201).
  ///
  /// - Parameter positive: The candidate is g(W_h x + b) with g(x) = x + ½ where x ≥ 0, else σ(x),
  ///   as in the paper's log-space form.
  public static func minGRU(bias: Bool = true, positive: Bool = false) throws(CellError) -> Cell {
    try Cell("min-gru") { step in
      let h = step.state("h")
      let a = step.affine(["z", "n"], of: step.input, bias: bias)
      let z = sigmoid(a["z"]).named("z")
      let n = candidate(a["n"], positive: positive)
      let next = h + z * (n - h)
      step.next(h, next)
      step.output(next)
    }
  }

  /// An LSTM whose gates and candidate see the input alone, and whose gates add up to 1.
  ///
  ///     f, i = σ(W x + b)        f′ = f / (f + i)        i′ = i / (f + i)        h̃ = W_h x + b
  ///     h = f′ ⊙ h₋₁ + i′ ⊙ h̃
  ///
  /// Feng et al. 2024 (arXiv:2410.01201). f′ is computed as σ(log σ(f̃) − log σ(ĩ)), with
  /// log σ(x) = −log(1 + e⁻ˣ), which holds where both gates are 0 in float32.
  ///
  /// - Parameter positive: As for ``minGRU(bias:positive:)``.
  public static func minLSTM(bias: Bool = true, positive: Bool = false) throws(CellError) -> Cell {
    try Cell("min-lstm") { step in
      let h = step.state("h")
      let a = step.affine(["f", "i", "n"], of: step.input, bias: bias)
      let f = sigmoid(softplus(-a["i"]) - softplus(-a["f"])).named("f")
      let n = candidate(a["n"], positive: positive)
      let next = n + f * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }

  private static func candidate(_ sum: Vector, positive: Bool) -> Vector {
    (positive ? select(greater(0, sum), sigmoid(sum), sum + 0.5) : sum).named("n")
  }
}
