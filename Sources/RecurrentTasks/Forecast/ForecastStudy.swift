import RecurrentCore
import RecurrentFormats

/// A whole forecast of a table: the backtest of a model beside the baselines, and what comes next.
public struct ForecastStudy: Sendable {
  public let table: SeriesTable
  /// What the model is made of; where that was searched for, what was found.
  public internal(set) var configuration: ForecastConfiguration
  /// How the model and the baselines did; empty without a backtest.
  public internal(set) var leaderboard = Leaderboard([])
  /// What they forecast, and how good that was; nil without a backtest.
  public internal(set) var backtest: BacktestRecord?
  /// How the model did on what was held out of its training, before any test; nil where no series
  /// was long enough, and of a model that was kept.
  public internal(set) var validation: ForecastComparison?
  /// The method whose forecasts ``forecasts`` are.
  public internal(set) var method: String
  /// For each series of the table that can be forecast what comes next.
  public internal(set) var forecasts: [SeriesForecast] = []
  public internal(set) var notes: [String] = []
  /// What was tried to find the configuration; nil where it was given.
  public internal(set) var search: ForecastSearch?

  init(_ table: SeriesTable, _ configuration: ForecastConfiguration) {
    self.table = table
    self.configuration = configuration
    method = configuration.method
  }

  /// Forecasts a table: backtests, then a fit to everything.
  ///
  /// - Parameters:
  ///   - settings: The backtest's windows, and whether the model is trained anew for each.
  ///   - isBest: Whether the forecasts are by the first of the leaderboard, be it a baseline; else
  ///     they are the model's.
  ///   - training: What the networks start from, and whether settings are searched for: by what comes
  ///     before the first window.
  ///   - journal: Keeps the networks, and the checkpoint.
  /// - Returns: The study, and the model fitted to all values.
  /// - Throws: `TableError` where no series is long enough; what training throws.
  public static func forecast(
    _ table: SeriesTable, _ configuration: ForecastConfiguration,
    backtest settings: Backtest.Settings = Backtest.Settings(), isBest: Bool = false,
    training: ForecastTraining = ForecastTraining(), journal: inout ForecastJournal,
    on context: ComputeContext = .default
  ) throws -> (study: ForecastStudy, model: Forecaster) {
    let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    try table.requireTimes(horizon: configuration.horizon, of: usable)
    try table.requireKnown(horizon: configuration.horizon, of: usable)
    var study = ForecastStudy(table, configuration)
    study.noteShortSeries(usable)
    try study.backtest(settings, training, journal: &journal, on: context)
    let final = try study.fitted(
      to: usable.map { study.series($0) }, training, journal: &journal, label: "final",
      on: context)
    study.validation = study.validation ?? final.validation
    let winner =
      isBest ? study.leaderboard.rows.first.flatMap { Baseline(rawValue: $0.method) } : nil
    if let winner {
      study.predict(usable, by: winner, on: context)
    } else {
      study.predict(usable, by: final)
    }
    return (study, final)
  }

  /// Backtests a model on a table, and forecasts nothing.
  ///
  /// - Throws: `TableError` where no series is long enough for a window; what training throws.
  public static func backtest(
    _ table: SeriesTable, _ configuration: ForecastConfiguration, _ settings: Backtest.Settings,
    training: ForecastTraining = ForecastTraining(), journal: inout ForecastJournal,
    on context: ComputeContext = .default
  ) throws -> ForecastStudy {
    _ = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    var study = ForecastStudy(table, configuration)
    try study.backtest(settings, training, journal: &journal, on: context)
    try study.requireBacktest()
    return study
  }

  /// How many networks a study trains, if every fit holds something out: for those who wait.
  ///
  /// - Parameters:
  ///   - settings: nil for no backtest.
  ///   - forecasts: Whether there is a fit to everything.
  public static func networkCount(
    _ table: SeriesTable, _ configuration: ForecastConfiguration,
    backtest settings: Backtest.Settings?, _ training: ForecastTraining, forecasts: Bool
  ) -> Int {
    var study = ForecastStudy(table, configuration)
    let (plan, refits) = study.plan(settings ?? Backtest.Settings(windows: 0))
    let fits = min(plan.rounds.count, refits ? .max : 1) + (forecasts ? 1 : 0)
    return fits * (configuration.members + 1)
      + (training.isTuned ? ForecastSearch.mostTrials : 0)
  }

