import RecurrentFormats
import RecurrentTasks
import Testing

private func table(_ series: [(String?, [Double])]) -> SeriesTable {
  let frequency = Frequency(.step)
  return SeriesTable(
    file: "t.csv", frequency: frequency,
    series: series.map {
      TimeSeries(id: $0.0, start: Timestamp("1")!, frequency: frequency, values: $0.1)
    })
}

private func ramp(_ count: Int) -> [Double] { (0..<count).map(Double.init) }

@Suite struct BacktestWindows {
  @Test func theLastOnesSideBySide() {
    let table = table([(nil, ramp(20))])
    let plan = Backtest(table, horizon: 4, windows: 3, minimumHistory: 5)
    #expect(plan.rounds.map { $0.map(\.cutoff) } == [[8], [12], [16]])
    #expect(plan.notes.isEmpty)
    #expect(plan.windows[2].training(in: table).values == ramp(16))
    #expect(plan.windows[2].actual(in: table, horizon: 4) == [16, 17, 18, 19])
  }

  @Test func windowsMayOverlap() {
    let table = table([("a", ramp(20)), ("b", ramp(11))])
    let plan = Backtest(table, horizon: 4, windows: 4, step: 1, minimumHistory: 5)
    let rounds = plan.rounds.map { $0.map { [$0.series, $0.cutoff] } }
    #expect(
      rounds == [[[0, 13]], [[0, 14], [1, 5]], [[0, 15], [1, 6]], [[0, 16], [1, 7]]])
    // Steps larger than the horizon leave room between windows.
    let apart = Backtest(table, horizon: 4, windows: 2, step: 7, minimumHistory: 5)
    #expect(apart.windows.filter { $0.series == 0 }.map(\.cutoff) == [9, 16])
    let huge = Backtest(table, horizon: 4, windows: 2, step: .max, minimumHistory: 5)
    #expect(huge.windows.map(\.cutoff) == [16, 7])
  }

  @Test func shortSeriesHaveFewer() {
    let table = table([("a", ramp(20)), ("b", ramp(13)), ("c", ramp(6))])
    let plan = Backtest(table, horizon: 4, minimumHistory: 5)
    let rounds = plan.rounds.map { $0.map { [$0.series, $0.cutoff] } }
    #expect(rounds == [[[0, 8]], [[0, 12], [1, 5]], [[0, 16], [1, 9]]])
    #expect(
      plan.notes == ["too short for 3 backtest windows of 4 steps: \"b\" has 2, \"c\" has 0"])
  }

  @Test func missingValuesAreNoHistory() {
    var values = ramp(20)
    for index in 2..<8 { values[index] = .nan }
    let plan = Backtest(table([(nil, values)]), horizon: 4, minimumHistory: 5)
    #expect(plan.windows.map(\.cutoff) == [12, 16])
  }

  /// Rows that only say what is known of the future.
  @Test func windowsEndWithTheLastValue() {
    let waiting = ramp(13) + [Double](repeating: .nan, count: 9)
    let plan = Backtest(
      table([("a", waiting), ("b", ramp(16)), ("c", [.nan, .nan])]), horizon: 4, windows: 2,
      minimumHistory: 5)
    let rounds = plan.rounds.map { $0.map { [$0.series, $0.cutoff] } }
    #expect(rounds == [[[0, 5], [1, 8]], [[0, 9], [1, 12]]])
    #expect(plan.notes == ["too short for 2 backtest windows of 4 steps: \"c\" has 0"])
  }

  @Test func noneAtAll() {
    let plan = Backtest(table([(nil, ramp(4))]), horizon: .max / 2, minimumHistory: 2)
    #expect(plan.rounds.isEmpty)
    #expect(plan.notes.count == 1)
    #expect(
      Backtest(table([(nil, ramp(4))]), horizon: 1, windows: 0, minimumHistory: 2).notes == [])
  }

  @Test func whatIsNeededToForecast() throws {
    let table = table([("a", ramp(2)), ("b", [1, .nan, 3, 4, .nan])])
    #expect(try table.forecastable(minimum: 3) == [1])
    #expect {
      try table.forecastable(minimum: 4)
    } throws: {
      "\($0)"
        == "t.csv: nothing is long enough to forecast: at least 4 values are needed, "
        + "the longest series has 3"
    }
  }
}

