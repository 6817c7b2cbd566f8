import RecurrentCore

/// What every method forecast in the windows of a backtest, what happened there, and how good that
/// was.
public struct BacktestRecord: Sendable {
  /// The forecasts of one method.
  public struct Method: Sendable {
    public var name: String
    public var kind: BacktestScore.Kind
    /// Row-major [windows, horizon].
    public var values: [Double]
    /// The bands, ascending; their bounds are row-major too.
    public var intervals: [PredictionInterval]

    public init(
      name: String, kind: BacktestScore.Kind, values: [Double],
      intervals: [PredictionInterval] = []
    ) {
      self.name = name
      self.kind = kind
      self.values = values
      self.intervals = intervals
    }
  }

  public let table: SeriesTable
  public let horizon: Int
  public let season: Int
  /// Series by series, oldest first.
  public let windows: [Backtest.Window]
  /// Models, then baselines; each has forecast all windows.
  public let methods: [Method]
  /// Row-major [windows, horizon]; NaN where missing.
  public let actual: [Double]
  /// Window by window, in each of them method by method.
  public let scores: [BacktestScore]
  /// For each window what errors are measured in.
  private let scales: [SeriesScale]
  /// By series that has windows, their positions.
  private let positions: [Int: Range<Int>]

  /// Scores the forecasts.
  ///
  /// - Parameter windows: Series by series, oldest first.
  public init(
    _ table: SeriesTable, horizon: Int, season: Int, windows: [Backtest.Window],
    methods: [Method], on context: ComputeContext = .default
  ) {
    precondition(
      methods.allSatisfy { $0.values.count == windows.count * horizon },
      "every method forecasts all \(windows.count) windows of \(horizon) steps")
    self.table = table
    self.horizon = horizon
    self.season = season
    self.windows = windows
    self.methods = methods
    let actual = windows.flatMap { $0.actual(in: table, horizon: horizon) }
    self.actual = actual
    let groups = windows.seriesRanges
    positions = Dictionary(uniqueKeysWithValues: groups.map { (windows[$0.lowerBound].series, $0) })
    let scored = context.map(groups.count) { group in
      let scales = SeriesScale.scales(
        of: table.series[windows[groups[group].lowerBound].series].values,
        origins: windows[groups[group]].map(\.cutoff), season: season)
      let scores = zip(groups[group], scales).map { window, scale in
        let steps = window * horizon..<(window + 1) * horizon
        return methods.map { method in
          BacktestScore(
            method: method.name, kind: method.kind, window: windows[window],
            measures: ForecastMeasures(
              actual: Array(actual[steps]), forecast: Array(method.values[steps]),
              intervals: method.intervals.map { $0.part(steps) }, scale: scale))
        }
      }
      return (scales: scales, scores: scores.flatMap { $0 })
    }
    scales = scored.flatMap(\.scales)
    scores = scored.flatMap(\.scores)
  }

  /// The windows of the series that has most.
  public var windowsPerSeries: Int { positions.values.map(\.count).max() ?? 0 }

  // MARK: Overall, by series, by step

  /// The means over all windows and series.
  public var leaderboard: Leaderboard { Leaderboard(scores, horizon: horizon) }

  /// The means over the windows of each series that has some, in the order of the table.
  public var leaderboards: [(series: Int, leaderboard: Leaderboard)] {
    windows.seriesRanges.map { range in
      let scores = scores[range.lowerBound * methods.count..<range.upperBound * methods.count]
      return (windows[range.lowerBound].series, Leaderboard(Array(scores), horizon: horizon))
    }
  }

  /// For each step of the horizon the measures of a method over all windows and series.
  public func measures(of method: Method) -> [ForecastMeasures] {
    (0..<horizon).map { step in
      func column(_ values: [Double]) -> [Double] {
        stride(from: step, to: values.count, by: horizon).map { values[$0] }
      }
      return ForecastMeasures(
        actual: column(actual), forecast: column(method.values),
        intervals: method.intervals.map {
          PredictionInterval(level: $0.level, lower: column($0.lower), upper: column($0.upper))
        }, scales: scales)
    }
  }

  // MARK: Forecasts

  /// A method's forecasts of a series, oldest first, those left out that begin before the one after
  /// them has a horizon's room: what a drawing can show side by side.
  public func sideBySide(_ method: Method, series: Int) -> [SeriesForecast] {
    var chosen: [Int] = []
    for position in (positions[series] ?? 0..<0).reversed()
    where chosen.isEmpty || windows[position].cutoff + horizon <= windows[chosen.last!].cutoff {
      chosen.append(position)
    }
    return chosen.reversed().map { forecast(method, window: $0) }
  }

  /// A method's forecast of the window at a position.
  public func forecast(_ method: Method, window: Int) -> SeriesForecast {
    let steps = window * horizon..<(window + 1) * horizon
    let series = table.series[windows[window].series]
    return SeriesForecast(
      id: series.id,
      times: (0..<horizon).map { series.time(at: windows[window].cutoff + $0) },
      values: Array(method.values[steps]), intervals: method.intervals.map { $0.part(steps) })
  }
}
