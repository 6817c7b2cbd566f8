/// How one method did in one backtest window.
@dynamicMemberLookup
public struct BacktestScore: Sendable, Hashable {
  public enum Kind: String, Sendable {
    case model, baseline
  }

  public var method: String
  public var kind: Kind
  /// What was forecast from where.
  public var window: Backtest.Window
  public var measures: ForecastMeasures

  public init(
    method: String, kind: Kind, window: Backtest.Window, measures: ForecastMeasures
  ) {
    self.method = method
    self.kind = kind
    self.window = window
    self.measures = measures
  }

  /// Scores a forecast of what happened after the training part.
  public init(
    method: String, kind: Kind, window: Backtest.Window = Backtest.Window(series: 0, cutoff: 0),
    actual: [Double], forecast: [Double],
    intervals: [PredictionInterval] = [], training: [Double], season: Int
  ) {
    self.init(
      method: method, kind: kind, window: window,
      measures: ForecastMeasures(
        actual: actual, forecast: forecast, intervals: intervals,
        scale: SeriesScale(of: training, season: season)))
  }

  public subscript<Value>(dynamicMember path: KeyPath<ForecastMeasures, Value>) -> Value {
    measures[keyPath: path]
  }
}
