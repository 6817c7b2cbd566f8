import RecurrentCore

/// Everything a training run remembers: what a ``Checkpoint`` holds, and what `train` changes.
///
/// ```swift
/// var state = TrainingState(model: model, optimizer: Adam(for: model), key: RandomKey(seed: 1))
/// state.earlyStopping = EarlyStopping(for: model, patience: 5)
/// ```
public struct TrainingState<Model: TensorTree, Rule: Optimizer, Carried: TensorTree>: Sendable {
  public var model: Model
  public var optimizer: Rule
  /// Of which the keys of all batches and epochs are made; it does not change.
  public var key: RandomKey

  /// Set for a moving average of the weights, which is then what is evaluated.
  public var average: MovingAverage<Model>?
  /// Set for a learning rate that falls when evaluations stop improving.
  public var plateau: Plateau?
  /// Set for a run that ends when evaluations stop improving, with the best weights.
  public var earlyStopping: EarlyStopping<Model>?

  /// What one batch of an epoch hands to the next: the state of truncated backpropagation.
  public var carried: Carried
  /// What the first batch of an epoch gets.
  public let firstCarried: Carried

  /// Steps done.
  public internal(set) var step = 0
  /// Epochs done.
  public internal(set) var epoch = 0
  /// Batches done of the epoch that is under way.
  public internal(set) var batch = 0
  /// The sum of the losses of these batches.
  var lossSum = 0.0

  /// - Parameter carried: What the first batch of an epoch gets; its shapes stay.
  public init(model: Model, optimizer: Rule, key: RandomKey, carried: Carried) {
    self.model = model
    self.optimizer = optimizer
    self.key = key
    self.carried = carried
    firstCarried = carried
  }

  /// The weights to evaluate: the moving average, if there is one.
  public var evaluated: Model { average?.model ?? model }
}

extension TrainingState where Carried == Nothing {
  public init(model: Model, optimizer: Rule, key: RandomKey) {
    self.init(model: model, optimizer: optimizer, key: key, carried: Nothing())
  }
}

/// A tree without tensors: what batches that know nothing of each other carry.
public struct Nothing: TensorTree {
  public init() {}
  public mutating func visit(_ visitor: inout some TensorVisitor) {}
}
