import RecurrentCore
import RecurrentFormats

/// A whole forecast of a table: the backtest of a model beside the baselines, and what comes next.
public struct ForecastStudy: Sendable {
  public let table: SeriesTable
  public let configuration: ForecastConfiguration
  /// How the model and the baselines did; empty without a backtest.
  public internal(set) var leaderboard = Leaderboard([])
  /// For each series of the table the model's forecasts of its backtest windows, oldest first.
  public internal(set) var backtests: [[SeriesForecast]]
  /// For each series of the table that can be forecast what comes next.
  public internal(set) var forecasts: [SeriesForecast] = []
  public internal(set) var notes: [String] = []

  init(_ table: SeriesTable, _ configuration: ForecastConfiguration) {
    self.table = table
    self.configuration = configuration
    backtests = table.series.map { _ in [] }
  }

  /// Forecasts a table: backtests, trained anew before each round unless told otherwise, then a fit
  /// to everything.
  ///
  /// - Parameters:
  ///   - windows: Backtest windows for each series.
  ///   - refits: Whether the model is trained anew at each cutoff, or once, before the first.
  ///   - journal: Keeps the networks, and the checkpoint.
  /// - Returns: The study, and the model fitted to all values.
  /// - Throws: `TableError` where no series is long enough; what training throws.
  public static func forecast(
    _ table: SeriesTable, _ configuration: ForecastConfiguration, windows: Int = 3,
    refits: Bool = true, journal: inout ForecastJournal, on context: ComputeContext = .default
  ) throws -> (study: ForecastStudy, model: Forecaster) {
    let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    var study = ForecastStudy(table, configuration)
    study.noteShortSeries(usable)
    let backtest = study.plan(windows: windows)
    var model: Forecaster?
    var scores: [BacktestScore] = []
    for (round, windows) in backtest.rounds.enumerated() {
      let histories = windows.map { $0.training(in: table).values }
      if refits || model == nil {
        model = try Forecaster(
          fitting: histories.map { ForecastSeries($0) }, configuration, journal: &journal, label: "round \(round + 1)",
          on: context)
      }
      scores += study.judge(windows, histories, by: model!)
    }
    study.leaderboard = Leaderboard(scores)
    let final = try Forecaster(
      fitting: usable.map { ForecastSeries(table.series[$0].values) }, configuration, journal: &journal,
      label: "final", on: context)
    study.predict(usable, by: final)
    return (study, final)
  }

  /// Forecasts a table with a model that is trained already.
  public static func predict(_ table: SeriesTable, by model: Forecaster) throws -> ForecastStudy {
    try table.requireFrequency(of: model)
    let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    var study = ForecastStudy(table, model.configuration)
    study.noteShortSeries(usable)
    study.predict(usable, by: model)
    return study
  }

  /// Backtests a model that is trained already: its networks stay as they are.
  public static func evaluate(
    _ table: SeriesTable, by model: Forecaster, windows: Int = 3
  ) throws -> ForecastStudy {
    try table.requireFrequency(of: model)
    _ = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    var study = ForecastStudy(table, model.configuration)
    let backtest = study.plan(windows: windows)
    guard !backtest.rounds.isEmpty else {
      throw TableError(
        file: table.file,
        message: "nothing is long enough to evaluate: a window of \(model.configuration.horizon) "
          + "steps needs at least \(study.leastHistory) values before it")
    }
    var scores: [BacktestScore] = []
    for windows in backtest.rounds {
      scores += study.judge(windows, windows.map { $0.training(in: table).values }, by: model)
    }
    study.leaderboard = Leaderboard(scores)
    return study
  }

  // MARK: Parts

  /// Values before a window without which a score would say nothing: MASE needs a season and one.
  private var leastHistory: Int {
    max(ForecastConfiguration.minimumHistory, configuration.season + 1)
  }

  private mutating func plan(windows: Int) -> Backtest {
    let backtest = Backtest(
      table, horizon: configuration.horizon, windows: windows, minimumHistory: leastHistory)
    notes += backtest.notes
    return backtest
  }

  private mutating func noteShortSeries(_ usable: [Int]) {
    let left = table.series.indices.filter { !usable.contains($0) }
    guard !left.isEmpty else { return }
    let names = left.prefix(5).map { table.series[$0].id.map(quotedForMessage) ?? "the series" }
    notes.append(
      "not forecast, for want of \(ForecastConfiguration.minimumHistory) values: "
        + names.joined(separator: ", ") + (left.count > 5 ? " and \(left.count - 5) more" : ""))
  }

  /// Forecasts the windows of a round, and scores the model and the baselines.
  private mutating func judge(
    _ windows: [Backtest.Window], _ histories: [[Double]], by model: Forecaster
  ) -> [BacktestScore] {
    var scores: [BacktestScore] = []
    for (index, expectation) in model.forecast(histories.map { ForecastSeries($0) }).enumerated() {
      let window = windows[index]
      let history = window.training(in: table)
      let actual = window.actual(in: table, horizon: configuration.horizon)
      backtests[window.series].append(
        SeriesForecast(
          id: history.id, times: history.futureTimes(configuration.horizon),
          values: expectation.values, intervals: expectation.intervals))
      scores.append(
        BacktestScore(
          method: configuration.method, kind: .model, actual: actual, forecast: expectation.values,
          intervals: expectation.intervals, training: history.values,
          season: configuration.season))
      for baseline in Baseline.allCases {
        scores.append(
          BacktestScore(
            method: baseline.name, kind: .baseline, actual: actual,
            forecast: baseline.forecast(
              history: history.values, horizon: configuration.horizon,
              season: configuration.season),
            training: history.values, season: configuration.season))
      }
    }
    return scores
  }

  private mutating func predict(_ usable: [Int], by model: Forecaster) {
    let expectations = model.forecast(usable.map { ForecastSeries(table.series[$0].values) })
    forecasts = zip(usable, expectations).map { index, expectation in
      SeriesForecast(
        id: table.series[index].id,
        times: table.series[index].futureTimes(configuration.horizon),
        values: expectation.values, intervals: expectation.intervals)
    }
  }
}

extension SeriesTable {
  /// A model's seasons are counted in steps of its data's frequency: on other data it says nothing.
  func requireFrequency(of model: Forecaster) throws(TableError) {
    guard "\(frequency)" == model.configuration.frequency else {
      throw TableError(
        file: file,
        message: "these data are \(frequency), the model is for data that are "
          + model.configuration.frequency)
    }
  }

  /// What a model file says of the data it was made of.
  public var summary: JSONObject {
    [
      "series": .integer(series.count),
      "values": .integer(series.reduce(0) { $0 + $1.observedCount }),
      "fingerprint": .string(fingerprint),
    ]
  }
}
