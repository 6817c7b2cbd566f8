import RecurrentCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Student's t distribution with any number of degrees of freedom above 0, at location 0 and of
/// scale 1.
package struct StudentTDistribution: Sendable, Hashable {
  package let degreesOfFreedom: Double

  package init(degreesOfFreedom: Double) {
    precondition(
      degreesOfFreedom > 0,
      "Student's t has more than 0 degrees of freedom, not \(degreesOfFreedom)")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// Degrees of freedom from which the distribution is a normal one with corrections.
  private static let nearlyNormal = 1e4

  /// The probability of a number of at most t.
  package func cumulative(_ t: Double) -> Double {
    if t == 0 { return 0.5 }
    let parts = parts(logSize: log(t.magnitude))
    return t < 0 ? parts.tail : 0.5 + parts.body
  }

  /// The number below which a part p of the distribution is, 0 < p < 1; to about twelve digits.
  ///
  /// From ten thousand degrees of freedom on it is Cornish and Fisher's expansion about the normal
  /// quantile, which has as many there. Infinite where it is beyond what a Double holds, as the far
  /// tails of a few hundredths of a degree of freedom are.
  package func quantile(_ p: Double) -> Double {
    precondition(p > 0 && p < 1, "A quantile's level is between 0 and 1, not \(p)")
    if p == 0.5 { return 0 }
    let size = degreesOfFreedom < Self.nearlyNormal ? size(p) : expanded(min(p, 1 - p))
    return p < 0.5 ? -size : size
  }

  /// The probabilities of 0 … t and of t …, given log t.
  private func parts(logSize: Double) -> (body: Double, tail: Double) {
    let nu = degreesOfFreedom
    let parts = regularizedBeta(0.5, nu / 2, logOdds: 2 * logSize - log(nu))
    return (parts.below / 2, parts.above / 2)
  }

  /// |t|, by Newton's method on the logarithms of t and of the smaller part, within bounds that
  /// close in.
  private func size(_ p: Double) -> Double {
    let nu = degreesOfFreedom
    let isCentral = (p - 0.5).magnitude < 0.25
    let wanted = log(isCentral ? (p - 0.5).magnitude : min(p, 1 - p))
    // Beyond them are numbers that no Double holds.
    var (low, high) = (-745.0, 710.0)
    let normalizer = logGammaRise(nu / 2, by: 0.5) - 0.5 * log(nu * .pi)
    // Begun with the expansion, where that is one, or with the normal quantile.
    var s = log(nu > 3 ? expanded(min(p, 1 - p)) : NormalDistribution.quantile(max(p, 1 - p)))
    for _ in 0..<200 {
      let parts = parts(logSize: s)
      let found = log(isCentral ? parts.body : parts.tail)
      let isBeyond = isCentral ? found > wanted : found < wanted
      if isBeyond { high = s } else { low = s }
      // d log part / d log t = ± t f(t) / part
      let logSlope = normalizer - (nu + 1) / 2 * softplus(2 * s - log(nu)) + s - found
      var next = s + (isCentral ? wanted - found : found - wanted) * exp(-logSlope)
      // The error is about the square of the last step.
      if (next - s).magnitude <= 1e-8 { return exp(next) }
      if !(next > low && next < high) { next = (low + high) / 2 }
      s = next
    }
    return exp(s)
  }

  /// |t| where there are many degrees of freedom.
  private func expanded(_ tail: Double) -> Double {
    let nu = degreesOfFreedom
    let z = -NormalDistribution.quantile(tail)
    let s = z * z
    let first = (s + 1) / 4
    let second = ((5 * s + 16) * s + 3) / 96
    let third = (((3 * s + 19) * s + 17) * s - 15) / 384
    return z * (1 + (first + (second + third / nu) / nu) / nu)
  }
}
