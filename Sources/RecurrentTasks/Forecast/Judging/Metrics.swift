// The standard library's roots and rounding call libm, which is linked only where it is imported.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Measures of a forecast against what happened; steps whose actual value is missing (NaN) do not
/// count, and a measure of no steps is nil.
public enum Metrics {
  /// Mean absolute error, in the unit of the values.
  public static func mae(actual: [Double], forecast: [Double]) -> Double? {
    mean(actual, forecast) { abs($0 - $1) }
  }

  /// Root mean squared error, in the unit of the values.
  public static func rmse(actual: [Double], forecast: [Double]) -> Double? {
    mean(actual, forecast) { ($0 - $1) * ($0 - $1) }?.squareRoot()
  }

  /// Symmetric mean absolute percentage error, 0 to 200 %, as in the M4 competition; two zeros are
  /// no error.
  public static func smape(actual: [Double], forecast: [Double]) -> Double? {
    mean(actual, forecast) { actual, forecast in
      let size = abs(actual) + abs(forecast)
      return size == 0 ? 0 : 200 * abs(actual - forecast) / size
    }
  }

  /// Mean absolute scaled error (Hyndman & Koehler 2006): the mean absolute error over that of the
  /// seasonal naive forecast, one season ahead, within the training part.
  ///
  /// nil for a training part whose seasonal differences are all zero, as a constant's.
  public static func mase(
    actual: [Double], forecast: [Double], training: [Double], season: Int
  ) -> Double? {
    ratio(
      mae(actual: actual, forecast: forecast),
      seasonalDifference(training, season) { abs($0) })
  }

  /// Root mean squared scaled error: as ``mase(actual:forecast:training:season:)``, of squares.
  public static func rmsse(
    actual: [Double], forecast: [Double], training: [Double], season: Int
  ) -> Double? {
    ratio(
      rmse(actual: actual, forecast: forecast),
      seasonalDifference(training, season) { $0 * $0 }?.squareRoot())
  }

  /// Mean pinball loss of a forecast of the given quantile (0 to 1), in the unit of the values.
  public static func pinball(actual: [Double], forecast: [Double], quantile: Double) -> Double? {
    mean(actual, forecast) { actual, forecast in
      actual >= forecast ? quantile * (actual - forecast) : (1 - quantile) * (forecast - actual)
    }
  }

  /// The part of the actual values, 0 to 1, that lie within the bounds or on them.
  public static func coverage(actual: [Double], lower: [Double], upper: [Double]) -> Double? {
    precondition(
      actual.count == lower.count && actual.count == upper.count,
      "\(actual.count) values and bounds of \(lower.count) and \(upper.count)")
    let steps = actual.indices.filter { !actual[$0].isNaN }
    guard !steps.isEmpty else { return nil }
    let inside = steps.count { lower[$0] <= actual[$0] && actual[$0] <= upper[$0] }
    return Double(inside) / Double(steps.count)
  }

  private static func mean(
    _ actual: [Double], _ forecast: [Double], of error: (Double, Double) -> Double
  ) -> Double? {
    precondition(
      actual.count == forecast.count, "\(actual.count) values and \(forecast.count) forecasts")
    var sum = 0.0
    var count = 0.0
    for (actual, forecast) in zip(actual, forecast) where !actual.isNaN {
      sum += error(actual, forecast)
      count += 1
    }
    return count > 0 ? sum / count : nil
  }

  /// The mean over all pairs of values a season apart, or a step apart where no such pair exists.
  private static func seasonalDifference(
    _ training: [Double], _ season: Int, _ measure: (Double) -> Double
  ) -> Double? {
    for lag in season > 1 ? [season, 1] : [1] {
      let measures = zip(training, training.dropFirst(lag)).lazy
        .map { $1 - $0 }.filter { !$0.isNaN }.map(measure)
      let count = measures.count { _ in true }
      if count > 0 { return measures.reduce(0, +) / Double(count) }
    }
    return nil
  }

  private static func ratio(_ error: Double?, _ scale: Double?) -> Double? {
    guard let error, let scale, scale > 0 else { return nil }
    return error / scale
  }
}
