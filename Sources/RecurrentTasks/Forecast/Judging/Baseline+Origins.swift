extension Baseline {
  /// What ``forecast(history:horizon:season:)`` says at each of some origins, of the values before it,
  /// in one pass: row-major [origins, horizon].
  ///
  /// - Parameters:
  ///   - origins: Ascending, each 0 … values.count.
  ///   - refits: Whether what has parameters is fitted anew at each origin, or once, to what comes
  ///     before the first one.
  package func forecasts(
    of values: [Double], origins: [Int], horizon: Int, season: Int, refits: Bool = true
  ) -> [Double] {
    if isFitted {
      guard refits else {
        return FittedBaseline(self, to: Array(values[..<(origins.first ?? 0)]), season: season)
          .forecasts(of: values, origins: origins, horizon: horizon)
      }
      return origins.flatMap {
        forecast(history: Array(values[..<$0]), horizon: horizon, season: season)
      }
    }
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    var place = 0
    var first: Int?
    var last = 0
    var sum = 0.0
    var count = 0.0
    for origin in origins {
      while place < origin {
        if !values[place].isNaN {
          if first == nil { first = place }
          last = place
          sum += values[place] - values[first!]
          count += 1
        }
        place += 1
      }
      guard let first else {
        result += Array(repeating: .nan, count: horizon)
        continue
      }
      switch self {
      case .naive: result += Array(repeating: values[last], count: horizon)
      case .mean: result += Array(repeating: values[first] + sum / count, count: horizon)
      case .drift:
        let slope = first < last ? (values[last] - values[first]) / Double(last - first) : 0
        result += (0..<horizon).map { values[last] + slope * Double(origin - last + $0) }
      case .seasonalNaive:
        for step in 0..<horizon {
          var index = origin + step % season - season
          while index >= 0, values[index].isNaN { index -= season }
          result.append(index >= 0 ? values[index] : values[last])
        }
      case .naive2, .theta, .ets: preconditionFailure("\(self) has been fitted")
      }
    }
    return result
  }
}
