import RecurrentCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a network does on windows it was not trained on: how much it should count, and how wide its
/// bands should be.
struct Validation {
  private let windows: ForecastWindows
  private let head: ForecastHead
  private let answers: ForecastBounds
  /// How many windows of one series share their fate.
  private let overlap: Double
  private let rescaling: [[Double]]
  /// Stretches of a horizon that were judged.
  private let stretches: Int
  /// How much of the network's forecast is added to the base's.
  let blend: Double

  /// - Parameters:
  ///   - windows: As many for each series, in order, spread over the values held out.
  ///   - blocks: For each series.
  ///   - held: Values held out of each series.
  ///   - rescaling: For each window, for each step, how the final base's errors compare.
  init(
    _ network: ForecastNetwork, _ windows: ForecastWindows, blocks: Int, perSeries: Int,
    held: Int, rescaling: [[Double]], _ context: ComputeContext
  ) {
    head = network.head
    answers = windows.answers(of: network, on: context)
    self.windows = windows
    self.rescaling = rescaling
    // Origins lie held / perSeries steps apart.
    overlap = max(1, Double(windows.horizon * perSeries) / Double(max(held, 1)))
    let series = windows.count / perSeries
    stretches = max(1, series * blocks)
    blend = Self.blend(
      answers.centre, windows,
      block: { $0 / perSeries * blocks + $0 % perSeries * blocks / perSeries })
  }

  /// The part, of five, with which the mean absolute error is least; less of it the less surely it
  /// does better than none, and drawn towards a quarter where there is little to judge by.
  private static func blend(
    _ centre: [Double], _ windows: ForecastWindows, block: (Int) -> Int
  ) -> Double {
    func error(_ part: Double, _ place: Int) -> Double {
      (Double(windows.targets[place]) - part * centre[place]).magnitude
    }
    let places = windows.targets.indices.filter { windows.masks[$0] > 0 }
    guard !places.isEmpty else { return 0.25 }
    let parts = [0, 0.25, 0.5, 0.75, 1]
    let best = parts.min { a, b in
      places.reduce(0) { $0 + error(a, $1) } < places.reduce(0) { $0 + error(b, $1) }
    }!
    var gains = BlockMeans<Int>()
    for place in places {
      gains.add(error(0, place) - error(best, place), to: block(place / windows.horizon))
    }
    var certainty = 1.0
    if gains.count >= 3, best > 0, let standardError = gains.standardError {
      let score = gains.mean / (standardError + 1e-12)
      certainty = score > 0 ? max(0, 1 - 1 / (score * score)) : 0
    }
    let blocks = Double(gains.count)
    // A prior of a quarter that weighs as much as four blocks.
    return (best * certainty * blocks + 0.25 * 4) / (blocks + 4)
  }

  /// The mean absolute error of base and network, in units of the base's errors.
  var error: Double {
    var (sum, count) = (0.0, 0.0)
    for place in windows.targets.indices where windows.masks[place] > 0 {
      sum += (Double(windows.targets[place]) - blend * answers.centre[place]).magnitude
      count += 1
    }
    return count > 0 ? sum / count : .infinity
  }

  /// What the network adds to the base's forecasts as far as it counts, [windows, horizon].
  var corrections: [Double] { answers.centre.map { blend * $0 } }

  /// How the bands are to be moved so that they hold as much as they say.
  ///
  /// Where few stretches of a horizon were judged, hardly more is known than that errors are larger
  /// than on what was fitted to, and how much larger differs from series to series: bands are wide.
  func calibration(_ levels: [Double]) -> ConformalCalibration {
    let horizon = windows.horizon
    let bounds = head.blended(answers, part: blend)
    let actual = windows.targets.indices.map { place in
      guard windows.masks[place] > 0 else { return Double.nan }
      // Errors of a base that knew less are larger than those of the final one will be.
      let (window, step) = place.quotientAndRemainder(dividingBy: horizon)
      let error = Double(windows.targets[place]) - bounds.centre[place]
      return bounds.centre[place] + error * (rescaling.isEmpty ? 1 : rescaling[window][step])
    }
    return ConformalCalibration(
      levels: levels, horizon: horizon, actual: actual, bounds: bounds, overlap: overlap,
      prior: 1.2 + (Self.unjudgedFactor - 1.2) / Double(stretches).squareRoot())
  }

  /// How much wider bands are where nothing was judged: with this 80 % of what happened lay in bands of
  /// 80 %, and 88 % in those of 95 %, in 400 pieces of 22 to 48 months of other series.
  static let unjudgedFactor = 2.7
}
