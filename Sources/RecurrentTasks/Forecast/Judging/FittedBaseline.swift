/// A baseline with whatever it has learnt of a series: run on over later values, it learns no more.
struct FittedBaseline: Sendable {
  private let baseline: Baseline
  private let season: Int

  /// - Parameter values: NaN where one is missing.
  init(_ baseline: Baseline, to values: [Double], season: Int) {
    self.baseline = baseline
    self.season = season
  }

  /// At each origin what follows the values before it: row-major [origins, horizon].
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    baseline.forecasts(of: values, origins: origins, horizon: horizon, season: season)
  }
}
