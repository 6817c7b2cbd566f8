import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import TestSupport
import Testing

private let golden = GoldenFile("losses")

/// A loss of one element, in Double.
private enum PlainLoss: CaseIterable {
  case squared, absolute, huber, pinball

  static let quantiles = [0.1, 0.5, 0.75]

  /// - Parameter predictions: One; for the pinball loss one for each quantile.
  func callAsFunction(_ predictions: ArraySlice<Double>, _ target: Double) -> Double {
    let error = predictions.first! - target
    switch self {
    case .squared: return error * error
    case .absolute: return abs(error)
    case .huber:
      return abs(error) <= 0.75 ? error * error / 2 : 0.75 * (abs(error) - 0.375)
    case .pinball:
      return zip(Self.quantiles, predictions).reduce(0) { sum, pair in
        let error = target - pair.1
        return sum + (error >= 0 ? pair.0 * error : (pair.0 - 1) * error)
      } / Double(Self.quantiles.count)
    }
  }

  func tensor(_ predictions: Tensor, _ targets: Tensor, _ weights: Tensor?) -> Tensor {
    switch self {
    case .squared: meanSquaredError(predictions, targets, weights: weights)
    case .absolute: meanAbsoluteError(predictions, targets, weights: weights)
    case .huber: huberLoss(predictions, targets, delta: 0.75, weights: weights)
    case .pinball:
      pinballLoss(
        predictions, targets, quantiles: Self.quantiles.map { Float($0) }, weights: weights)
    }
  }

  var perTarget: Int { self == .pinball ? Self.quantiles.count : 1 }

  /// Σ w l / Σ w over all targets.
  func mean(_ predictions: [Double], _ targets: [Double], _ weights: [Double]) -> Double {
    var sum = 0.0
    for (index, target) in targets.enumerated() where weights[index] > 0 {
      let own = predictions[index * perTarget..<(index + 1) * perTarget]
      sum += weights[index] * self(own, target)
    }
    let total = weights.reduce(0, +)
    return total > 0 ? sum / total : 0
  }
}

@Suite struct LossesTests {
  @Test(arguments: golden.cases)
  func valuesAndGradientsAreThoseOfPyTorch(_ golden: GoldenCase) {
    let shape = golden["shape"].array!.map { $0.integer! }
    let isWeighted = golden["weighted"].bool!
    let gradient = golden.tensor("grad")
    let targets = wave(shape, scale: 2, phase: 900)
    let weights = isWeighted ? relu(wave(shape, phase: 950)) : nil
    let (value, found) = valueAndGradient(of: wave(gradient.shape, scale: 2, phase: 800)) {
      predictions in
      switch golden["kind"].string! {
      case "mse": return meanSquaredError(predictions, targets, weights: weights)
      case "mae": return meanAbsoluteError(predictions, targets, weights: weights)
      case "pinball":
        let quantiles = golden["quantiles"].array!.map { Float($0.number!) }
        return pinballLoss(predictions, targets, quantiles: quantiles, weights: weights)
      case "cross_entropy":
        let classes = gradient.shape.last!
        return softmaxCrossEntropy(
          predictions.reshaped([-1, classes]),
          targets: (0..<shape.reduce(1, *)).map { 3 * $0 % classes }, weights: weights?.elements)
      default:
        let delta = Float(golden["delta"].number!)
        return huberLoss(predictions, targets, delta: delta, weights: weights)
      }
    }
    #expect(mismatch(value, golden.tensor("value"), tolerance: 1e-6) == nil)
    #expect(gradientMismatch(found, DoubleArray(gradient), tolerance: 1e-6) == nil)
  }

  @Test(arguments: PlainLoss.allCases, [[], [5], [5, 3], [5, 3, 7]])
  fileprivate func aLossIsItsPlainVersionAndItsGradientItsFiniteDifferences(
    _ loss: PlainLoss, weightShape: [Int]
  ) {
    let shape = [5, 3, 7]
    let targets = DoubleArray.cosines(shape, phase: 3)
    let predictions = DoubleArray.cosines(
      loss.perTarget == 1 ? shape : shape + [loss.perTarget], phase: 70)
    // Some zeros; the empty shape stands for no weights at all.
    let weights = DoubleArray.cosines(weightShape, phase: 11).map { max($0, 0) }
    let repeats = targets.count / weights.count
    let spread =
      weightShape.isEmpty
      ? [Double](repeating: 1, count: targets.count)
      : weights.values.flatMap { [Double](repeating: $0, count: repeats) }
    let (value, gradient) = valueAndGradient(of: Tensor(predictions)) { predictions in
      loss.tensor(predictions, Tensor(targets), weightShape.isEmpty ? nil : Tensor(weights))
    }
    let expected = loss.mean(predictions.values, targets.values, spread)
    #expect(mismatch(value, DoubleArray(expected), tolerance: 1e-6) == nil)
    let numeric = numericGradient(at: [predictions]) {
      loss.mean($0[0].values, targets.values, spread)
    }[0]
    #expect(gradientMismatch(gradient, numeric, tolerance: 1e-6) == nil)
  }

  @Test(arguments: PlainLoss.allCases)
  fileprivate func whatIsMaskedMayHoldAnything(_ loss: PlainLoss) {
    let mask = Tensor([1, 0, 1, 0], shape: [4])
    let clean = Tensor([1, 2, 3, 4], shape: [4])
    var dirty = clean
    dirty.withMutableElements { elements in
      elements[1] = .nan
      elements[3] = .infinity
    }
    let shape = loss.perTarget == 1 ? [4] : [4, loss.perTarget]
    let predictions = wave(shape, phase: 5)
    var dirtyPredictions = predictions
    dirtyPredictions.withMutableElements { elements in
      elements[loss.perTarget] = .nan
    }
    let expected = valueAndGradient(of: predictions) { loss.tensor($0, clean, mask) }
    let found = valueAndGradient(of: dirtyPredictions) { loss.tensor($0, dirty, mask) }
    #expect(found.value.scalar == expected.value.scalar && found.value.scalar > 0)
    #expect(found.gradient.elements == expected.gradient.elements)
    #expect(found.gradient.elements[loss.perTarget] == 0)
  }

  @Test(arguments: PlainLoss.allCases)
  fileprivate func aMaskOfZerosGivesZero(_ loss: PlainLoss) {
    let shape = loss.perTarget == 1 ? [4] : [4, loss.perTarget]
    let (value, gradient) = valueAndGradient(of: wave(shape, phase: 5)) {
      loss.tensor($0, Tensor(repeating: .nan, shape: [4]), Tensor.zeros([4]))
    }
    #expect(value.scalar == 0)
    #expect(gradient.elements.allSatisfy { $0 == 0 })
  }

  @Test func theBestQuantileIsTheQuantile() {
    // 100 targets 1, 2, … 100: the loss of a constant is least at the quantile.
    let targets = Tensor((1...100).map { Float($0) }, shape: [100])
    func loss(_ constant: Float) -> Float {
      pinballLoss(
        Tensor(repeating: constant, shape: [100, 1]), targets, quantiles: [0.9]
      ).scalar
    }
    #expect((1...100).min { loss(Float($0)) < loss(Float($1)) } == 90)
  }
}
