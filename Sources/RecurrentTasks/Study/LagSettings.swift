import RecurrentCore

/// How a network is trained on a task: Adam, with clipped gradients, on examples each of which it
/// sees once.
public struct LagSettings: Sendable, Hashable {
  /// Units of the recurrent layer.
  public var hiddenSize: Int
  /// Examples of a step.
  public var batchSize: Int
  /// Adam's.
  public var learningRate: Double
  /// What the gradient's norm is clipped to.
  public var clippingNorm: Double = 1
  /// Whether batches for training have lags up to the one asked, and not that one alone: where the
  /// signal of the one asked vanishes at first, shorter ones show the way. Tests never do.
  public var mixesLags: Bool
  /// Examples that a network may be trained on.
  public var budget: Int
  /// Examples between two looks at whether the task is solved.
  public var checkInterval: Int
  /// Fresh examples for such a look.
  public var testCount: Int

  /// Steps that use up the budget.
  var stepCount: Int { max(1, budget / batchSize) }
  /// Steps between two looks.
  var stepsPerCheck: Int { max(1, checkInterval / batchSize) }
}

extension LagTask {
  /// A task to train on: this one, or with ``LagSettings/mixesLags`` one of a random lag.
  ///
  /// The lag asked is halved a random number of times, as long as the task allows; up to half of
  /// what is left is then taken from it, so that all orders of magnitude are as likely.
  static func forTraining(lag: Int, _ settings: LagSettings, _ key: RandomKey) -> Self {
    guard settings.mixesLags else { return Self(lag: lag) }
    var bounds = [lag]
    while bounds[bounds.count - 1] / 2 > lags.lowerBound {
      bounds.append(bounds[bounds.count - 1] / 2)
    }
    let bound = bounds[key.choice(at: 0, of: bounds.count)]
    let least = max(lags.lowerBound, bound / 2)
    return Self(lag: least + key.choice(at: 1, of: bound - least + 1))
  }
}
