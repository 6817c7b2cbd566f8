/// The last value without its season, with the season of each step to come: the benchmark that the M4
/// competition measures by.
package struct Naive2: Sendable, Hashable {
  let adjustment: SeasonalAdjustment

  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none.
  package init(fitting values: [Double], season: Int) {
    precondition(season >= 1, "a season of \(season)")
    adjustment = SeasonalAdjustment(values.map { $0.isFinite ? $0 : .nan }, season: season)
  }

  /// Forecasts from before each origin, row-major [origins, horizon]; NaN before the first value.
  ///
  /// - Parameter origins: Each 0 … values.count.
  package func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    origins.flatMap { origin in
      let last = values[..<origin].lastIndex { $0.isFinite }
      let level = last.map { adjustment.adjusted(values[$0], at: $0) } ?? .nan
      return (origin..<origin + horizon).map { adjustment.restored(level, at: $0) }
    }
  }
}
