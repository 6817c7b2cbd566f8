/// A function that a gate or a candidate is put through, element by element, as ONNX names and
/// defines them.
///
/// Source: ONNX, operators RNN, GRU and LSTM, attribute `activations`.
public enum Activation: Hashable, Sendable {
  case identity, sigmoid, tanh, relu, softsign, softplus
  /// α x + β
  case affine(alpha: Double, beta: Double)
  /// x where x ≥ 0, else α x
  case leakyRelu(alpha: Double = 0.01)
  /// x where x ≥ α, else 0
  case thresholdedRelu(alpha: Double = 1)
  /// α tanh(β x)
  case scaledTanh(alpha: Double, beta: Double)
  /// min(max(α x + β, 0), 1)
  case hardSigmoid(alpha: Double = 0.2, beta: Double = 0.5)
  /// x where x ≥ 0, else α (eˣ − 1)
  case elu(alpha: Double = 1)

  /// The function of a value of the equations.
  public func callAsFunction(_ x: Vector) -> Vector {
    switch self {
    case .identity: return x
    case .sigmoid: return RecurrentCells.sigmoid(x)
    case .tanh: return RecurrentCells.tanh(x)
    case .relu: return RecurrentCells.relu(x)
    case .softsign: return x / (abs(x) + 1)
    case .softplus: return RecurrentCells.softplus(x)
    case .affine(let alpha, let beta): return alpha * x + beta
    case .leakyRelu(let alpha): return max(x, 0) + alpha * min(x, 0)
    case .thresholdedRelu(let alpha): return x - x * greater(alpha, x)
    case .scaledTanh(let alpha, let beta): return alpha * RecurrentCells.tanh(beta * x)
    case .hardSigmoid(let alpha, let beta): return min(max(alpha * x + beta, 0), 1)
    case .elu(let alpha): return max(x, 0) + alpha * (exp(min(x, 0)) - 1)
    }
  }

  /// The functions without numbers, by the names that the tool takes.
  public static let named: [(name: String, activation: Activation)] = [
    ("tanh", .tanh), ("sigmoid", .sigmoid), ("relu", .relu), ("identity", .identity),
    ("softsign", .softsign), ("softplus", .softplus), ("hard-sigmoid", .hardSigmoid()),
    ("leaky-relu", .leakyRelu()), ("elu", .elu()),
  ]
}
