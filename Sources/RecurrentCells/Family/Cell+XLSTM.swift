// Beck et al. 2024, xLSTM (arXiv:2405.04517): exponential gates, kept in range by a stabiliser m,
// which changes no result.

extension Cell {
  /// The LSTM with exponential gates and a scalar memory.
  ///
  ///     ĩ, f̃, z̃, õ = W x + b + R h₋₁           m = max(log σ(f̃) + m₋₁, ĩ)
  ///     i = exp(ĩ − m)                          f = exp(log σ(f̃) + m₋₁ − m)
  ///     c = f ⊙ c₋₁ + i ⊙ tanh(z̃)              n = f ⊙ n₋₁ + i
  ///     h = σ(õ) ⊙ c / n
  ///
  /// R is block-diagonal: a head sees itself. A unit whose n₋₁ is 0 has not begun, and m is ĩ.
  ///
  /// - Parameter heads: Into how many the units are cut. A layer whose hidden size they do not divide
  ///   is refused when it is made.
  public static func slstm(heads: Int = 4) throws(CellError) -> Cell {
    try check(heads: heads)
    return try Cell("slstm") { step in
      let h = step.state("h")
      let c = step.state("c")
      let n = step.state("n")
      let m = step.state("m")
      let x = step.affine(
        ["i", "f", "z", "o"], of: step.input,
        biasStart: [
          "i": .constant(0), "z": .constant(0), "o": .constant(0),
          "f": .ramp(CellParameter.Ramp(from: 5, to: -7, power: 0.3, blocks: heads)),
        ])
      let r = step.affine(
        ["i", "f", "z", "o"], of: h, bias: false, structures: [.blockDiagonal(blocks: heads)],
        weightStarts: [.constant(0)])
      let kept = logSigmoid(x["f"] + r["f"]) + m
      let entering = x["i"] + r["i"]
      let bound = select(greater(n, 0 * n), max(kept, entering), entering)
      let i = exp(entering - bound).named("i")
      let f = exp(kept - bound).named("f")
      let z = tanh(x["z"] + r["z"]).named("z")
      let o = sigmoid(x["o"] + r["o"]).named("o")
      let memory = f * c + i * z
      let normalizer = f * n + i
      let output = o * (memory / normalizer)
      step.next(h, output)
      step.next(c, memory)
      step.next(n, normalizer)
      step.next(m, bound)
      step.output(output)
    }
  }

  /// The LSTM with a matrix memory, whose gates see the input alone.
  ///
  ///     q, k, v = W x + b,  k ← k / √d           ĩ, f̃ = w x + b, a number for each head
  ///     m = max(log σ(f̃) + m₋₁, ĩ)   i = exp(ĩ − m)   f = exp(log σ(f̃) + m₋₁ − m)
  ///     C = f C₋₁ + i k vᵀ                       n = f n₋₁ + i k
  ///     h = σ(W_o x + b) ⊙ qᵀ C / max(|qᵀ n|, exp(−m))
  ///
  /// - Parameter heads: Into how many the units are cut, each with a memory of d × d. A layer whose
  ///   hidden size they do not divide is refused when it is made.
  public static func mlstm(heads: Int = 4) throws(CellError) -> Cell {
    try check(heads: heads)
    return try Cell("mlstm") { step in
      let count = Extent(heads)
      let width = Extent.hidden / heads
      let a = step.affine(["q", "k", "v", "o"], of: step.input)
      let gates = step.affine(
        ["i", "f"], of: step.input, size: count, named: "gates", weightStarts: [.constant(0)],
        biasStart: [
          "i": .normal(deviation: 0.1), "f": .ramp(CellParameter.Ramp(from: 3, to: 6)),
        ])
      let scale = sqrt(step.size(width))
      let q = a["q"].reshaped([count, width]).named("q")
      let k = (a["k"] / scale).reshaped([count, width]).named("k")
      let v = a["v"].reshaped([count, width]).named("v")
      let read = step.matrixMemory(
        keys: k, values: v, queries: q, entering: gates["i"], keeping: logSigmoid(gates["f"]))
      step.output(sigmoid(a["o"]).named("o") * read.reshaped([.hidden]))
    }
  }

  private static func check(heads: Int) throws(CellError) {
    guard heads >= 1 else {
      throw CellError(.invalidOption, "an xLSTM has at least 1 head, found \(heads)")
    }
  }
}
