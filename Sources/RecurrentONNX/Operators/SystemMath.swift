// The C library's functions of single precision under names that do not meet those of tensors.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func systemPower(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
func systemExponential(_ x: Float) -> Float { expf(x) }
func systemErrorFunction(_ x: Float) -> Float { erff(x) }
func systemSine(_ x: Float) -> Float { sinf(x) }
func systemCosine(_ x: Float) -> Float { cosf(x) }
func systemTangent(_ x: Float) -> Float { tanf(x) }
func systemHyperbolicTangent(_ x: Float) -> Float { tanhf(x) }
func systemLogarithm(_ x: Float) -> Float { logf(x) }
func systemLogarithmOfOnePlus(_ x: Float) -> Float { log1pf(x) }
