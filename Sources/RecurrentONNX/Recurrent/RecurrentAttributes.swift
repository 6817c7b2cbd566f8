import RecurrentCells
import RecurrentFormats

/// What the attributes of an LSTM, GRU or RNN node say of one direction.
struct RecurrentAttributes: Hashable, Sendable {
  /// In the operator's order: of an LSTM that of the gates, of the candidate, of the output.
  let activations: [Activation]
  /// Sums are kept within ± this before their functions.
  let clip: Double?
  /// f = 1 − i: the forget gate's own parameters are ignored.
  var couplesForget = false
  /// The reset gate acts after the product.
  var resetsAfter = false
  let hasBias: Bool
  let hasPeepholes: Bool

  func clipped(_ sum: Vector) -> Vector { clip.map { RecurrentCells.clip(sum, to: $0) } ?? sum }
}

/// The directions of a recurrent node.
enum RecurrentDirections: Sendable {
  case forward, reverse, both

  /// For each direction whether it runs backwards.
  var turns: [Bool] {
    switch self {
    case .forward: [false]
    case .reverse: [true]
    case .both: [false, true]
    }
  }
}

extension Activation {
  /// The functions of a node's directions.
  ///
  /// Names are in any case. The numbers of `activation_alpha` and `activation_beta` are for the
  /// functions that take them, in order; one that gets none has its default.
  static func read(
    _ node: NodeReader, defaults: [String], directions: Int
  ) throws -> [[Activation]] {
    let names =
      try node.strings("activations") ?? (0..<directions).flatMap { _ in defaults }
    guard names.count == directions * defaults.count else {
      throw Fault(
        "\(directions * defaults.count) activations expected, found \(names.count)")
    }
    var alphas = (try node.floats("activation_alpha") ?? [])[...]
    var betas = (try node.floats("activation_beta") ?? [])[...]
    func alpha(_ value: Double) -> Double { alphas.popFirst().map(Double.init) ?? value }
    func beta(_ value: Double) -> Double { betas.popFirst().map(Double.init) ?? value }
    let functions = try names.map { name -> Activation in
      switch name.lowercased() {
      case "sigmoid": return .sigmoid
      case "tanh": return .tanh
      case "relu": return .relu
      case "softsign": return .softsign
      case "softplus": return .softplus
      case "affine": return .affine(alpha: alpha(1), beta: beta(0))
      case "leakyrelu": return .leakyRelu(alpha: alpha(0.01))
      case "thresholdedrelu": return .thresholdedRelu(alpha: alpha(1))
      case "scaledtanh": return .scaledTanh(alpha: alpha(1), beta: beta(1))
      case "hardsigmoid": return .hardSigmoid(alpha: alpha(0.2), beta: beta(0.5))
      case "elu": return .elu(alpha: alpha(1))
      default: throw Fault("activation \(quotedForMessage(name)) is not known here")
      }
    }
    return (0..<directions).map {
      Array(functions[$0 * defaults.count..<($0 + 1) * defaults.count])
    }
  }
}
