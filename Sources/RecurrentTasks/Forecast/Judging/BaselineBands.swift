import RecurrentCore

/// How far off a baseline was on a series until now, as bands around its next forecasts.
///
/// It forecasts anew from up to a hundred earlier origins. Its errors have a spread at each step, and
/// over their spread a distribution: the bands are the quantiles of that, drawn towards those of the
/// normal distribution where the errors are few.
struct BaselineBands: Sendable {
  /// The usual size of the error at each step.
  let spreads: [Double]
  /// By level, in spreads.
  private let bounds: [(level: Double, lower: Double, upper: Double)]

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
    bounds = levels.map { level in
      func bound(_ probability: Double) -> Double {
        let normal = NormalDistribution.quantile(probability)
        guard !ratios.isEmpty else { return normal }
        return (independent * Self.quantile(ratios, probability) + 5 * normal) / (independent + 5)
      }
      return (level, min(bound(0.5 - level / 200), 0), max(bound(0.5 + level / 200), 0))
    }
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
      if counts[step] > 0 { last = (squares[step] + 5 * overall) / (counts[step] + 5) }
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
  func intervals(around forecasts: [Double]) -> [PredictionInterval] {
    func moved(_ bound: Double) -> [Double] {
      forecasts.indices.map { forecasts[$0] + bound * spreads[$0 % spreads.count] }
    }
    return bounds.map {
      PredictionInterval(level: $0.level, lower: moved($0.lower), upper: moved($0.upper))
    }
  }
}
