/// A linear regression of each value on some that precede it.
///
/// With x = (y − mean) / deviation and the lags l_1 < l_2 < …:
///
///     x̂_t = c_1 x_{t−l_1} + c_2 x_{t−l_2} + … + c_0
///
/// Forecasts stand in for the values behind the origin; before the first value there is the first.
/// A sum of sines and polynomials is continued exactly with enough lags, whatever its periods.
struct Autoregression: Sendable, Hashable {
  /// Ascending.
  var lags: [Int]
  /// One for each lag.
  var coefficients: [Double]
  /// c_0.
  var intercept: Double
  var mean: Double
  var deviation: Double

  /// Forecasts from before each origin, row-major [origins, horizon]; NaN at origin 0.
  ///
  /// - Parameters:
  ///   - values: None missing.
  ///   - origins: Each 0 … values.count.
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    let reach = lags[lags.count - 1]
    let scaled = values.map { ($0 - mean) / deviation }
    // The values before the origin, then the forecasts.
    var track = [Double](repeating: 0, count: reach + horizon)
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    for origin in origins {
      guard origin > 0 else {
        result.append(contentsOf: repeatElement(.nan, count: horizon))
        continue
      }
      for place in 0..<reach { track[place] = scaled[max(origin - reach + place, 0)] }
      for place in reach..<reach + horizon {
        var sum = 0.0
        for index in lags.indices { sum += coefficients[index] * track[place - lags[index]] }
        track[place] = sum + intercept
      }
      // An unstable regression leaves the candidates by its size; it must not overflow first.
      for forecast in track[reach...] {
        result.append(min(max(forecast, -1e6), 1e6) * deviation + mean)
      }
    }
    return result
  }
}
