import RecurrentCore
import RecurrentFormats

/// Ends a run whose evaluations have stopped improving, and keeps the weights of the best one.
public struct EarlyStopping<Model: TensorTree>: Sendable {
  /// So many evaluations in a row without improvement end the run.
  public let patience: Int
  /// By how much a value must fall below the best one to count as better.
  public let minimumImprovement: Double

  /// The least value so far; nil before the first.
  public private(set) var best: Double?
  /// The weights that gave it; those the run began with, before the first.
  public var bestModel: Model
  private var badCount = 0

  public init(for model: Model, patience: Int, minimumImprovement: Double = 0) {
    precondition(patience >= 1, "Early stopping needs a patience of at least 1")
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    bestModel = model
  }

  /// Whether the run should end.
  public var isExhausted: Bool { badCount >= patience }

  /// Takes the next value and the weights that gave it; true if it is the best so far.
  @discardableResult
  public mutating func observe(_ value: Double, of model: Model) -> Bool {
    if let best, !(value < best - minimumImprovement) {
      badCount += 1
      return false
    }
    best = value
    bestModel = model
    badCount = 0
    return true
  }
}

extension EarlyStopping {
  /// What it has seen, but for the weights, for a checkpoint.
  var memory: JSONObject {
    get { ["best": best.map { .number($0) } ?? .null, "bad": .integer(badCount)] }
    set {
      best = newValue["best"]?.number
      badCount = newValue["bad"]?.integer ?? 0
    }
  }
}
