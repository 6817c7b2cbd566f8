import RecurrentCore

extension Baseline {
  /// What the baseline says at some origins of a series, with ``BaselineBands``.
  ///
  /// - Parameters:
  ///   - series: Seen at each origin as it was known there.
  ///   - origins: Ascending, at least one.
  ///   - refits: Whether it is fitted anew at each origin, or once, before the first.
  ///   - minimum: What no value lies below.
  /// - Returns: Values and bounds, row-major [origins, horizon].
  package func judged(
    on series: ForecastSeries, origins: [Int], horizon: Int, season: Int, levels: [Double],
    refits: Bool, minimum: Double?
  ) -> (values: [Double], intervals: [PredictionInterval]) {
    var forecasts: [Double] = []
    var intervals = levels.map { PredictionInterval(level: $0, lower: [], upper: []) }
    for origins in refits ? origins.map({ [$0] }) : [origins] {
      let known = series.prefix(origins[0])
      let fitted = FittedBaseline(self, to: known.values, season: season)
      let bands = BaselineBands(
        fitted, on: known, horizon: horizon, season: season, levels: levels)
      let next = series.atOrigins(origins) {
        fitted.forecasts(of: $0, origins: $1, horizon: horizon)
      }
      let deviations = series.atOrigins(origins) {
        fitted.deviations(of: $0, origins: $1, horizon: horizon)
      }
      forecasts += next
      for (index, interval) in bands.intervals(around: next, deviations).enumerated() {
        intervals[index].lower += interval.lower
        intervals[index].upper += interval.upper
      }
    }
    return (
      forecasts.raised(to: minimum),
      intervals.map {
        PredictionInterval(
          level: $0.level, lower: $0.lower.raised(to: minimum), upper: $0.upper.raised(to: minimum))
      }
    )
  }
}

extension [Double] {
  /// The values, none of them below a minimum where there is one; NaN stays NaN.
  func raised(to minimum: Double?) -> [Double] {
    guard let minimum else { return self }
    return map { $0.isNaN ? $0 : Swift.max($0, minimum) }
  }
}