  /// Forecasts a table with a model that is trained already.
  ///
  /// - Parameter horizon: At most the model's, which nil stands for.
  public static func predict(
    _ table: SeriesTable, by model: Forecaster, horizon: Int? = nil
  ) throws -> ForecastStudy {
    try table.requireData(of: model)
    let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    try table.requireTimes(horizon: horizon ?? model.configuration.horizon, of: usable)
    try table.requireKnown(horizon: horizon ?? model.configuration.horizon, of: usable)
    var study = ForecastStudy(table, model.configuration(horizon: horizon))
    study.noteShortSeries(usable)
    study.predict(usable, by: model)
    return study
  }

  /// Backtests a model that is trained already: its networks stay as they are.
  ///
  /// - Parameters:
  ///   - settings: The backtest's windows; what is fitted anew is the statistical base alone.
  ///   - horizon: At most the model's, which nil stands for.
  public static func evaluate(
    _ table: SeriesTable, by model: Forecaster,
    backtest settings: Backtest.Settings = Backtest.Settings(), horizon: Int? = nil,
    on context: ComputeContext = .default
  ) throws -> ForecastStudy {
    try table.requireData(of: model)
    _ = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    var study = ForecastStudy(table, model.configuration(horizon: horizon))
    let (plan, refits) = study.plan(settings)
    let windows = plan.windows.inTableOrder
    study.judge(
      windows,
      refits
        ? model.forecast(windows.map { study.series($0.series, before: $0.cutoff) })
        : study.expectations(of: windows, by: model),
      refits: refits, on: context)
    try study.requireBacktest()
    return study
  }

  /// A series of the table as a forecaster reads it.
  ///
  /// - Parameter cutoff: Where what is known ends; nil for the end of the series.
  private func series(_ index: Int, before cutoff: Int? = nil) -> ForecastSeries {
    let whole = configuration.covariates.series(
      table.series[index], of: table, horizon: configuration.horizon)
    return cutoff.map(whole.prefix) ?? whole
  }

  // MARK: Backtests

  /// Values before a window without which a score would say nothing: MASE needs a season and one.
  private var leastHistory: Int {
    max(ForecastConfiguration.minimumHistory, configuration.season + 1)
  }

  private mutating func plan(_ settings: Backtest.Settings) -> (plan: Backtest, refits: Bool) {
    let plan = Backtest(
      table, horizon: configuration.horizon,
      windows: settings.count(horizon: configuration.horizon),
      step: settings.step, minimumHistory: leastHistory)
    notes += plan.notes
    let refits = settings.refits ?? (plan.rounds.count <= Backtest.Settings.fewWindows)
    if settings.refits == nil, !refits {
      notes.append(
        "\(plan.rounds.count) windows are many: what forecasts them is fitted once, to what comes "
          + "before the first")
    }
    return (plan, refits)
  }

  private mutating func backtest(
    _ settings: Backtest.Settings, _ training: ForecastTraining,
    journal: inout ForecastJournal, on context: ComputeContext
  ) throws {
    let (plan, refits) = plan(settings)
    let windows = plan.windows.inTableOrder
    guard !windows.isEmpty else { return }
    if refits {
      var found: [Backtest.Window: Forecaster.Expectation] = [:]
      for (round, windows) in plan.rounds.enumerated() {
        let histories = windows.map { series($0.series, before: $0.cutoff) }
        let model = try fitted(
          to: histories, training, journal: &journal, label: "round \(round + 1)", on: context)
        validation = validation ?? model.validation
        for (window, expectation) in zip(windows, model.forecast(histories)) {
          found[window] = expectation
        }
      }
      judge(windows, windows.map { found[$0]! }, refits: true, on: context)
    } else {
      // What is after the first window of any series is after it for all of them.
      let distance = windows.map { table.series[$0.series].observedEnd - $0.cutoff }.max() ?? 0
      let first = windows.bySeries.compactMap { windows -> ForecastSeries? in
        let whole = table.series[windows[0].series]
        let cutoff = min(windows[0].cutoff, whole.observedEnd - distance)
        guard cutoff > 0, whole.prefix(cutoff).observedCount >= leastHistory else { return nil }
        return series(windows[0].series, before: cutoff)
      }
      let model = try fitted(
        to: first, training, journal: &journal, label: "round 1", on: context)
      validation = model.validation
      judge(windows, expectations(of: windows, by: model), refits: false, on: context)
    }
  }

