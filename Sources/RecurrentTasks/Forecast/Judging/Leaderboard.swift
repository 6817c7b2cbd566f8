/// The methods of a backtest, best first: every measure is the mean over windows and series.
public struct Leaderboard: Sendable, Hashable {
  /// The means of one method.
  @dynamicMemberLookup
  public struct Row: Sendable, Hashable {
    public var method: String
    public var kind: BacktestScore.Kind
    public var measures: ForecastMeasures

    public subscript<Value>(dynamicMember path: KeyPath<ForecastMeasures, Value>) -> Value {
      measures[keyPath: path]
    }
  }

  /// Best first.
  public let rows: [Row]
  /// What the rows are ranked by: MASE, or MAE where no series has a MASE.
  let measure: ForecastMeasures.Measure
  /// How the best model stands beside the best baseline; nil without both.
  public let comparison: Comparison?

  /// - Parameters:
  ///   - scores: Of all methods, each with the same windows.
  ///   - horizon: Steps of a window: those that overlap share their fate, and are judged as one when
  ///     it is asked how sure a difference is.
  ///   - reference: The method that OWA is measured against; without it there is no OWA.
  public init(_ scores: [BacktestScore], horizon: Int = 1, reference: String = "naive2") {
    var methods: [String] = []
    var grouped: [String: [BacktestScore]] = [:]
    for score in scores {
      if grouped[score.method] == nil { methods.append(score.method) }
      grouped[score.method, default: []].append(score)
    }
    var means = methods.map { method in
      let scores = grouped[method] ?? []
      return Row(
        method: method, kind: scores.first?.kind ?? .baseline,
        measures: ForecastMeasures(meanOf: scores.map(\.measures)))
    }
    if let naive2 = means.first(where: { $0.method == reference })?.measures {
      for index in means.indices {
        means[index].measures.owa = Metrics.owa(
          smape: means[index].smape, mase: means[index].mase,
          naive2: (naive2.smape, naive2.mase))
      }
    }
    let measure: ForecastMeasures.Measure = means.contains { $0.mase != nil } ? .mase : .mae
    self.measure = measure
    rows = means.enumerated().sorted { left, right in
      let (a, b) = (left.element.measures[measure], right.element.measures[measure])
      return (Self.rank(a), left.offset) < (Self.rank(b), right.offset)
    }.map(\.element)

    if let model = rows.first(where: { $0.kind == .model }),
      let baseline = rows.first(where: { $0.kind == .baseline })
    {
      comparison = Comparison(
        grouped[model.method] ?? [], with: grouped[baseline.method] ?? [], by: measure,
        horizon: horizon)
    } else {
      comparison = nil
    }
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

  /// The percent of all bands, ascending.
  var levels: [Double] { Set(rows.flatMap(\.coverage.keys)).sorted() }
}
