import RecurrentCore
import RecurrentLayers

/// Examples side by side, the shorter ones padded.
package struct LagBatch: Sendable {
  package let examples: [LagExample]
  /// [time, batch, features]
  package let input: Tensor
  /// Steps of each example.
  package let lengths: [Int]
  /// The places in [time · batch] at which an answer is asked, example after example.
  let asked: [Int]
  /// [asked, outputs]
  let targets: Tensor

  /// - Precondition: There is an example.
  package init(_ examples: [LagExample], on context: ComputeContext) {
    self.examples = examples
    lengths = examples.map(\.inputs.count)
    let (steps, rows) = (lengths.max()!, examples.count)
    let features = examples[0].inputs[0].count
    var values = [Float](repeating: 0, count: steps * rows * features)
    for (row, example) in examples.enumerated() {
      for (step, input) in example.inputs.enumerated() {
        let place = (step * rows + row) * features
        for (feature, value) in input.enumerated() { values[place + feature] = value }
      }
    }
    input = Tensor(values, shape: [steps, rows, features], on: context)
    asked = examples.enumerated().flatMap { row, example in example.asked.map { $0 * rows + row } }
    targets = Tensor(
      examples.flatMap { $0.targets.joined() },
      shape: [asked.count, examples[0].targets[0].count], on: context)
  }
}

extension LagTask {
  /// The examples of a key's further keys.
  func examples(_ count: Int, _ key: RandomKey) -> [LagExample] {
    (0..<count).map { example(key.folded($0)) }
  }
}

extension LagLoss {
  /// The mean loss: one number, from outputs and targets [asked, outputs].
  package func callAsFunction(_ outputs: Tensor, _ targets: Tensor) -> Tensor {
    switch self {
    case .squaredError: meanSquaredError(outputs, targets)
    case .crossEntropy: -(logSoftmax(outputs) * targets).sum() / Float(outputs.shape[0])
    }
  }

  /// What outputs say: themselves, or the probabilities whose logits they are.
  func answers(_ outputs: Tensor) -> Tensor {
    switch self {
    case .squaredError: outputs
    case .crossEntropy: softmax(outputs)
    }
  }
}
