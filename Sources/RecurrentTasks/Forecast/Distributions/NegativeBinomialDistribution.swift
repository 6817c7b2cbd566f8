import RecurrentCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The negative binomial distribution of counts 0, 1, 2, … with mean μ and dispersion α: its variance
/// is μ + α μ². With α = 0 it is Poisson's.
package struct NegativeBinomialDistribution: Sendable, Hashable {
  package let mean: Double
  package let dispersion: Double
  /// 1 / α, the number of successes in the distribution's textbook form. A dispersion below 1e-9 is
  /// taken for that.
  private let size: Double

  /// - Parameters:
  ///   - mean: μ ≥ 0.
  ///   - dispersion: α ≥ 0.
  package init(mean: Double, dispersion: Double) {
    precondition(
      mean >= 0 && mean.isFinite && dispersion >= 0 && dispersion.isFinite,
      "A mean and a dispersion are not negative, found \(mean) and \(dispersion)")
    self.mean = mean
    self.dispersion = dispersion
    size = 1 / max(dispersion, 1e-9)
  }

  /// The probability of a count of at most k.
  package func cumulative(_ k: Int) -> Double {
    if k < 0 { return 0 }
    if mean == 0 { return 1 }
    return regularizedBeta(size, Double(k) + 1, logOdds: log(size / mean)).below
  }

  /// The smallest count k with which at most k has a probability of p or more, 0 < p < 1.
  package func quantile(_ p: Double) -> Int {
    precondition(p > 0 && p < 1, "A quantile's level is between 0 and 1, not \(p)")
    if mean == 0 { return 0 }
    // A level that is met but for rounding is met.
    func reaches(_ k: Int) -> Bool { cumulative(k) >= p * (1 - 1e-12) }
    // Begun at the normal quantile, corrected for the skewness; then steps that double, away from
    // there to the other side of the level, and halves of what lies between.
    let deviation = (mean + mean * mean / size).squareRoot()
    let z = normalQuantile(p)
    let skewness = (1 + 2 * mean / size) / deviation
    let start = mean + deviation * (z + skewness * (z * z - 1) / 6)
    // Beyond what an Int can count there is nothing to search for.
    guard start.magnitude < 1e15 else { return start < 0 ? 0 : Int(1e15) }
    let first = max(0, Int(start.rounded()))
    // `low` never reaches the level, `high` does.
    var (low, high): (Int, Int)
    var stride = 1
    if reaches(first) {
      (low, high) = (first - 1, first)
      while low >= 0, reaches(low) {
        high = low
        stride *= 2
        low = max(low - stride, -1)
      }
    } else {
      (low, high) = (first, first + 1)
      while !reaches(high) {
        low = high
        stride *= 2
        high += stride
      }
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if reaches(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
