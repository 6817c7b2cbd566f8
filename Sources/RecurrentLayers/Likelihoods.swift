import RecurrentCore

// Losses of networks that give the parameters of a distribution: the mean of −log p(target), where p
// is the density or, for counts, the probability. Weights are those of the other losses: an element
// of weight 0 is not looked at. Each is one operation, whose value and derivatives are taken in
// Double: log-gamma functions of large numbers cancel.

/// The mean of ½ z² + log σ + ½ log 2π, with z = (target − μ) / σ: the negative log-likelihood of the
/// normal distribution.
///
/// The values are those of `torch.distributions.Normal`. (PyTorch's `gaussian_nll_loss` takes σ² and
/// leaves ½ log 2π out.)
/// - Parameters:
///   - mean: μ, of the targets' shape or one that repeats to fill it.
///   - scale: σ > 0, likewise.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in nats. It changes by log s where targets, means and scales are s times as
///   large.
public func gaussianNLL(
  mean: Tensor, scale: Tensor, targets: Tensor, weights: Tensor? = nil
) -> Tensor {
  negativeLogLikelihood(
    "gaussianNLL", [("means", mean), ("scales", scale)], targets, weights
  ) { numbers in
    let (scale, target) = (numbers[1], numbers[2])
    let z = (target - numbers[0]) / scale
    return (
      0.5 * z * z + logarithm(scale) + 0.5 * logarithm(2 * .pi),
      SIMD4(-z / scale, (1 - z * z) / scale, z / scale, 0)
    )
  }
}

/// The mean of −log p(target) for Student's t distribution with ν degrees of freedom about μ, with z =
/// (target − μ) / σ:
///
///     −log p = log Γ(ν/2) − log Γ((ν + 1)/2) + ½ log(π ν) + log σ + ½ (ν + 1) log(1 + z²/ν)
///
/// The values are those of `torch.distributions.StudentT`.
/// - Parameters:
///   - degreesOfFreedom: ν > 0, of the targets' shape or one that repeats to fill it.
///   - mean: μ, likewise: where the distribution is centred, even where it has no mean (ν ≤ 1).
///   - scale: σ > 0, likewise. It is not the standard deviation, which is σ √(ν / (ν − 2)).
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in nats. It changes by log s where targets, means and scales are s times as
///   large.
public func studentTNLL(
  degreesOfFreedom: Tensor, mean: Tensor, scale: Tensor, targets: Tensor, weights: Tensor? = nil
) -> Tensor {
  negativeLogLikelihood(
    "studentTNLL", [("degrees of freedom", degreesOfFreedom), ("means", mean), ("scales", scale)],
    targets, weights
  ) { numbers in
    // An infinity of them is a normal distribution, and so is this many, to the last bit.
    let (nu, scale) = (Swift.min(numbers[0], 1e17), numbers[2])
    let z = (numbers[3] - numbers[1]) / scale
    let q = z * z / nu
    let tail = logarithmOfOnePlus(q)
    let slope = (nu + 1) / nu * z / (1 + q)
    return (
      0.5 * logarithm(.pi * nu) + logarithm(scale) - logGammaRise(nu / 2, by: 0.5)
        + 0.5 * (nu + 1) * tail,
      SIMD4(
        0.5 * (1 / nu - digammaRise(nu / 2, by: 0.5) + tail - slope * z / nu),
        -slope / scale, (1 - slope * z) / scale, slope / scale)
    )
  }
}

/// The mean of −log p(count) for the negative binomial distribution with mean μ and dispersion α, whose
/// variance is μ + α μ². With r = 1/α:
///
///     −log p = log Γ(r) + log Γ(k + 1) − log Γ(r + k) + k log(r/μ) + (r + k) log(1 + μ/r)
///
/// The values are those of `torch.distributions.NegativeBinomial(r, probs: μ / (r + μ))`. A dispersion
/// of 1e-9 or less, 0 too, gives Poisson's likelihood.
///
/// Source: the parameters are those of Salinas et al., DeepAR (2020).
/// - Parameters:
///   - mean: μ > 0, of the targets' shape or one that repeats to fill it.
///   - dispersion: α ≥ 0, likewise.
///   - targets: Counts k ≥ 0, which need not be whole. The loss of one below 0 is NaN. They have no
///     gradient.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in nats.
public func negativeBinomialNLL(
  mean: Tensor, dispersion: Tensor, targets: Tensor, weights: Tensor? = nil
) -> Tensor {
  negativeLogLikelihood(
    "negativeBinomialNLL", [("means", mean), ("dispersions", dispersion)], targets.detached,
    weights
  ) { numbers in
    let (mean, count) = (numbers[0], numbers[2])
    let r = 1 / Swift.max(numbers[1], 1e-9)
    if !(count >= 0) { return (.nan, SIMD4(repeating: .nan)) }
    let logMean = count > 0 ? logarithm(mean) : 0
    let perMean = count > 0 ? count / mean : 0
    let ratio = logarithmOfOnePlus(mean / r)
    let byR = digammaRise(r, by: count) - ratio + (mean - count) / (r + mean)
    return (
      logGamma(count + 1) - logGammaRise(r, by: count) + count * (logarithm(r) - logMean)
        + (r + count) * ratio,
      SIMD4((r + count) / (r + mean) - perMean, r * r * byR, 0, 0)
    )
  }
}

/// The weighted mean of a function of some parameters and, last, of the targets.
private func negativeLogLikelihood(
  _ name: StaticString, _ parameters: [(name: String, tensor: Tensor)], _ targets: Tensor,
  _ weights: Tensor?, _ function: @Sendable (SIMD4<Double>) -> (Double, SIMD4<Double>)
) -> Tensor {
  let spread = parameters.map { parameter in
    precondition(
      Broadcast(of: parameter.tensor.shape, to: targets.shape) != nil,
      """
      \(name) expected \(parameter.name) that repeat to fill \(targets.shape), found \
      \(parameter.tensor.shape)
      """)
    return parameter.tensor.shape == targets.shape
      ? parameter.tensor : parameter.tensor.expanded(to: targets.shape)
  }
  // Parameters of 1 with a target of 0 have a likelihood in every family.
  return weightedMean(of: spread.map { ($0, 1) } + [(targets, 0)], weights, named: name) {
    Tensor.pointwise(name, $0, function)
  }
}
