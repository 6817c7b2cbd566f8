extension Cell {
  /// The clockwork network: modules of units, each of which takes a step only every so often.
  ///
  ///     module k at a multiple of its period:  h_k = tanh(W_k x + b_k + Σ_{j ≥ k} R_kj h_j,₋₁)
  ///     else:                                  h_k = h_k,₋₁
  ///
  /// Modules are of equal size, the fastest first; a module sees itself and slower ones, so that R
  /// is block upper triangular. Koutník et al. 2014 (arXiv:1402.3511).
  ///
  /// - Parameters:
  ///   - periods: Of the modules, rising; the paper's are 1, 2, 4, …
  ///   - start: The clock before the first step: 0 makes all modules take it.
  /// - Throws: ``CellError`` where the periods do not rise from at least 1. A layer whose hidden size
  ///   the modules do not divide is refused when it is made.
  public static func clockwork(
    periods: [Int] = Cell.doubling(8), start: Int = 0, bias: Bool = true
  ) throws(CellError) -> Cell {
    guard !periods.isEmpty, zip(periods, periods.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw CellError(
        .invalidOption, "the periods of clockwork modules rise, found \(periods)")
    }
    return try Cell("clockwork") { step in
      let h = step.state("h")
      let sum = step.affine(
        ["h"], of: step.input, h, bias: bias,
        structures: [.dense, .blockUpperTriangular(blocks: periods.count)])["h"]
      let next = select(step.due(every: periods, start: start), tanh(sum), h)
      step.next(h, next)
      step.output(next)
    }
  }

  /// 1, 2, 4, … : as many periods as there are modules.
  public static func doubling(_ modules: Int) -> [Int] { (0..<modules).map { 1 << $0 } }
}
