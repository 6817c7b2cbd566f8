#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// x with ln(1 + eˣ) = y, for y > 0.
func inverseSoftplus(_ y: Double) -> Double { log(expm1(y)) }
