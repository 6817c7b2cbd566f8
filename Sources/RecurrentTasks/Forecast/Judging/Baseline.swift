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
    let observed = history.indices.filter { !history[$0].isNaN }
    guard let first = observed.first, let last = observed.last else {
      return Array(repeating: .nan, count: horizon)
    }
    switch self {
    case .naive:
      return Array(repeating: history[last], count: horizon)
    case .seasonalNaive:
      return (0..<horizon).map { step in
        var index = history.count + step % season - season
        while index >= 0, history[index].isNaN { index -= season }
        return index >= 0 ? history[index] : history[last]
      }
    case .drift:
      guard first < last else { return Array(repeating: history[last], count: horizon) }
      let slope = (history[last] - history[first]) / Double(last - first)
      return (0..<horizon).map { history[last] + slope * Double(history.count - last + $0) }
    case .mean:
      // Around the first value, so that a constant's mean is the constant to the bit.
      let centre = history[first]
      let sum = observed.reduce(0) { $0 + (history[$1] - centre) }
      return Array(repeating: centre + sum / Double(observed.count), count: horizon)
    case .naive2, .theta, .ets:
      return FittedBaseline(self, to: history, season: season)
        .forecasts(of: history, origins: [history.count], horizon: horizon)
    }
  }
}
