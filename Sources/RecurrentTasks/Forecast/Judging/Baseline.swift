/// Forecasts by statistics of one series, to hold every model against; the simplest first.
public enum Baseline: String, Sendable, CaseIterable {
  /// The last value.
  case naive
  /// The value a season ago.
  case seasonalNaive = "seasonal-naive"
  /// The line through the first and the last value.
  case drift
  /// The mean of all values.
  case mean
  /// `Naive2`: the last value and the season, where there is one.
  case naive2
  /// `Theta`: the optimised theta method.
  case theta
  /// `ETS`: exponential smoothing chosen by AICc.
  case ets

  /// The name in tables and files.
  public var name: String { rawValue }

  /// Whether it has parameters to be found in the history, which takes its time.
  package var isFitted: Bool {
    switch self {
    case .naive, .seasonalNaive, .drift, .mean: false
    case .naive2, .theta, .ets: true
    }
  }

  /// The values after a history, in which missing values are NaN; all NaN if all are missing.
  ///
  /// - Parameter season: the steps of a season. Where a phase of it was never observed, the last
  ///   value stands in.
  public func forecast(history: [Double], horizon: Int, season: Int) -> [Double] {
    precondition(horizon >= 1 && season >= 1, "a horizon of \(horizon), a season of \(season)")
    return FittedBaseline(self, to: history, season: season)
      .forecasts(of: history, origins: [history.count], horizon: horizon)
  }
}
