import RecurrentCore

/// How far off a baseline was on a series until now, as bands around its next forecasts.
///
/// It forecasts anew from up to a hundred earlier origins. Its errors have a spread at each step, and
/// over their spread a distribution: the bands are the quantiles of that, drawn towards those of the
/// normal distribution where the errors are few. A method that has deviations of its own is believed
/// to that extent: errors on what it was fitted to are too small.
struct BaselineBands: Sendable {
  /// The usual size of the error at each step.
  let spreads: [Double]
  private let bands: [(level: Double, lower: Bound, upper: Bound)]

  private struct Bound: Sendable {
    /// What the errors say, in spreads, and the normal distribution, in deviations.
    var seen, believed: Double
  }

  /// As many independent errors count as much as the normal distribution.
  private static let belief = 5.0

  /// - Parameter series: What is before the first forecast; the baseline's errors are seen in it.
  init(
    _ baseline: FittedBaseline, on series: ForecastSeries, horizon: Int, season: Int,
    levels: [Double]
  ) {
    let values = series.observed
    let first = min(
      max(season + 1, values.count / 4, baseline.firstOrigin + season + 1), values.count)
    let origins = (first..<values.count).thinned(to: 100)
    let forecasts = series.atOrigins(origins) {
      baseline.forecasts(of: $0, origins: $1, horizon: horizon)
    }
    var errors: [(step: Int, error: Double)] = []
    for (row, origin) in origins.enumerated() {
      for step in 0..<min(horizon, values.count - origin) {
        let error = values[origin + step] - forecasts[row * horizon + step]
        if error.isFinite { errors.append((step, error)) }
      }
    }
    spreads = Self.spreads(errors, horizon: horizon)
    // Errors of one forecast go together, and so do those of neighbouring ones.
    let independent = Double(values.count - first) / Double(min(horizon, max(values.count, 1)))
    let ratios = errors.compactMap { [spreads] error in
      spreads[error.step] > 0 ? error.error / spreads[error.step] : nil
    }.sorted()
    let belief = ratios.isEmpty ? 1 : Self.belief / (independent + Self.belief)
    func bound(_ probability: Double) -> Bound {
      Bound(
        seen: ratios.isEmpty ? 0 : (1 - belief) * Self.quantile(ratios, probability),
        believed: belief * NormalDistribution.quantile(probability))
    }
    bands = levels.map { ($0, bound(0.5 - $0 / 200), bound(0.5 + $0 / 200)) }
  }

  /// The root mean square at each step, drawn towards that of all steps where there are few errors.
  private static func spreads(_ errors: [(step: Int, error: Double)], horizon: Int) -> [Double] {
    var squares = [Double](repeating: 0, count: horizon)
    var counts = squares
    for (step, error) in errors {
      squares[step] += error * error
      counts[step] += 1
    }
    let overall = errors.isEmpty ? 0 : squares.reduce(0, +) / Double(errors.count)
    var last = overall
    return (0..<horizon).map { step in
      if counts[step] > 0 {
        last = (squares[step] + belief * overall) / (counts[step] + belief)
      }
      return last.squareRoot()
    }
  }

  /// Between the two nearest values, in a line.
  private static func quantile(_ sorted: [Double], _ probability: Double) -> Double {
    let position = probability * Double(sorted.count - 1)
    let low = Int(position)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (position - Double(low)) * (sorted[high] - sorted[low])
  }

  /// The bands around forecasts, row-major [origins, horizon].
  ///
  /// - Parameter deviations: Of the values to come, likewise, empty where the method knows of none.
  func intervals(around forecasts: [Double], _ deviations: [Double]) -> [PredictionInterval] {
    func distances(_ bound: Bound) -> [Double] {
      forecasts.indices.map { place in
        let spread = spreads[place % spreads.count]
        let deviation = deviations.isEmpty ? spread : deviations[place]
        return bound.seen * spread + bound.believed * (deviation.isFinite ? deviation : spread)
      }
    }
    return bands.map { band in
      PredictionInterval(
        level: band.level,
        lower: zip(forecasts, distances(band.lower)).map { $0 + min($1, 0) },
        upper: zip(forecasts, distances(band.upper)).map { $0 + max($1, 0) })
    }
  }
}
