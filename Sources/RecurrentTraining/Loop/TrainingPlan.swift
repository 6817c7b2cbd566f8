/// How long a training run goes on, and how its steps are taken.
public struct TrainingPlan: Sendable {
  /// Passes over the batches, those of the state included.
  public var epochs: Int
  /// A factor of the learning rate for each step.
  public var schedule: Schedule
  /// How gradients are kept from growing too large.
  public var clipping: GradientClipping?
  /// Batches whose gradients make one step: their mean. The last step of an epoch takes what is left.
  public var batchesPerStep: Int
  /// Epochs between evaluations; the last epoch is always evaluated.
  public var evaluationInterval: Int
  /// Steps between checkpoints within an epoch; nil: at the ends of epochs only.
  public var checkpointInterval: Int?

  public init(
    epochs: Int, schedule: Schedule = .constant, clipping: GradientClipping? = nil,
    batchesPerStep: Int = 1, evaluationInterval: Int = 1, checkpointInterval: Int? = nil
  ) {
    precondition(
      batchesPerStep >= 1 && evaluationInterval >= 1 && checkpointInterval ?? 1 >= 1,
      "A plan's numbers of batches, epochs and steps are at least 1")
    self.epochs = epochs
    self.schedule = schedule
    self.clipping = clipping
    self.batchesPerStep = batchesPerStep
    self.evaluationInterval = evaluationInterval
    self.checkpointInterval = checkpointInterval
  }
}
