import RecurrentCore

/// Makes elements 0 at random, if and only if a call is given a key.
///
/// With a key, each element is 0 with the given probability and divided by what is left of 1
/// otherwise, so that the mean stays. Without one nothing is done: there is no training mode.
///
/// Source: PyTorch's `nn.Dropout`; Srivastava et al. (2014).
public struct Dropout: TensorTree {
  /// How probable 0 is: 0 to 1.
  public let probability: Float

  public init(_ probability: Float = 0.5) {
    precondition(
      0...1 ~= probability, "A probability is between 0 and 1, found \(probability)")
    self.probability = probability
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {}

  /// - Parameter key: Decides which elements are 0; nil: none.
  public func callAsFunction(_ x: Tensor, key: RandomKey?) -> Tensor {
    guard let key, probability > 0 else { return x }
    return dropout(x, probability: probability, key: key)
  }
}