@Suite struct Leaderboards {
  private func score(
    _ method: String, _ kind: BacktestScore.Kind, _ forecast: [Double], training: [Double],
    intervals: [PredictionInterval] = []
  ) -> BacktestScore {
    BacktestScore(
      method: method, kind: kind, actual: [10, 12], forecast: forecast, intervals: intervals,
      training: training, season: 1)
  }

  private var scores: [BacktestScore] {
    let bands = [PredictionInterval(level: 90, lower: [9, 9], upper: [11, 11])]
    return [
      score("naive", .baseline, [8, 8], training: [1, 2, 3]),
      score("lstm", .model, [10, 11], training: [1, 2, 3], intervals: bands),
      score("naive", .baseline, [9, 9], training: [1, 3, 5]),
      score("lstm", .model, [11, 11], training: [1, 3, 5], intervals: bands),
      // A constant has no MASE.
      score("naive", .baseline, [10, 12], training: [5, 5]),
      score("lstm", .model, [10, 12], training: [5, 5], intervals: bands),
    ]
  }

  @Test func meansOverWindows() throws {
    let board = Leaderboard(scores)
    #expect(board.rows.map(\.method) == ["lstm", "naive"])
    let lstm = try #require(board["lstm"])
    let naive = try #require(board["naive"])
    // Scales 1 and 2; errors of lstm 0.5 and 1, of naive 3 and 2.
    #expect(lstm.mase == (0.5 + 0.5) / 2)
    #expect(naive.mase == (3.0 + 1) / 2)
    #expect(lstm.mae == 0.5)
    #expect(lstm.coverage == [90: 0.5])
    #expect(board.ratio(of: "lstm", to: "naive") == 0.25)
    #expect(
      board.verdict
        == "lstm is ahead of naive, but not surely (MASE 0.500 against 2.00; one window says little)"
    )
  }

  @Test func aBaselineThatWinsIsNamed() {
    let board = Leaderboard([
      score("lstm", .model, [0, 0], training: [1, 2]),
      score("drift", .baseline, [10, 12], training: [1, 2]),
    ])
    #expect(board.rows[0].method == "drift")
    #expect(
      board.verdict
        == "drift is ahead of lstm, but not surely (MASE 11.0 against 0; one window says little)")
    // Differences of 1, 0.8 and 1.2 are more than two standard errors.
    #expect(
      self.board([1, 1.2, 0.8], cutoffs: [10, 11, 12]).verdict
        == "naive beats lstm (MASE 2.00 against 1.00): prefer it for these data")
    #expect(
      self.board([3, 3.2, 2.8], cutoffs: [10, 11, 12]).verdict
        == "lstm beats every baseline; the best is naive (MASE 2.00 against 3.00)")
  }

  @Test func constantsAreRankedByError() {
    let board = Leaderboard([
      score("naive", .baseline, [0, 0], training: [5, 5]),
      score("lstm", .model, [10, 12], training: [5, 5]),
      score("broken", .model, [.nan, 0], training: [5, 5]),
    ])
    #expect(board.rows.map(\.method) == ["lstm", "naive", "broken"])
    #expect(board.json[0]?["mase"] == .null)
    #expect(board.json[2]?["mae"]?.number?.isNaN == true)
    #expect(board.json.text().contains("\"mae\":null"))
  }

  @Test func output() {
    let board = Leaderboard(scores)
    #expect(
      board.text == """
        method   MASE  sMAPE %    MAE   RMSE  in 90 % band
        lstm    0.500     4.49  0.500  0.569          50 %
        naive   2.000    16.89  1.667  1.799

        """)
    #expect(
      board.json[0]?.object?.keys == [
        "method", "kind", "mase", "smape", "mae", "mse", "rmse", "rmsse", "owa", "pinball", "crps",
        "wql", "coverage", "msis",
      ])
    #expect(board.json[0]?["coverage"] == ["90": 0.5])
    #expect(board.json[1]?["coverage"] == nil)
    #expect(board.json[1]?["kind"] == "baseline")
  }

  /// A model whose errors are 2 in every window beside one whose errors are given.
  private func board(_ others: [Double], cutoffs: [Int], horizon: Int = 1) -> Leaderboard {
    var scores: [BacktestScore] = []
    for (other, cutoff) in zip(others, cutoffs) {
      for (method, error) in [("lstm", 2.0), ("naive", other)] {
        scores.append(
          BacktestScore(
            method: method, kind: method == "lstm" ? .model : .baseline,
            window: Backtest.Window(series: 0, cutoff: cutoff), actual: [10],
            forecast: [10 + error], training: [1, 2, 3], season: 1))
      }
    }
    return Leaderboard(scores, horizon: horizon)
  }

  /// Differences 1, -2 and 1.5: a mean of 1/6, a standard error of 1.09.
  @Test func aDifferenceWithinItsErrorIsNone() throws {
    let close = board([1, 4, 0.5], cutoffs: [10, 11, 12])
    let comparison = try #require(close.comparison)
    #expect(comparison.outcome == .tie)
    #expect(abs(try #require(comparison.standardError) - (43.0 / 36).squareRoot()) < 1e-12)
    #expect(
      close.verdict
        == "lstm does about as well as naive (MASE 2.00 against 1.83; the difference has a "
        + "standard error of 1.1)")
    // Differences 1, -2 and -0.5 are larger, and no surer.
    #expect(
      board([1, 4, 2.5], cutoffs: [10, 11, 12]).verdict
        == "lstm is ahead of naive, but not surely (MASE 2.00 against 2.50; the difference has a "
        + "standard error of 0.87)")
    // Differences 1, 1.2 and 0.8 are as sure as can be.
    let clear = board([1, 0.8, 1.2], cutoffs: [10, 11, 12])
    #expect(clear.comparison?.outcome == .baseline)
    // Differences 1, 1.8 and -0.2, of mean 0.87, are 1.5 standard errors of 0.58.
    #expect(board([1, 0.2, 2.2], cutoffs: [10, 11, 12]).comparison?.outcome == .tie)
    // One window says nothing of how sure it is.
    #expect(board([0.1], cutoffs: [10]).comparison?.outcome == .tie)
  }

  /// The windows from 10, 11 and 12, of four steps each, are two blocks: 8 to 11, and 12.
  @Test func windowsThatOverlapCountAsOne() throws {
    let board = board([1, 0.5, 2.5], cutoffs: [10, 11, 12], horizon: 4)
    // Blocks of means 1.25 and -0.5, with a standard error of 0.875 where three have one of 0.76.
    let error = try #require(board.comparison?.standardError)
    #expect(abs(error - 0.875) < 1e-12)
  }

  /// M4's OWA is made of means over the series, not a mean of ratios.
  @Test func owaIsOfMeans() throws {
    func score(_ method: String, _ series: Int, _ error: Double, _ actual: Double) -> BacktestScore
    {
      BacktestScore(
        method: method, kind: .baseline, window: Backtest.Window(series: series, cutoff: 3),
        actual: [actual], forecast: [actual + error], training: [0, 1, 2], season: 1)
    }
    let board = Leaderboard([
      score("naive2", 0, 2, 1), score("naive2", 1, 4, 2), score("theta", 0, 1, 1),
      score("theta", 1, 1, 2),
    ])
    // sMAPE 100 and 100 of naive2, 200/3 and 40 of theta; MASE 2 and 4, 1 and 1.
    let expected = ((200.0 / 3 + 40) / 200 + 2.0 / 6) / 2
    #expect(abs(try #require(board["theta"]?.owa) - expected) < 1e-12)
    #expect(board["naive2"]?.owa == 1)
    #expect(board.text.contains("OWA"))
    #expect(Leaderboard([score("theta", 0, 1, 1)])["theta"]?.owa == nil)
  }

  /// Sums over all windows before they are divided.
  @Test func weightedQuantileLoss() throws {
    let board = Leaderboard([
      BacktestScore(
        method: "m", kind: .model, actual: [1, .nan, -3], forecast: [2, 0, 0], training: [1, 2],
        season: 1),
      BacktestScore(
        method: "m", kind: .model, actual: [10], forecast: [15], training: [1, 2], season: 1),
    ])
    // Errors 1, 3 and 5 over sizes 1, 3 and 10.
    #expect(abs(try #require(board["m"]?.wql) - 9.0 / 14) < 1e-12)
    #expect(board["m"]?.crps == (2.0 + 5) / 2)
  }
}