  /// A forecaster, the first one after a search where one is wanted, whose result all share.
  private mutating func fitted(
    to series: [ForecastSeries], _ training: ForecastTraining, journal: inout ForecastJournal,
    label: String, on context: ComputeContext
  ) throws -> Forecaster {
    var training = training
    training.isTuned = training.isTuned && search == nil
    let (model, found) = try training.fitted(
      to: series, configuration, journal: &journal, label: label, on: context)
    if let found {
      search = found
      configuration = found.best
      notes.append(found.summary)
    }
    return model
  }

  /// All windows in one pass.
  private func expectations(
    of windows: [Backtest.Window], by model: Forecaster
  ) -> [Forecaster.Expectation] {
    let groups = windows.bySeries
    let histories = groups.map { series($0[0].series, before: $0[$0.count - 1].cutoff) }
    return model.forecasts(histories, origins: groups.map { $0.map(\.cutoff) }).flatMap { $0 }
  }

  /// Scores the model and the baselines.
  ///
  /// - Parameters:
  ///   - windows: In the order of the table.
  ///   - expectations: The model's, for each window.
  private mutating func judge(
    _ windows: [Backtest.Window], _ expectations: [Forecaster.Expectation], refits: Bool,
    on context: ComputeContext
  ) {
    guard !windows.isEmpty else { return }
    let (table, horizon, season) = (table, configuration.horizon, configuration.season)
    let expectations = expectations.map { $0.prefix(horizon) }
    let model = BacktestRecord.Method(
      name: configuration.method, kind: .model, values: expectations.flatMap(\.values),
      intervals: expectations[0].intervals.indices.map { index in
        PredictionInterval(
          level: expectations[0].intervals[index].level,
          lower: expectations.flatMap { $0.intervals[index].lower },
          upper: expectations.flatMap { $0.intervals[index].upper })
      })
    let groups = windows.bySeries
    let (levels, minimum) = (configuration.levels, configuration.lowest)
    let kinds = Baseline.allCases
    let judged = context.map(kinds.count * groups.count) { piece in
      let windows = groups[piece % groups.count]
      return kinds[piece / groups.count].judged(
        on: ForecastSeries(table.series[windows[0].series].values).guessing(table.fill),
        origins: windows.map(\.cutoff),
        horizon: horizon, season: season, levels: levels, refits: refits, minimum: minimum)
    }
    let baselines = kinds.indices.map { index in
      let parts = judged[index * groups.count..<(index + 1) * groups.count]
      return BacktestRecord.Method(
        name: kinds[index].name, kind: .baseline, values: parts.flatMap(\.values),
        intervals: levels.indices.map { level in
          PredictionInterval(
            level: levels[level], lower: parts.flatMap { $0.intervals[level].lower },
            upper: parts.flatMap { $0.intervals[level].upper })
        })
    }
    let record = BacktestRecord(
      table, horizon: horizon, season: season, windows: windows, methods: [model] + baselines,
      on: context)
    backtest = record
    leaderboard = record.leaderboard
  }

  private func requireBacktest() throws(TableError) {
    guard backtest == nil else { return }
    throw TableError(
      file: table.file,
      message: "nothing is long enough to evaluate: a window of \(configuration.horizon) "
        + "steps needs at least \(leastHistory) values before it")
  }

  // MARK: Forecasts

