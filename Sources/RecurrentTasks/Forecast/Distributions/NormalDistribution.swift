#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The normal distribution of mean 0 and deviation 1.
package enum NormalDistribution {
  /// The probability of a number of at most z.
  package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The number below which a part p of the distribution is, 0 < p < 1; to the last few bits.
  ///
  /// Abramowitz and Stegun's 26.2.23, good to three digits, and two steps of Halley's method, each of
  /// which makes them three times as many.
  package static func quantile(_ p: Double) -> Double {
    precondition(p > 0 && p < 1, "A quantile's level is between 0 and 1, not \(p)")
    if p == 0.5 { return 0 }
    let tail = min(p, 1 - p)
    let t = (-2 * log(tail)).squareRoot()
    var z =
      t - ((0.010328 * t + 0.802853) * t + 2.515517)
      / (((0.001308 * t + 0.189269) * t + 1.432788) * t + 1)
    for _ in 0..<2 {
      let excess = 0.5 * erfc(z / 2.0.squareRoot()) - tail
      let step = excess * (2 * Double.pi).squareRoot() * exp(z * z / 2)
      z += step / (1 - step * z / 2)
    }
    return p < 0.5 ? -z : z
  }
}
