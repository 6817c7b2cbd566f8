/// How a cell did at a lag, over the seeds.
public struct LagSummary: Sendable, Hashable {
  /// The cell, as it was named.
  public var cell: String
  public var lag: Int
  /// Runs that solved the task.
  public var solved: Int
  /// All runs.
  public var runs: Int
  /// The median of the examples that the solved ones needed; nil if there are none.
  public var medianExamples: Double?
  /// The median of the errors at the end, of all that have one.
  public var medianScore: Double?
}

extension LagStudy {
  /// A summary for each cell and each lag, in the order of the runs.
  public var summaries: [LagSummary] {
    gradients.map { place in
      let same = runs.filter { $0.cell == place.cell && $0.lag == place.lag }
      let solved = same.filter(\.isSolved)
      return LagSummary(
        cell: place.cell, lag: place.lag, solved: solved.count, runs: same.count,
        medianExamples: solved.map { Double($0.examples) }.median,
        medianScore: same.compactMap(\.score).median)
    }
  }
}
