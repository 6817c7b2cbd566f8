/// Makes each element 0 with the given probability and divides the others by what is left of 1, so
/// that the mean stays.
///
/// - Parameters:
///   - probability: 0 ..< 1, or 1 for all.
///   - key: Element i is kept or not by the number at place i of its sequence.
public func dropout(_ x: Tensor, probability: Float, key: RandomKey) -> Tensor {
  precondition(
    probability >= 0 && probability <= 1,
    "dropout expected a probability 0...1, found \(probability)")
  if probability == 0 { return x }
  // The mask is made again for the gradient: cheaper than its memory.
  @Sendable func masked(_ x: Tensor) -> Tensor {
    Dropout.product(
      x, Tensor.dropoutMask(x.shape, probability: probability, key: key, on: x.context))
  }
  return Tensor.record("dropout", inputs: [x], output: masked(x)) { [masked($0)] }
}

extension Tensor {
  /// 0 with the given probability, else 1 / (1 − probability): what ``dropout(_:probability:key:)``
  /// multiplies by. For masks that several operations share.
  public static func dropoutMask(
    _ shape: [Int], probability: Float, key: RandomKey, on context: ComputeContext = .default
  ) -> Tensor {
    // A probability of 2⁻³² steps, of which a word is one.
    let threshold = UInt64(Double(probability) * 0x1p32)
    let kept = 1 / (1 - probability)
    return random(shape, key: key, on: context) { UInt64($0) < threshold ? 0 : kept }
  }
}

private enum Dropout {
  static let product = ElementwiseProgram { $0.store($0.input(0) * $0.input(1), to: 0) }
}
