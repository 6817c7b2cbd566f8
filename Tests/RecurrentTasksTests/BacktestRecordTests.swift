import RecurrentCore
import RecurrentTasks
import Testing

private let gap = Double.nan

/// Two series of months with unequal lengths, each with two windows of two steps.
private func record(threads: Int = 1) -> BacktestRecord {
  let frequency = Frequency(.month)
  let table = SeriesTable(
    columns: SeriesTable.Columns(id: "shop"), frequency: frequency,
    series: [("a", [1.0, 2, 4, 5, 7, 8, 10]), ("b", [10, 20, 40, gap, 80, 90])].map {
      TimeSeries(id: $0.0, start: Timestamp("2000-01")!, frequency: frequency, values: $0.1)
    })
  let windows = [(0, 3), (0, 5), (1, 2), (1, 4)].map { Backtest.Window(series: $0.0, cutoff: $0.1) }
  return BacktestRecord(
    table, horizon: 2, season: 1, windows: windows,
    methods: [
      BacktestRecord.Method(
        name: "lstm", kind: .model, values: [5, 8, 8, 10, 40, 50, 80, 80],
        intervals: [
          PredictionInterval(
            level: 80, lower: [4, 7, 8, 9, 30, 0, 85, 70], upper: [6, 8, 9, 9, 50, 99, 90, 90])
        ]),
      BacktestRecord.Method(name: "naive", kind: .baseline, values: [4, 4, 7, 7, 20, 20, 40, 40]),
    ], on: ComputeContext(threadCount: threads))
}

@Suite struct BacktestRecords {
  /// Scales: a 1.5 before the third value, 1.5 before the fifth; b 10 before the second, 15 before the
  /// fourth.
  @Test func scoresOfEachWindow() throws {
    let scores = record().scores
    let methods = ["lstm", "naive", "lstm", "naive", "lstm", "naive", "lstm", "naive"]
    #expect(scores.map(\.method) == methods)
    #expect(scores.map(\.window.cutoff) == [3, 3, 5, 5, 2, 2, 4, 4])
    let absolute: [Double?] = [0.5, 2, 0, 2, 0, 20, 5, 45]
    #expect(scores.map(\.mae) == absolute)
    let scales: [Double] = [1.5, 1.5, 1.5, 1.5, 10, 10, 15, 15]
    #expect(scores.map(\.mase) == zip(absolute, scales).map { $0! / $1 })
    #expect(scores[0].coverage == [80: 1] && scores[6].coverage == [80: 0.5])
  }

  @Test func bySeries() {
    let boards = record().leaderboards
    #expect(boards.map(\.series) == [0, 1])
    #expect(boards[0].leaderboard["lstm"]?.mae == 0.25)
    #expect(boards[1].leaderboard["naive"]?.mase == 2.5)
  }

  /// Steps 1 of lstm are off by 0, 0, 0 and 0; steps 2 by 1, 0, - and 10.
  @Test func byStep() throws {
    let record = record()
    let steps = record.measures(of: record.methods[0])
    let means: [Double?] = [0, 11.0 / 3]
    #expect(steps.map(\.mae) == means)
    let roots: [Double?] = [0, (101.0 / 3).squareRoot()]
    #expect(steps.map(\.rmse) == roots)
    let mase = try #require(steps[1].mase)
    let expected = (1 / 1.5 + 10.0 / 15) / 3
    #expect(abs(mase - expected) < 1e-12)
    #expect(steps[0].coverage == [80: 0.75])
    // Of step 1: widths 2, 1, 20, 5 over 1.5, 1.5, 10, 15; 80 is 5 below 85, which costs 10 times 5.
    let msis = try #require(steps[0].msis[80])
    let mean = (2 / 1.5 + 1 / 1.5 + 2 + 55.0 / 15) / 4
    #expect(abs(msis - mean) < 1e-12)
  }

  @Test func tables() {
    let record = record()
    let scores = record.scoresCSV.split(separator: "\n")
    #expect(
      scores[0]
        == "shop,cutoff,method,mase,smape,mae,mse,rmse,rmsse,pinball,crps,wql,coverage-80,msis-80")
    #expect(scores.count == 9)
    #expect(scores[1].hasPrefix("a,2000-03,lstm,0.3333333333333333,"))
    #expect(scores[8].hasPrefix("b,2000-04,naive,3,") && scores[8].hasSuffix(",,"))
    #expect(
      record.forecastsCSV.split(separator: "\n")[...6] == [
        "shop,ds,cutoff,y,lstm,lstm-lo-80,lstm-hi-80,naive", "a,2000-04,2000-03,5,5,4,6,4",
        "a,2000-05,2000-03,7,8,7,8,4", "a,2000-06,2000-05,8,8,8,9,7",
        "a,2000-07,2000-05,10,10,9,9,7", "b,2000-03,2000-02,40,40,30,50,20",
        "b,2000-04,2000-02,,50,0,99,20",
      ])
    #expect(record.json["by_step"]?["naive"]?["mae"]?[1]?.number == 56.0 / 3)
    #expect(record.json["by_series"]?[1]?["shop"] == "b")
  }

  @Test func theSameForAnyNumberOfThreads() {
    #expect(record(threads: 3).scoresCSV == record().scoresCSV)
  }

  @Test func drawnSideBySide() {
    let table = SeriesTable(
      frequency: Frequency(.step),
      series: [
        TimeSeries(
          start: Timestamp("1")!, frequency: Frequency(.step), values: (0..<12).map(Double.init))
      ])
    let cutoffs = Array(3...9)
    let record = BacktestRecord(
      table, horizon: 3, season: 1,
      windows: cutoffs.map { Backtest.Window(series: 0, cutoff: $0) },
      methods: [
        BacktestRecord.Method(
          name: "m", kind: .model, values: cutoffs.flatMap { [Double]($0..<$0 + 3) })
      ])
    let shown = record.sideBySide(record.methods[0], series: 0)
    #expect(shown.map(\.values) == [[3, 4, 5], [6, 7, 8], [9, 10, 11]])
    #expect(record.sideBySide(record.methods[0], series: 1).isEmpty)
  }
}

extension [Double] {
  fileprivate init(_ range: Range<Int>) { self = range.map(Double.init) }
}
