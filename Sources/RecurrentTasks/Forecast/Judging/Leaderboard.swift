import RecurrentFormats

/// How one method did in one backtest window.
public struct BacktestScore: Sendable, Hashable {
  public enum Kind: String, Sendable {
    case model, baseline
  }

  public var method: String
  public var kind: Kind
  /// Measures as ``Metrics`` defines them; nil where they have no meaning.
  public var mase: Double?
  public var smape: Double?
  public var mae: Double?
  public var rmse: Double?
  public var rmsse: Double?
  /// The part of the values within each interval, 0 to 1, by its percent; a model's only.
  public var coverage: [Double: Double]

  /// Scores a forecast of what happened after the training part.
  public init(
    method: String, kind: Kind, actual: [Double], forecast: [Double],
    intervals: [PredictionInterval] = [], training: [Double], season: Int
  ) {
    self.method = method
    self.kind = kind
    mase = Metrics.mase(actual: actual, forecast: forecast, training: training, season: season)
    smape = Metrics.smape(actual: actual, forecast: forecast)
    mae = Metrics.mae(actual: actual, forecast: forecast)
    rmse = Metrics.rmse(actual: actual, forecast: forecast)
    rmsse = Metrics.rmsse(actual: actual, forecast: forecast, training: training, season: season)
    coverage = [:]
    for interval in intervals {
      coverage[interval.level] = Metrics.coverage(
        actual: actual, lower: interval.lower, upper: interval.upper)
    }
  }
}

/// The methods of a backtest, best first: every measure is the mean over windows and series.
public struct Leaderboard: Sendable, Hashable {
  /// The means of one method.
  public struct Row: Sendable, Hashable {
    public var method: String
    public var kind: BacktestScore.Kind
    public var mase: Double?
    public var smape: Double?
    public var mae: Double?
    public var rmse: Double?
    public var rmsse: Double?
    public var coverage: [Double: Double]
  }

  /// The rows by ascending MASE, or by MAE where no series has a MASE.
  public let rows: [Row]

  public init(_ scores: [BacktestScore]) {
    var methods: [String] = []
    var grouped: [String: [BacktestScore]] = [:]
    for score in scores {
      if grouped[score.method] == nil { methods.append(score.method) }
      grouped[score.method, default: []].append(score)
    }
    let means = methods.map { Row(grouped[$0] ?? []) }
    let hasMASE = means.contains { $0.mase != nil }
    let order = means.enumerated().sorted { left, right in
      let (first, second) = (left.element, right.element)
      let (a, b) = hasMASE ? (first.mase, second.mase) : (first.mae, second.mae)
      return (Self.rank(a), left.offset) < (Self.rank(b), right.offset)
    }
    rows = order.map(\.element)
  }

  /// What is missing or not a number comes last.
  private static func rank(_ value: Double?) -> Double {
    value.map { $0.isNaN ? .infinity : $0 } ?? .infinity
  }

  /// The row of a method.
  public subscript(method: String) -> Row? { rows.first { $0.method == method } }

  /// The mean MASE of one method over that of another; nil where one of them has none.
  public func ratio(of method: String, to other: String) -> Double? {
    guard let value = self[method]?.mase, let base = self[other]?.mase, base > 0 else { return nil }
    return value / base
  }
}

extension Leaderboard.Row {
  fileprivate init(_ scores: [BacktestScore]) {
    func mean(_ values: [Double?]) -> Double? {
      let present = values.compactMap { $0 }
      return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
    }
    method = scores.first?.method ?? ""
    kind = scores.first?.kind ?? .baseline
    mase = mean(scores.map(\.mase))
    smape = mean(scores.map(\.smape))
    mae = mean(scores.map(\.mae))
    rmse = mean(scores.map(\.rmse))
    rmsse = mean(scores.map(\.rmsse))
    coverage = [:]
    for level in Set(scores.flatMap(\.coverage.keys)) {
      coverage[level] = mean(scores.map { $0.coverage[level] })
    }
  }
}
