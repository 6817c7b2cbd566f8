import RecurrentCore

// Losses are means over all elements. With weights w they are Σ w l / Σ w, and 0 where all weights
// are 0. An element of weight 0 is not looked at: its prediction and its target may be anything, NaN
// too. Weights, or a mask of zeros and ones, are not negative and have the shape of the targets or
// the front of it: those of [time, batch] serve targets [time, batch, features].
//
// Beside these, `softmaxCrossEntropy(_:targets:weights:)` is an operation of the core.

/// The mean of (prediction − target)².
///
/// - Parameters:
///   - predictions: Of the targets' shape.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in the square of the targets' units.
public func meanSquaredError(
  _ predictions: Tensor, _ targets: Tensor, weights: Tensor? = nil
) -> Tensor {
  mean(of: predictions, targets, weights, named: "meanSquaredError") { square($0 - $1) }
}

/// The mean of |prediction − target|; the derivative at 0 is 0.
///
/// - Parameters:
///   - predictions: Of the targets' shape.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in the targets' units.
public func meanAbsoluteError(
  _ predictions: Tensor, _ targets: Tensor, weights: Tensor? = nil
) -> Tensor {
  mean(of: predictions, targets, weights, named: "meanAbsoluteError") { abs($0 - $1) }
}

/// The mean of e²/2 where |e| ≤ δ and of δ (|e| − δ/2) elsewhere, with e = prediction − target.
///
/// Source: Huber (1964); PyTorch's `huber_loss`.
/// - Parameters:
///   - predictions: Of the targets' shape.
///   - delta: δ, in the targets' units.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in the square of the targets' units.
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Float = 1, weights: Tensor? = nil
) -> Tensor {
  precondition(delta > 0, "Huber's delta is positive, found \(delta)")
  return mean(of: predictions, targets, weights, named: "huberLoss") { prediction, target in
    let size = abs(prediction - target)
    let inner = minimum(size, delta)
    return inner * (size - inner * 0.5)
  }
}

/// The mean of max(q e, (q − 1) e) over elements and quantiles, with e = target − prediction: the
/// least where each prediction is the quantile q of its target.
///
/// Source: Koenker & Bassett (1978).
/// - Parameters:
///   - predictions: [targets…, quantiles].
///   - quantiles: The levels q, between 0 and 1, in the order of the last axis.
///   - weights: The targets' shape or the front of it; all 1 if not given.
/// - Returns: One number, in the targets' units.
public func pinballLoss(
  _ predictions: Tensor, _ targets: Tensor, quantiles: [Float], weights: Tensor? = nil
) -> Tensor {
  precondition(
    predictions.shape == targets.shape + [quantiles.count],
    """
    pinballLoss expected predictions of shape \(targets.shape + [quantiles.count]), \
    found \(predictions.shape)
    """)
  precondition(
    quantiles.allSatisfy { 0...1 ~= $0 }, "A quantile is between 0 and 1, found \(quantiles)")
  let levels = Tensor(quantiles, shape: [quantiles.count], on: predictions.context)
  let spread = targets.reshaped(targets.shape + [1]).expanded(to: predictions.shape)
  return mean(of: predictions, spread, weights, named: "pinballLoss") { prediction, target in
    let error = target - prediction
    return maximum(error * levels, error * (levels - 1))
  }
}

/// Σ w l / Σ w, with a weight for each element or for each group of elements.
private func mean(
  of predictions: Tensor, _ targets: Tensor, _ weights: Tensor?, named name: StaticString,
  _ loss: (_ prediction: Tensor, _ target: Tensor) -> Tensor
) -> Tensor {
  precondition(
    predictions.shape == targets.shape,
    "\(name) expected predictions of shape \(targets.shape), found \(predictions.shape)")
  return weightedMean(of: [(predictions, 0), (targets, 0)], weights, named: name) {
    loss($0[0], $0[1])
  }
}

/// Σ w l / Σ w for a loss of some tensors of one shape, with a weight for each element or for each
/// group of elements.
///
/// - Parameter operands: Each with the number that stands in for an element of weight 0.
func weightedMean(
  of operands: [(tensor: Tensor, standIn: Float)], _ weights: Tensor?, named name: StaticString,
  _ loss: ([Tensor]) -> Tensor
) -> Tensor {
  guard let weights else { return loss(operands.map(\.tensor)).mean() }
  let (shape, context) = (operands[0].tensor.shape, operands[0].tensor.context)
  precondition(
    shape.starts(with: weights.shape),
    "\(name) expected weights for \(shape) or the front of it, found \(weights.shape)")
  let ones = [Int](repeating: 1, count: shape.count - weights.shape.count)
  let spread = weights.detached.reshaped(weights.shape + ones)
  // Not multiplied by 0 but left out: 0 · NaN is NaN, in the gradient too.
  let losses = loss(
    operands.map { tensor, standIn in
      select(where: spread, tensor, Tensor(scalar: standIn, on: context))
    })
  let count = shape.reduce(1, *)
  let total = weights.detached.sum().scalar * Float(count / max(weights.count, 1))
  return (losses * spread).sum() / (total > 0 ? total : 1)
}
