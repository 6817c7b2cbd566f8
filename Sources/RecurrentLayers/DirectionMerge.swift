import RecurrentCore

/// How the outputs of a bidirectional layer's two directions become one.
public enum DirectionMerge: String, Hashable, Sendable, CaseIterable {
  /// Side by side, the forward direction first: PyTorch's.
  case concatenate = "concat"
  case sum
  case mean
  case product

  /// - Parameter outputs: Of one direction or of both.
  func callAsFunction(_ outputs: [Tensor]) -> Tensor {
    guard outputs.count == 2 else { return outputs[0] }
    switch self {
    case .concatenate: return concatenated(outputs, alongAxis: 2)
    case .sum: return outputs[0] + outputs[1]
    case .mean: return (outputs[0] + outputs[1]) * 0.5
    case .product: return outputs[0] * outputs[1]
    }
  }

  func size(_ size: Int, directions: Int) -> Int {
    self == .concatenate ? size * directions : size
  }
}
