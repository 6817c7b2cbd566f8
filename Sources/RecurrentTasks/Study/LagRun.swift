import RecurrentCore
import RecurrentTraining

/// What came of one network.
public struct LagRun: Sendable, Hashable {
  /// The cell, as it was named.
  public var cell: String
  /// The lag that it was tested at.
  public var lag: Int
  /// What its weights and examples were drawn from.
  public var seed: Int
  /// Whether it has solved the task.
  public var isSolved = false
  /// Examples it was trained on so far, or until it was solved or given up.
  public var examples = 0
  /// The mean error over fresh examples at that time; nil before the first look, and where training
  /// met a number that is not finite.
  public var score: Double?
}

extension LagRun {
  /// Trains the network until it solves the task or has had its budget of examples.
  ///
  /// From time to time it is shown fresh examples. If it does well, it is shown others, and these
  /// decide: training does not stop because the first happened to be easy.
  ///
  /// - Parameter report: Called after every look.
  mutating func train(
    _ network: inout LagNetwork, on task: some LagTask, _ settings: LagSettings, key: RandomKey,
    report: (LagRun) -> Void
  ) {
    var state = TrainingState(
      model: network, optimizer: Adam(for: network, learningRate: settings.learningRate),
      key: key.folded("training"))
    while !isSolved, state.step < settings.stepCount {
      do {
        try takeSteps(&state, task, settings)
        network = state.model
        score = look(at: network, task, settings, key.folded("tests").folded(state.epoch))
      } catch {
        score = nil
        break
      }
      examples = state.step * settings.batchSize
      report(self)
    }
    examples = state.step * settings.batchSize
  }

  /// The steps up to the next look.
  private func takeSteps(
    _ state: inout TrainingState<LagNetwork, Adam, Nothing>, _ task: some LagTask,
    _ settings: LagSettings
  ) throws {
    let count = min(settings.stepsPerCheck, settings.stepCount - state.step)
    let context = state.model.recurrent.context
    try RecurrentTraining.train(
      &state,
      plan: TrainingPlan(epochs: state.epoch + 1, clipping: .norm(settings.clippingNorm)),
      batches: { _, key in
        (0..<count).lazy.map { step in
          let key = key.folded(step)
          let task = type(of: task).forTraining(lag: lag, settings, key.folded("lag"))
          return LagBatch(task.examples(settings.batchSize, key), on: context)
        }
      },
      loss: { network, batch, _ in task.loss(network(batch), batch.targets) })
  }

  /// Judges the network, and if it does well judges it again.
  private mutating func look(
    at network: LagNetwork, _ task: some LagTask, _ settings: LagSettings, _ key: RandomKey
  ) -> Double {
    let solves = { (error: Double) in type(of: task).isSolved(meanError: error) }
    let first = network.meanError(on: task, settings.testCount, key.folded("first"))
    guard solves(first) else { return first }
    let second = network.meanError(on: task, settings.testCount, key.folded("second"))
    isSolved = solves(second)
    return second
  }
}
