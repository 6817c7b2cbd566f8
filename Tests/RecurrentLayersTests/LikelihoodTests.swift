import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

private let golden = GoldenFile("likelihoods")

/// A likelihood with its parameters in PyTorch's names.
private enum Likelihood: String, CaseIterable {
  case gaussian
  case studentT = "student_t"
  case negativeBinomial = "negative_binomial"

  var parameters: [String] {
    switch self {
    case .gaussian: ["mean", "scale"]
    case .studentT: ["degrees_of_freedom", "mean", "scale"]
    case .negativeBinomial: ["mean", "dispersion"]
    }
  }

  func callAsFunction(_ parameters: [Tensor], _ targets: Tensor, _ weights: Tensor?) -> Tensor {
    switch self {
    case .gaussian:
      gaussianNLL(mean: parameters[0], scale: parameters[1], targets: targets, weights: weights)
    case .studentT:
      studentTNLL(
        degreesOfFreedom: parameters[0], mean: parameters[1], scale: parameters[2],
        targets: targets, weights: weights)
    case .negativeBinomial:
      negativeBinomialNLL(
        mean: parameters[0], dispersion: parameters[1], targets: targets, weights: weights)
    }
  }
}

@Suite struct LikelihoodTests {
  @Test(arguments: golden.cases)
  func valuesAndGradientsAreThoseOfPyTorch(_ golden: GoldenCase) {
    let likelihood = Likelihood(rawValue: golden["kind"].string!)!
    let shape = golden["shape"].array!.map { $0.integer! }
    let weights = golden["weighted"].bool! ? relu(wave(shape, phase: 950)) : nil
    let (value, gradients) = valueAndGradient(
      of: likelihood.parameters.map { golden.tensor($0) }
    ) {
      likelihood($0, golden.tensor("targets"), weights)
    }
    #expect(mismatch(value, golden.tensor("value"), tolerance: 1e-6) == nil)
    for (name, gradient) in zip(likelihood.parameters, gradients) {
      let expected = golden.tensor("grad/\(name)")
      #expect(
        gradientMismatch(gradient, DoubleArray(expected), tolerance: 1e-6) == nil, "\(name)")
    }
  }

  @Test(arguments: [Likelihood.gaussian, .studentT])
  fileprivate func targetsHaveTheGradientOfTheMeansTurnedRound(_ likelihood: Likelihood) {
    let parameters = likelihood.parameters.enumerated().map { index, _ in
      wave([5, 7], phase: 10 * index) + 1.5
    }
    let place = likelihood.parameters.firstIndex(of: "mean")!
    let (_, gradients) = valueAndGradient(of: parameters + [wave([5, 7], phase: 90)]) { all in
      likelihood(Array(all.dropLast()), all.last!, nil)
    }
    #expect(mismatch(gradients.last!, -gradients[place], tolerance: 1e-7) == nil)
    #expect(gradients[place].elements.contains { abs($0) > 1e-3 })
  }

  @Test(arguments: Likelihood.allCases)
  fileprivate func oneParameterForManyTargetsIsThatParameterRepeated(_ likelihood: Likelihood) {
    let targets = Tensor((0..<15).map { Float($0 % 4) }, shape: [3, 5])
    for shape in [[5], [3, 1], []] {
      let parameters = likelihood.parameters.enumerated().map { index, _ in
        wave(shape, phase: 10 * index) + 1.5
      }
      let expected = valueAndGradient(of: parameters) { parameters in
        likelihood(parameters.map { $0.expanded(to: [3, 5]) }, targets, nil)
      }
      let found = valueAndGradient(of: parameters) { likelihood($0, targets, nil) }
      #expect(difference(found.value, expected.value) == nil)
      for (gradient, other) in zip(found.gradient, expected.gradient) {
        #expect(difference(gradient, other) == nil)
      }
    }
  }

  @Test(arguments: Likelihood.allCases)
  fileprivate func whatIsMaskedMayHoldAnything(_ likelihood: Likelihood) {
    let mask = Tensor([1, 0, 1, 0, 0], shape: [5])
    let clean = Tensor([1, 2, 3, 4, 0], shape: [5])
    var dirty = clean
    dirty.withMutableElements { elements in
      elements[1] = .nan
      elements[3] = .infinity
    }
    let parameters = likelihood.parameters.enumerated().map { index, _ in
      wave([5], phase: 10 * index) + 1.5
    }
    let dirtyParameters = parameters.map { parameter in
      var dirty = parameter
      dirty.withMutableElements { elements in
        elements[1] = .nan
        elements[4] = -1
      }
      return dirty
    }
    let expected = valueAndGradient(of: parameters) { likelihood($0, clean, mask) }
    let found = valueAndGradient(of: dirtyParameters) { likelihood($0, dirty, mask) }
    #expect(found.value.scalar == expected.value.scalar && found.value.scalar.isFinite)
    for (gradient, other) in zip(found.gradient, expected.gradient) {
      #expect(gradient.elements == other.elements)
      #expect(gradient.elements[0] != 0 && gradient.elements[1] == 0)
    }
  }

  @Test(arguments: Likelihood.allCases)
  fileprivate func aMaskOfZerosGivesZero(_ likelihood: Likelihood) {
    let parameters = likelihood.parameters.map { _ in Tensor(repeating: .nan, shape: [4]) }
    let (value, gradients) = valueAndGradient(of: parameters) {
      likelihood($0, Tensor(repeating: .nan, shape: [4]), Tensor.zeros([4]))
    }
    #expect(value.scalar == 0)
    #expect(gradients.allSatisfy { $0.elements.allSatisfy { $0 == 0 } })
  }

  /// By hand: the limits that the families share.
  @Test func theFamiliesMeetAtTheirLimits() {
    let (mean, scale, target) = (Tensor(scalar: 0.3), Tensor(scalar: 0.7), Tensor(scalar: 1.4))
    let normal = gaussianNLL(mean: mean, scale: scale, targets: target).scalar
    for freedom in [1e9, Float.infinity] {
      let found = studentTNLL(
        degreesOfFreedom: Tensor(scalar: freedom), mean: mean, scale: scale, targets: target)
      #expect(abs(found.scalar - normal) < 1e-6)
    }
    // Poisson with mean 2.5, count 4: 2.5 − 4 log 2.5 + log 24.
    let poisson = 2.5 - 4 * logarithm(2.5) + logarithm(24)
    // Its derivative by α at 0: −((k − μ)² − k) / 2.
    let slope = -((4 - 2.5) * (4 - 2.5) - 4.0) / 2
    for dispersion: Float in [0, 1e-12, 1e-8] {
      let (found, gradient) = valueAndGradient(of: Tensor(scalar: dispersion)) {
        negativeBinomialNLL(
          mean: Tensor(scalar: 2.5), dispersion: $0, targets: Tensor(scalar: 4))
      }
      #expect(abs(Double(found.scalar) - poisson) < 1e-6)
      #expect(abs(Double(gradient.scalar) - slope) < 1e-5)
    }
    // Nothing expected and nothing seen.
    let (nothing, gradient) = valueAndGradient(of: Tensor(scalar: 0)) {
      negativeBinomialNLL(mean: $0, dispersion: Tensor(scalar: 0.5), targets: Tensor(scalar: 0))
    }
    #expect(nothing.scalar == 0 && gradient.scalar == 1)
  }

  @Test func aCountBelowZeroHasNoLikelihood() {
    let loss = negativeBinomialNLL(
      mean: Tensor(scalar: 1), dispersion: Tensor(scalar: 1), targets: Tensor(scalar: -1))
    #expect(loss.scalar.isNaN)
  }
}
