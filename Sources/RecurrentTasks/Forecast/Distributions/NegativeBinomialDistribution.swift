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
  package func quantile(_ p: Double) -> Int { quantiles([p])[0] }

  /// The quantiles of several levels, which take little longer than one where counts are small.
  ///
  /// - Parameter levels: Ascending.
  package func quantiles(_ levels: [Double]) -> [Int] {
    precondition(
      levels.allSatisfy { $0 > 0 && $0 < 1 } && zip(levels, levels.dropFirst()).allSatisfy(<=),
      "Quantiles' levels are between 0 and 1 and ascending, not \(levels)")
    if mean == 0 { return levels.map { _ in 0 } }
    return summed(levels) ?? levels.map(searched)
  }

  // A level that is met but for rounding is met.
  private static let rounding = 1 - 1e-12

  /// By adding up probabilities from that of 0 on; nil where there are too many, or the first is too
  /// small.
  private func summed(_ levels: [Double]) -> [Int]? {
    let first = -size * log1p(mean / size)
    guard deviation < 100, mean < 500, first > -600 else { return nil }
    let odds = mean / (size + mean)
    var result: [Int] = []
    var probability = exp(first)
    var sum = probability
    var count = 0
    while result.count < levels.count {
      if sum >= levels[result.count] * Self.rounding {
        result.append(count)
        continue
      }
      // So far out only the searches know more.
      guard probability > sum * 1e-17 || Double(count) < mean else { return nil }
      let k = Double(count)
      probability *= (size + k) / (k + 1) * odds
      sum += probability
      count += 1
    }
    return result
  }

  private var deviation: Double { (mean + mean * mean / size).squareRoot() }

  /// Begun at the normal quantile, corrected for the skewness; then steps that double, away from
  /// there to the other side of the level, and halves of what lies between.
  private func searched(_ p: Double) -> Int {
    func reaches(_ k: Int) -> Bool { cumulative(k) >= p * Self.rounding }
    let z = NormalDistribution.quantile(p)
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
