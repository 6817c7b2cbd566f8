/// A baseline without parameters: what it says follows from the values before an origin alone.
enum PlainBaseline: Sendable {
  case naive, drift, mean
  case seasonalNaive(season: Int)

  /// Forecasts from before each origin in one pass, row-major [origins, horizon]; NaN before the first
  /// value.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    var past = Past(values)
    return origins.flatMap { origin in
      past.advance(to: origin)
      return (0..<horizon).map { forecast(after: past, step: $0) }
    }
  }

  /// The value of a step after an origin, the first of which is 0.
  private func forecast(after past: Past, step: Int) -> Double {
    guard let first = past.first, let last = past.last else { return .nan }
    let values = past.values
    switch self {
    case .naive: return values[last]
    case .mean: return past.mean
    case .drift:
      guard first < last else { return values[last] }
      let slope = (values[last] - values[first]) / Double(last - first)
      return values[last] + slope * Double(past.origin - last + step)
    case .seasonalNaive(let season):
      var place = past.origin + step % season - season
      while place >= 0, values[place].isNaN { place -= season }
      return place >= 0 ? values[place] : values[last]
    }
  }
}

/// The observed values before an origin.
private struct Past {
  let values: [Double]
  private(set) var origin = 0
  /// The places of the first observed value and the last.
  private(set) var first, last: Int?
  private var sum = 0.0
  private var count = 0.0

  init(_ values: [Double]) { self.values = values }

  mutating func advance(to origin: Int) {
    for place in self.origin..<origin where !values[place].isNaN {
      first = first ?? place
      last = place
      sum += values[place] - values[first!]
      count += 1
    }
    self.origin = origin
  }

  /// Around the first value, so that a constant's mean is the constant to the bit.
  var mean: Double { first.map { values[$0] + sum / count } ?? .nan }
}
