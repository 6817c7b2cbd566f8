/// What a training run has to tell while it goes on.
public enum TrainingEvent: Sendable, Hashable {
  /// A step is done.
  case step(StepReport)
  /// An epoch is done.
  case epoch(EpochReport)
}

/// One step in numbers.
public struct StepReport: Sendable, Hashable {
  /// Steps done, this one included.
  public var step: Int
  /// The epoch it belongs to, counted from 1.
  public var epoch: Int
  /// The mean loss of its batches.
  public var loss: Double
  /// The norm of the gradient before clipping.
  public var gradientNorm: Double
  /// The learning rate, before groups have their say.
  public var learningRate: Double

  public init(step: Int, epoch: Int, loss: Double, gradientNorm: Double, learningRate: Double) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.learningRate = learningRate
  }
}

/// One epoch in numbers.
public struct EpochReport: Sendable, Hashable {
  /// Epochs done, this one included.
  public var epoch: Int
  /// Steps done so far.
  public var step: Int
  /// The mean loss of its batches; nil if it had none.
  public var loss: Double?
  /// What the evaluation gave; nil if there was none.
  public var evaluation: Double?
  /// Whether the evaluation is the best so far; nil without early stopping.
  public var isBest: Bool?

  public init(
    epoch: Int, step: Int, loss: Double?, evaluation: Double? = nil, isBest: Bool? = nil
  ) {
    self.epoch = epoch
    self.step = step
    self.loss = loss
    self.evaluation = evaluation
    self.isBest = isBest
  }
}

/// Why a training run has ended.
public enum TrainingOutcome: Sendable, Hashable {
  /// The plan's epochs are done.
  case finished
  /// Evaluations have stopped improving.
  case stoppedEarly
  /// A ``StopSignal`` was raised; the state can be taken up again.
  case interrupted
}
