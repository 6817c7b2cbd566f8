import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining
import TestSupport

/// Two layers with dropout between them, fitted to a bent plane: a run that takes milliseconds and
/// uses everything that a resumed run has to find again.
struct SmallModel: TensorTree {
  var first: Linear
  var second: Linear
  let dropout = Dropout(0.25)

  init(key: RandomKey = RandomKey(seed: 5)) {
    first = Linear(inputSize: 3, outputSize: 7, key: key.folded("first"))
    second = Linear(inputSize: 7, outputSize: 1, key: key.folded("second"))
  }

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("first", &first)
    visitor.visit("second", &second)
  }

  func callAsFunction(_ x: Tensor, key: RandomKey? = nil) -> Tensor {
    second(dropout(tanh(first(x)), key: key))
  }
}

struct Rows: Sendable {
  var input: Tensor
  var target: Tensor

  func rows(_ indices: [Int]) -> Rows {
    Rows(input: input.gatherRows(indices), target: target.gatherRows(indices))
  }
}

enum SmallData {
  static let all = Rows(input: wave([22, 3], phase: 0), target: square(wave([22, 1], phase: 3)))
  static let heldOut = Rows(input: wave([9, 3], phase: 50), target: wave([9, 1], phase: 60))

  /// Seven batches of 3 rows and one of 1, in an order of the epoch's own.
  static func batches(_ key: RandomKey) -> [Rows] {
    let order = key.permutation(22)
    return stride(from: 0, to: 22, by: 3).map { all.rows(Array(order[$0..<min($0 + 3, 22)])) }
  }
}

typealias SmallState<Rule: Optimizer> = TrainingState<SmallModel, Rule, Nothing>

/// Runs until the plan is done, or until `stepLimit` steps were taken.
@discardableResult
func runSmall<Rule>(
  _ state: inout SmallState<Rule>, plan: TrainingPlan, stepLimit: Int? = nil,
  report: (TrainingEvent) throws -> Void = { _ in },
  save: (SmallState<Rule>) throws -> Void = { _ in }
) throws -> TrainingOutcome {
  let stop = StopSignal()
  return try train(
    &state, plan: plan, stop: stop, batches: { _, key in SmallData.batches(key) },
    evaluate: { model in
      Double(meanSquaredError(model(SmallData.heldOut.input), SmallData.heldOut.target).scalar)
    },
    report: { event in
      if case .step(let step) = event, step.step == stepLimit { stop.raise() }
      try report(event)
    }, save: save,
    loss: { model, batch, key in
      meanSquaredError(model(batch.input, key: key), batch.target)
    })
}

func bits(_ tree: some TensorTree) -> [[UInt32]] {
  tree.tensors.map { $0.elements.map(\.bitPattern) }
}
