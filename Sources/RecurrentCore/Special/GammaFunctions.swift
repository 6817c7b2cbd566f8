#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The logarithm of the gamma function and its derivative, in Double, for positive arguments.
//
// Both are Stirling's series where x ≥ 10, to which smaller arguments are raised by
// Γ(x + 1) = x Γ(x). Written here because the C library has no digamma, its lgamma writes a global,
// and both lose what the differences below keep.

/// log Γ(x), to a few units of 1e-15 in max(1, |log Γ(x)|), and 0 for 1 and 2; NaN for x < 0, infinite
/// for 0.
package func logGamma(_ x: Double) -> Double {
  guard x >= 0 else { return .nan }
  if x == 1 || x == 2 { return 0 }
  if x == .infinity { return x }
  let raised = RaisedArgument(x)
  let x = raised.x
  return (x - 0.5) * log(x) - x + halfLogTwoPi + stirlingRest(x) - log(raised.product)
}

/// ψ(x), the derivative of log Γ(x); NaN for x < 0.
package func digamma(_ x: Double) -> Double {
  guard x >= 0 else { return .nan }
  let raised = RaisedArgument(x)
  return log(raised.x) - digammaRest(raised.x) - raised.reciprocals
}

/// log Γ(x + y) − log Γ(x) for x > 0 and y ≥ 0, without the cancellation where x is large.
package func logGammaRise(_ x: Double, by y: Double) -> Double {
  if x < 10 { return logGamma(x + y) - logGamma(x) }
  let sum = x + y
  return (sum - 0.5) * log1p(y / x) + y * log(x) - y + (stirlingRest(sum) - stirlingRest(x))
}

/// ψ(x + y) − ψ(x) for x > 0 and y ≥ 0, without the cancellation where x is large.
package func digammaRise(_ x: Double, by y: Double) -> Double {
  if x < 10 { return digamma(x + y) - digamma(x) }
  let sum = x + y
  return log1p(y / x) - (digammaRest(sum) - digammaRest(x))
}

private let halfLogTwoPi = 0.918_938_533_204_672_741_78

/// An argument that has been raised to 10 or more.
private struct RaisedArgument {
  var x: Double
  /// x (x + 1) … over the steps that were taken.
  var product = 1.0
  /// 1 / x + 1 / (x + 1) + …
  var reciprocals = 0.0

  init(_ x: Double) {
    self.x = x
    while self.x < 10 {
      product *= self.x
      reciprocals += 1 / self.x
      self.x += 1
    }
  }
}

/// log Γ(x) − ((x − ½) log x − x + ½ log 2π), x ≥ 10.
private func stirlingRest(_ x: Double) -> Double {
  let s = 1 / (x * x)
  let upper = (-691.0 / 360_360 * s + 1.0 / 1188) * s - 1.0 / 1680
  return (((upper * s + 1.0 / 1260) * s - 1.0 / 360) * s + 1.0 / 12) / x
}

/// log x − ψ(x), x ≥ 10.
private func digammaRest(_ x: Double) -> Double {
  let s = 1 / (x * x)
  let upper = (-691.0 / 32_760 * s + 1.0 / 132) * s - 1.0 / 240
  return 0.5 / x + (((upper * s + 1.0 / 252) * s - 1.0 / 120) * s + 1.0 / 12) * s
}
