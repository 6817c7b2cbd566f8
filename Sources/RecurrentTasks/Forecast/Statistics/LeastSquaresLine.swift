/// The line of least squares through values at t = 1, 2, …: start + slope · t.
struct LeastSquaresLine: Sendable, Hashable {
  /// Of the values.
  let mean: Double
  let start, slope: Double

  /// - Parameter values: NaN where missing; 0 is the line through none.
  init(through values: some Collection<Double>) {
    var count = 0.0
    var (time, value) = (0.0, 0.0)
    for (place, y) in values.enumerated() where !y.isNaN {
      count += 1
      time += Double(place + 1)
      value += y
    }
    (time, value) = (time / max(count, 1), value / max(count, 1))
    var products = 0.0
    var squares = 0.0
    for (place, y) in values.enumerated() where !y.isNaN {
      let t = Double(place + 1) - time
      products += t * (y - value)
      squares += t * t
    }
    mean = value
    slope = squares > 0 ? products / squares : 0
    start = value - slope * time
  }
}
