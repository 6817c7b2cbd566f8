import RecurrentCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Both parts of the beta distribution: I_x(a, b), the probability up to x, and what is left of 1.
/// The smaller of the two has all its digits.
///
/// The number x between 0 and 1 is given by its odds, so that neither x nor 1 − x loses any.
/// Source: Lentz's evaluation of the continued fraction 8.17.22 of the NIST handbook.
/// - Parameter logOdds: log (x / (1 − x)).
func regularizedBeta(
  _ a: Double, _ b: Double, logOdds: Double
) -> (below: Double, above: Double) {
  let (logX, logY) = (-softplus(-logOdds), -softplus(logOdds))
  let (small, large) = (min(a, b), max(a, b))
  let logBeta = logGamma(small) - logGammaRise(large, by: small)
  let factor = exp(a * logX + b * logY - logBeta)
  if exp(logX) < (a + 1) / (a + b + 2) {
    let below = factor * betaFraction(a, b, exp(logX)) / a
    return (below, 1 - below)
  }
  let above = factor * betaFraction(b, a, exp(logY)) / b
  return (1 - above, above)
}

/// log(1 + eˣ)
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-x.magnitude)) }

private func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
  func kept(_ x: Double) -> Double { x.magnitude < 1e-300 ? 1e-300 : x }
  var c = 1.0
  var d = 1 / kept(1 - (a + b) * x / (a + 1))
  var result = d
  for step in 1...1_000_000 {
    let m = Double(step)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / kept(1 + even * d)
    c = kept(1 + even / c)
    result *= d * c
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / kept(1 + odd * d)
    c = kept(1 + odd / c)
    result *= d * c
    if (d * c - 1).magnitude < 1e-15 { break }
  }
  return result
}
