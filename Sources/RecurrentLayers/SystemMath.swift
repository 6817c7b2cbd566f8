#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The C library's logarithm under a name that no tensor function has.
func logarithm(_ x: Double) -> Double { log(x) }

/// The C library's log(1 + x), likewise.
func logarithmOfOnePlus(_ x: Double) -> Double { log1p(x) }
