#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far the bounds of a forecaster must be moved so that they hold as much as they say, judged by
/// what happened where it had not been fitted: for each level and step of the horizon, and for each
/// side, what the distance from the centre to the bound is multiplied with.
///
/// The score of a value for the lower bound is how far below the centre it is, in units of the
/// distance to that bound; that for the upper one likewise. Of n scores the ⌈(n + 1)(1 − α/2)⌉th,
/// in order, is the factor with which a new value lies beyond that bound in a part α/2 of all cases
/// at most, whatever the errors' distribution, if it is as likely to come at any place of the order.
/// Each side is calibrated on its own, so that bands may become lopsided.
///
/// Of few scores that quantile says little, or nothing where it is beyond the largest of them. So a
/// step's factor is drawn towards that of all steps together, and that one towards `prior`: the
/// geometric mean with weights τ² : v, where v is the variance of such a quantile's logarithm for
/// exponential errors, (1 − q) / (n q log² q) with q = α/2, and τ how far off factors commonly are.
/// Scores count as far as they have a fate of their own.
///
/// Source: Romano, Patterson & Candès, Conformalized Quantile Regression (2019), section 4 on sides.
package struct ConformalCalibration: Sendable, Hashable {
  /// Percent that each band should hold, ascending.
  package let levels: [Double]
  /// The factors of the lower bounds: [levels][horizon].
  package private(set) var below: [[Double]]
  /// The factors of the upper ones.
  package private(set) var above: [[Double]]

  /// Factors stay within a tenth and ten.
  private static let factors = 0.1...10.0
  /// τ²: factors are commonly off by a third.
  private static let commonVariance = 0.09

  /// - Parameters:
  ///   - levels: Percent that each band should hold, ascending.
  ///   - horizon: Steps of a forecast.
  ///   - actual: What happened, window by window: windows · horizon. NaN where that is not known.
  ///   - bounds: What was forecast, for the same places.
  ///   - overlap: How many windows share a fate, as those do that begin one step apart: up to
  ///     `horizon`.
  ///   - prior: The factor where nothing is known.
  package init(
    levels: [Double], horizon: Int, actual: [Double], bounds: ForecastBounds, overlap: Double = 1,
    prior: Double = 1
  ) {
    precondition(
      horizon > 0 && actual.count % horizon == 0 && bounds.centre.count == actual.count
        && bounds.lower.count == levels.count && bounds.upper.count == levels.count,
      "\(actual.count) values do not match the forecasts for a horizon of \(horizon)")
    precondition(overlap >= 1 && prior > 0, "An overlap of \(overlap) and a prior of \(prior)")
    self.levels = levels
    (below, above) = ([], [])
    for (index, level) in levels.enumerated() {
      func factors(_ bound: [Double], _ sign: Double) -> [Double] {
        let scores = (0..<horizon).map { step in
          stride(from: step, to: actual.count, by: horizon).compactMap { place in
            Self.score(
              sign * (actual[place] - bounds.centre[place]),
              width: sign * (bound[place] - bounds.centre[place]))
          }
        }
        return Self.factors(
          scores, tail: 0.5 - level / 200, overlap: overlap, prior: prior)
      }
      below.append(factors(bounds.lower[index], -1))
      above.append(factors(bounds.upper[index], 1))
    }
  }

  /// Factors that are known, [levels][horizon] each.
  package init(levels: [Double], below: [[Double]], above: [[Double]]) {
    precondition(
      below.count == levels.count && above.count == levels.count,
      "\(levels.count) levels and factors for \(below.count) and \(above.count)")
    self.levels = levels
    self.below = below
    self.above = above
  }

  /// The same factor for every level, step and side.
  package init(levels: [Double], horizon: Int, factor: Double) {
    let factors = levels.map { _ in [Double](repeating: factor, count: horizon) }
    self.init(levels: levels, below: factors, above: factors)
  }

  /// The bounds moved, a wider level never within a narrower one.
  ///
  /// - Parameter bounds: Rows · horizon places.
  package func applied(to bounds: ForecastBounds) -> ForecastBounds {
    var result = bounds
    for index in levels.indices {
      let horizon = below[index].count
      for place in bounds.centre.indices {
        let (centre, step) = (bounds.centre[place], place % horizon)
        var lower = centre - below[index][step] * (centre - bounds.lower[index][place])
        var upper = centre + above[index][step] * (bounds.upper[index][place] - centre)
        if index > 0 {
          lower = min(lower, result.lower[index - 1][place])
          upper = max(upper, result.upper[index - 1][place])
        }
        result.lower[index][place] = lower
        result.upper[index][place] = upper
      }
    }
    return result
  }

  /// How far on the bound's side of the centre a value is, in units of the bound's distance; nil
  /// where it is not known.
  private static func score(_ distance: Double, width: Double) -> Double? {
    if distance.isNaN || width.isNaN { return nil }
    // A bound at the centre holds what is on the other side, and no factor makes it hold more.
    return width > 0 ? distance / width : distance > 0 ? .infinity : 0
  }

  private static func factors(
    _ scores: [[Double]], tail: Double, overlap: Double, prior: Double
  ) -> [Double] {
    func drawn(_ scores: [Double], towards other: Double) -> Double {
      guard let own = quantile(scores, tail: tail) else { return other }
      let beyond = Double(scores.count) / overlap * tail
      let variance = (1 - tail) / (beyond * log(tail) * log(tail))
      let weight = commonVariance / (commonVariance + variance)
      return exp(weight * log(own) + (1 - weight) * log(other))
    }
    let common = drawn(scores.flatMap { $0 }, towards: prior)
    return scores.map { drawn($0, towards: common) }
  }

  /// The score of which a part `tail` of all is beyond at most, the largest where that is not known;
  /// nil for no scores.
  private static func quantile(_ scores: [Double], tail: Double) -> Double? {
    if scores.isEmpty { return nil }
    // A rank that is whole but for rounding is whole.
    let rank = Int((Double(scores.count + 1) * (1 - tail) - 1e-9).rounded(.up))
    let found = scores.sorted()[min(rank, scores.count) - 1]
    return min(max(found, factors.lowerBound), factors.upperBound)
  }
}
