import RecurrentCore

/// y = x Wᵀ + b over the last axis.
///
/// Input […, in], output […, out]. All parameters begin uniform in ±1/√in.
///
/// Source: PyTorch's `nn.Linear`.
public struct Linear: TensorTree {
  /// W [out, in]
  public var weight: Tensor
  /// b [out]
  public var bias: Tensor?

  public init(
    inputSize: Int, outputSize: Int, bias: Bool = true, key: RandomKey,
    on context: ComputeContext = .default
  ) {
    precondition(
      inputSize >= 1 && outputSize >= 1,
      "A linear layer has at least 1 input and output, found \(inputSize) and \(outputSize)")
    let bound = 1 / Float(inputSize).squareRoot()
    weight = .uniform(
      [outputSize, inputSize], in: -bound..<bound, key: key.folded("weight"), on: context)
    self.bias =
      bias ? .uniform([outputSize], in: -bound..<bound, key: key.folded("bias"), on: context) : nil
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("weight", &weight)
    visitor.visit("bias", &bias)
  }

  /// x Wᵀ + b: […, in] to […, out].
  public func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight, bias) }
}
