/// The last season again, plus what a season usually adds, as far as that is clear.
///
/// With d_t = y_t − y_{t−m} before the origin, μ their mean and v their variance (for m = 1 that of
/// the mean), the forecast k steps ahead is the last value seen at its phase plus g ⌈k/m⌉, where
/// g = μ · μ²/(μ² + v): the drift, shrunk towards none where the differences do not agree on it.
struct SeasonalDrift: Sendable, Hashable {
  var season: Int

  /// Forecasts from before each origin, row-major [origins, horizon]; NaN at a phase never seen.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    var last = [Double](repeating: .nan, count: season)
    var differences = Differences()
    var time = 0
    for origin in origins {
      while time < origin {
        let value = values[time]
        if time >= season { differences.add(value - values[time - season]) }
        if !value.isNaN { last[time % season] = value }
        time += 1
      }
      let drift = differences.drift(season: season)
      for step in 0..<horizon {
        result.append(last[(origin + step) % season] + drift * Double(step / season + 1))
      }
    }
    return result
  }

  /// The differences so far.
  private struct Differences {
    var count = 0.0
    var sum = 0.0
    var squares = 0.0

    mutating func add(_ difference: Double) {
      guard !difference.isNaN else { return }
      count += 1
      sum += difference
      squares += difference * difference
    }

    func drift(season: Int) -> Double {
      guard count >= Double(max(2, min(season, 12))) else { return 0 }
      let mean = sum / count
      let square = mean * mean
      var variance = max(squares / count - square, 0)
      // Less is rounding.
      if variance < 1e-12 * square { variance = 0 }
      if season == 1 { variance /= count }
      let drift = mean * square / (square + variance)
      return drift.isFinite ? drift : 0
    }
  }
}
