// The C library's functions under names that do not meet those of the cell language.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func exponential(_ x: Double) -> Double { exp(x) }
func naturalLogarithm(_ x: Double) -> Double { log(x) }
func logarithmOfOnePlus(_ x: Double) -> Double { log1p(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
func raised(_ base: Double, to power: Double) -> Double { pow(base, power) }
