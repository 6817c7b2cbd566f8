import RecurrentCore

/// y = (x − mean) / √(variance + ε) ⊙ weight + bias over the last axis; the variance is that of the
/// features, divided by their number.
///
/// The weight begins at 1, the bias at 0.
///
/// Source: PyTorch's `nn.LayerNorm`; Ba, Kiros & Hinton (2016).
public struct LayerNorm: TensorTree {
  /// [size]
  public var weight: Tensor?
  /// [size]
  public var bias: Tensor?
  /// ε
  public let epsilon: Float

  /// - Parameters:
  ///   - size: Features: the length of the last axis.
  ///   - isAffine: Whether there are weight and bias at all.
  public init(
    size: Int, epsilon: Float = 1e-5, isAffine: Bool = true, bias: Bool = true,
    on context: ComputeContext = .default
  ) {
    self.epsilon = epsilon
    weight = isAffine ? Tensor(repeating: 1, shape: [size], on: context) : nil
    self.bias = isAffine && bias ? .zeros([size], on: context) : nil
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("weight", &weight)
    visitor.visit("bias", &bias)
  }

  /// Normalises each row: […, size] to […, size].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    layerNorm(x, gain: weight, bias: bias, epsilon: epsilon)
  }
}