  private mutating func noteShortSeries(_ usable: [Int]) {
    let left = table.series.indices.filter { !usable.contains($0) }
    guard !left.isEmpty else { return }
    let names = left.prefix(5).map { table.series[$0].id.map(quotedForMessage) ?? "the series" }
    notes.append(
      "not forecast, for want of \(ForecastConfiguration.minimumHistory) values: "
        + names.joined(separator: ", ") + (left.count > 5 ? " and \(left.count - 5) more" : ""))
  }

  /// What is never negative, as sales, may be unable to be.
  private mutating func noteNegative(_ usable: [Int]) {
    guard configuration.lowest == nil else { return }
    let count = zip(usable, forecasts).count { index, forecast in
      !table.series[index].values.contains { $0 < 0 }
        && ([forecast.values] + forecast.intervals.map(\.lower)).joined().contains { $0 < 0 }
    }
    guard count > 0 else { return }
    notes.append(
      table.series.count == 1
        ? "no value is negative, but the forecast or a bound is: --min 0 keeps them from it"
        : "in \(count) of \(usable.count) series no value is negative, but the forecast or a bound "
          + "is: --min 0 keeps them from it")
  }

  private mutating func predict(
    _ usable: [Int], by baseline: Baseline, on context: ComputeContext
  ) {
    let (table, configuration) = (table, configuration)
    method = baseline.name
    notes.append("the forecast is by \(method), which did best in the backtest")
    forecasts = context.map(usable.count) { position in
      let series = table.series[usable[position]]
      let (values, intervals) = baseline.judged(
        on: ForecastSeries(series.values).guessing(table.fill), origins: [series.values.count],
        horizon: configuration.horizon, season: configuration.season, levels: configuration.levels,
        refits: true, minimum: configuration.lowest)
      return SeriesForecast(
        id: series.id, times: series.futureTimes(configuration.horizon), values: values,
        intervals: intervals)
    }
    noteNegative(usable)
  }

  private mutating func predict(_ usable: [Int], by model: Forecaster) {
    let expectations = model.forecast(usable.map { series($0) })
    forecasts = zip(usable, expectations).map { index, expectation in
      let expectation = expectation.prefix(configuration.horizon)
      return SeriesForecast(
        id: table.series[index].id,
        times: table.series[index].futureTimes(configuration.horizon),
        values: expectation.values, intervals: expectation.intervals)
    }
    noteNegative(usable)
  }
}

extension [Backtest.Window] {
  /// Series by series, oldest first.
  fileprivate var inTableOrder: [Backtest.Window] {
    sorted { ($0.series, $0.cutoff) < ($1.series, $1.cutoff) }
  }

  /// The windows of each series, of windows in the order of the table.
  fileprivate var bySeries: [[Backtest.Window]] { seriesRanges.map { Array(self[$0]) } }
}

extension Forecaster {
  /// The configuration of forecasts with so many steps, at most the model's.
  fileprivate func configuration(horizon: Int?) -> ForecastConfiguration {
    var result = configuration
    if let horizon {
      precondition(
        (1...configuration.horizon).contains(horizon),
        "\(horizon) steps of a model of \(configuration.horizon)")
      result.horizon = horizon
    }
    return result
  }
}

extension SeriesTable {
  /// A model's seasons are counted in steps of its data's frequency, and it reads what it was trained
  /// to read: of other data it says nothing.
  func requireData(of model: Forecaster) throws(TableError) {
    guard "\(frequency)" == model.configuration.frequency else {
      throw TableError(
        file: file,
        message: "these data are \(frequency), the model is for data that are "
          + model.configuration.frequency)
    }
    try model.configuration.covariates.check(self)
    if model.configuration.head == .negativeBinomial {
      try requireCounts(for: "a model with the head negative-binomial")
    }
    let transform = model.configuration.workingTransform
    if transform.needsPositiveValues {
      try requirePositive(for: "a model with the transform \(transform.rawValue)")
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

extension Forecaster.Expectation {
  /// The first steps of it.
  fileprivate func prefix(_ steps: Int) -> Forecaster.Expectation {
    Forecaster.Expectation(
      values: Array(values.prefix(steps)), intervals: intervals.map { $0.part(0..<steps) })
  }
}
