/// How the numbers a network speaks of stand to a series' values: y = location + scale · z.
///
/// The location is a plain forecast of y and the scale its usual (mean absolute) error, each
/// [rows, horizon]: as tensors where a network is trained, as Doubles in row-major order where it
/// forecasts.
package struct ForecastFrame<Numbers: Sendable>: Sendable {
  package var location: Numbers
  package var scale: Numbers

  package init(location: Numbers, scale: Numbers) {
    self.location = location
    self.scale = scale
  }
}

extension ForecastFrame<[Double]> {
  /// The frame in which a value is its own z.
  package static func unit(_ places: Int) -> ForecastFrame {
    ForecastFrame(
      location: [Double](repeating: 0, count: places),
      scale: [Double](repeating: 1, count: places))
  }
}
