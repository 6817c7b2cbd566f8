import RecurrentCore

/// An exponential moving average of a model's weights: a = a + (1 − decay) (w − a); the weights
/// themselves after the first step.
///
/// Source: PyTorch's `AveragedModel` with `get_ema_multi_avg_fn`; Polyak & Juditsky (1992).
public struct MovingAverage<Model: TensorTree>: Sendable {
  public let decay: Double
  /// The average; the weights it was made with, before the first update.
  public var model: Model
  /// Updates so far.
  public internal(set) var count = 0

  public init(of model: Model, decay: Double = 0.999) {
    self.decay = decay
    self.model = model
  }

  /// Takes the weights after a step.
  public mutating func update(_ weights: Model) {
    count += 1
    if count == 1 {
      model = weights
      return
    }
    let current = weights.tensors
    let part = Float(1 - decay)
    model.withTensors { _, averages in
      for index in averages.indices {
        blending.update(&averages[index], reading: [current[index]], values: [part])
      }
    }
  }
}

private let blending = ElementwiseProgram { formula in
  let average = formula.target(0)
  formula.store(average + (formula.input(0) - average) * formula.value(0), to: 0)
}
