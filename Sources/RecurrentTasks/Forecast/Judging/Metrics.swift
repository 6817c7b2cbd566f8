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

  /// Mean squared error, in the squared unit of the values.
  public static func mse(actual: [Double], forecast: [Double]) -> Double? {
    mean(actual, forecast) { ($0 - $1) * ($0 - $1) }
  }

  /// Root mean squared error, in the unit of the values.
  public static func rmse(actual: [Double], forecast: [Double]) -> Double? {
    mse(actual: actual, forecast: forecast)?.squareRoot()
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
    mase(actual: actual, forecast: forecast, scale: SeriesScale(of: training, season: season))
  }

  static func mase(actual: [Double], forecast: [Double], scale: SeriesScale) -> Double? {
    ratio(mae(actual: actual, forecast: forecast), scale.absolute)
  }

  /// Root mean squared scaled error: as ``mase(actual:forecast:training:season:)``, of squares.
  public static func rmsse(
    actual: [Double], forecast: [Double], training: [Double], season: Int
  ) -> Double? {
    rmsse(actual: actual, forecast: forecast, scale: SeriesScale(of: training, season: season))
  }

  static func rmsse(actual: [Double], forecast: [Double], scale: SeriesScale) -> Double? {
    ratio(rmse(actual: actual, forecast: forecast), scale.root)
  }

  /// Overall weighted average of M4 (Makridakis et al. 2020): the mean of sMAPE and MASE, each over
  /// that of Naive2; all four are means over the series.
  public static func owa(
    smape: Double?, mase: Double?, naive2: (smape: Double?, mase: Double?)
  ) -> Double? {
    guard let first = ratio(smape, naive2.smape), let second = ratio(mase, naive2.mase) else {
      return nil
    }
    return (first + second) / 2
  }

  /// Mean pinball loss of a forecast of the given quantile (0 to 1), in the unit of the values.
  public static func pinball(actual: [Double], forecast: [Double], quantile: Double) -> Double? {
    mean(actual, forecast) { actual, forecast in
      actual >= forecast ? quantile * (actual - forecast) : (1 - quantile) * (forecast - actual)
    }
  }

  /// Mean pinball loss over the quantiles that a forecast with bands gives: its values as the median,
  /// and the two bounds of each band; in the unit of the values.
  public static func pinball(
    actual: [Double], forecast: [Double], intervals: [PredictionInterval]
  ) -> Double? {
    var losses = [pinball(actual: actual, forecast: forecast, quantile: 0.5)]
    for interval in intervals {
      let tail = (1 - interval.level / 100) / 2
      losses.append(pinball(actual: actual, forecast: interval.lower, quantile: tail))
      losses.append(pinball(actual: actual, forecast: interval.upper, quantile: 1 - tail))
    }
    let present = losses.compactMap { $0 }
    return present.isEmpty ? nil : present.reduce(0, +) / Double(losses.count)
  }

  /// Continuous ranked probability score, as far as the quantiles that are there say: the mean of
  /// twice their pinball losses. That is the weighted interval score of Bracher, Ray, Gneiting &
  /// Reich (2021), which tends to the score with the number of evenly spaced quantiles.
  ///
  /// In the unit of the values; that of a forecast without bands is its mean absolute error.
  public static func crps(
    actual: [Double], forecast: [Double], intervals: [PredictionInterval]
  ) -> Double? {
    pinball(actual: actual, forecast: forecast, intervals: intervals).map { 2 * $0 }
  }

  /// Mean scaled interval score of M4 (Gneiting & Raftery 2007): the band's width, and for each value
  /// outside 2/α times its distance to the band, over the seasonal naive error of the training part;
  /// α is 1 − level / 100.
  public static func msis(
    actual: [Double], interval: PredictionInterval, training: [Double], season: Int
  ) -> Double? {
    msis(actual: actual, interval: interval, scale: SeriesScale(of: training, season: season))
  }

  static func msis(
    actual: [Double], interval: PredictionInterval, scale: SeriesScale
  ) -> Double? {
    let tail = 1 - interval.level / 100
    let widths = mean(interval.upper, interval.lower, where: actual) { $0 - $1 }
    let below = mean(actual, interval.lower) { max($1 - $0, 0) }
    let above = mean(actual, interval.upper) { max($0 - $1, 0) }
    guard let widths, let below, let above else { return nil }
    return ratio(widths + 2 / tail * (below + above), scale.absolute)
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
    mean(actual, forecast, where: actual, of: error)
  }

  /// The mean over the steps at which something happened.
  private static func mean(
    _ first: [Double], _ second: [Double], where actual: [Double],
    of error: (Double, Double) -> Double
  ) -> Double? {
    precondition(
      first.count == second.count && actual.count == first.count,
      "\(first.count) values and \(second.count) forecasts")
    var sum = 0.0
    var count = 0.0
    for step in first.indices where !actual[step].isNaN {
      sum += error(first[step], second[step])
      count += 1
    }
    return count > 0 ? sum / count : nil
  }

  private static func ratio(_ error: Double?, _ scale: Double?) -> Double? {
    guard let error, let scale, scale > 0 else { return nil }
    return error / scale
  }
}
