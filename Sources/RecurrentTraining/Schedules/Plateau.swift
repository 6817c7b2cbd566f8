import RecurrentFormats

/// A factor of the learning rate that falls when a value has stopped improving.
///
/// A value improves if it is less than (1 − threshold) times the best one. After more than `patience`
/// values without improvement the factor is multiplied by `decay`, and the next `cooldown` values
/// are not counted against it.
///
/// Source: PyTorch's `ReduceLROnPlateau`.
public struct Plateau: Sendable, Hashable {
  public let decay: Double
  public let patience: Int
  public let threshold: Double
  public let cooldown: Int
  /// The factor does not fall below it.
  public let minimum: Double

  /// What the learning rate is multiplied by now.
  public private(set) var factor = 1.0
  /// The best value so far.
  public private(set) var best = Double.infinity
  private var badCount = 0
  private var remainingCooldown = 0

  public init(
    decay: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0,
    minimum: Double = 0
  ) {
    self.decay = decay
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimum = minimum
  }

  /// Takes the next value.
  public mutating func observe(_ value: Double) {
    if value < best * (1 - threshold) {
      best = value
      badCount = 0
    } else {
      badCount += 1
    }
    if remainingCooldown > 0 {
      remainingCooldown -= 1
      badCount = 0
    }
    if badCount > patience {
      factor = max(factor * decay, minimum)
      remainingCooldown = cooldown
      badCount = 0
    }
  }
}

extension Plateau {
  /// What it has seen, for a checkpoint.
  var memory: JSONObject {
    get {
      [
        "factor": .number(factor), "best": best.isFinite ? .number(best) : .null,
        "bad": .integer(badCount), "cooldown": .integer(remainingCooldown),
      ]
    }
    set {
      factor = newValue["factor"]?.number ?? 1
      best = newValue["best"]?.number ?? .infinity
      badCount = newValue["bad"]?.integer ?? 0
      remainingCooldown = newValue["cooldown"]?.integer ?? 0
    }
  }
}
