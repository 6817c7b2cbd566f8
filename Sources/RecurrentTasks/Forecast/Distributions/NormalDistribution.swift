#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The normal distribution of mean 0 and deviation 1. Its quantile is `normalQuantile`.
package enum NormalDistribution {
  /// The probability of a number of at most z.
  package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The mean of |Z − z| less half the mean of |Z − Z′|, for normal Z and Z′: the continuous ranked
  /// probability score of the number z. That of x under mean m and deviation σ is σ times that of
  /// (x − m) / σ.
  ///
  /// Source: Gneiting & Raftery (2007).
  package static func crps(_ z: Double) -> Double {
    let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
    return z * (2 * cumulative(z) - 1) + 2 * density - 1 / Double.pi.squareRoot()
  }
}
