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
  private let centre: [Float]
  private let below: [Float]
  private let above: [Float]
  private let levelCount: Int
  /// Blocks of neighbouring windows of one series, which share their fate.
  private let blockCount: Int
  /// How many horizons long all held-out parts are together.
  private let horizons: Double
  private let rescaling: [[Double]]
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
    let answers = windows.answers(of: network, on: context)
    self.windows = windows
    self.rescaling = rescaling
    centre = answers.centre
    below = answers.below
    above = answers.above
    levelCount = centre.isEmpty ? 0 : below.count / centre.count
    let series = windows.count / perSeries
    blockCount = series * blocks
    horizons = Double(series) * Double(held) / Double(windows.horizon)
    blend = Self.blend(
      centre, windows, blockCount: blockCount,
      block: { $0 / perSeries * blocks + $0 % perSeries * blocks / perSeries })
  }

  /// The part, of five, with which the mean absolute error is least; less of it the less surely it
  /// does better than none, and drawn towards a quarter where there is little to judge by.
  private static func blend(
    _ centre: [Float], _ windows: ForecastWindows, blockCount: Int, block: (Int) -> Int
  ) -> Double {
    func error(_ part: Double, _ place: Int) -> Double {
      (Double(windows.targets[place]) - part * Double(centre[place])).magnitude
    }
    let places = windows.targets.indices.filter { windows.masks[$0] > 0 }
    guard !places.isEmpty else { return 0.25 }
    let parts = [0, 0.25, 0.5, 0.75, 1]
    let best = parts.min { a, b in
      places.reduce(0) { $0 + error(a, $1) } < places.reduce(0) { $0 + error(b, $1) }
    }!
    var gains = [Double](repeating: 0, count: blockCount)
    var counts = gains
    for place in places {
      let block = block(place / windows.horizon)
      gains[block] += error(0, place) - error(best, place)
      counts[block] += 1
    }
    let means = zip(gains, counts).map { $0 / max($1, 1) }
    let blocks = Double(blockCount)
    var certainty = 1.0
    if blockCount >= 3, best > 0 {
      let mean = means.reduce(0, +) / blocks
      let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (blocks - 1)
      let score = mean / ((variance / blocks).squareRoot() + 1e-12)
      certainty = score > 0 ? max(0, 1 - 1 / (score * score)) : 0
    }
    // A prior of a quarter that weighs as much as four blocks.
    return (best * certainty * blocks + 0.25 * 4) / (blocks + 4)
  }

  /// The mean absolute error of base and network, in units of the base's errors.
  var error: Double {
    var (sum, count) = (0.0, 0.0)
    for place in windows.targets.indices where windows.masks[place] > 0 {
      sum += (Double(windows.targets[place]) - blend * Double(centre[place])).magnitude
      count += 1
    }
    return count > 0 ? sum / count : .infinity
  }

  /// What the network adds to the base's forecasts as far as it counts, [windows, horizon].
  var corrections: [Double] { centre.map { blend * Double($0) } }

  /// For each level what the widths must be multiplied with to hold as much as they say, drawn
  /// towards 1.2 where there is little to judge by; a wider level is never narrower.
  func widening(_ levels: [Double]) -> [Double] {
    var result: [Double] = []
    for (index, level) in levels.enumerated() {
      var scores: [Double] = []
      for place in windows.targets.indices where windows.masks[place] > 0 {
        let error = Double(windows.targets[place]) - blend * Double(centre[place])
        let width = (error > 0 ? above : below)[place * levelCount + index]
        let (window, step) = place.quotientAndRemainder(dividingBy: windows.horizon)
        scores.append(error.magnitude / Double(width) * rescaling[window][step])
      }
      guard !scores.isEmpty else {
        result.append(max(1.3, result.last ?? 0))
        continue
      }
      let found = log(max(Self.quantile(scores, level / 100), 1e-6))
      let drawn = exp((horizons * found + 4 * log(1.2)) / (horizons + 4))
      result.append(max(min(max(drawn, 0.8), 3), result.last ?? 0))
    }
    return result
  }

  /// Between the two nearest values, in a line.
  private static func quantile(_ values: [Double], _ probability: Double) -> Double {
    let sorted = values.sorted()
    let position = probability * Double(sorted.count - 1)
    let low = Int(position)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (position - Double(low)) * (sorted[high] - sorted[low])
  }
}
