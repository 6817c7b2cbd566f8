#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Φ⁻¹(p), the quantile of the standard normal distribution, by bisection of erf: exact to a few
/// units in the last place, and slow.
func normalQuantile(_ probability: Double) -> Double {
  var (low, high) = (-10.0, 10.0)
  for _ in 0..<80 {
    let middle = (low + high) / 2
    if 0.5 * (1 + erf(middle / 2.0.squareRoot())) < probability {
      low = middle
    } else {
      high = middle
    }
  }
  return low
}

/// x with ln(1 + eˣ) = y, for y > 0.
func inverseSoftplus(_ y: Double) -> Double { log(expm1(y)) }
