import Foundation
import Testing

/// What `lstm backtest` and `lstm evaluate` say and leave.
@Suite struct Backtests {
  private func tool(_ table: Table = Table(months: 40)) throws -> Tool {
    let tool = try Tool()
    try tool.write(table.csv, to: "table.csv")
    return tool
  }

  private static let small = [
    "--horizon", "3", "--epochs", "1", "--hidden", "4", "--threads", "1",
  ]

  private func rows(_ tool: Tool, _ name: String) throws -> [[String]] {
    try tool.text(name).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func windowsThatOverlap() throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["backtest", "table.csv", "--windows", "7", "--step", "1", "--json", "--scores", "s.csv"]
        + ["--forecasts", "f.csv"] + Self.small)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let document = try Document(outcome.stdout)
    #expect(document.forecast.isEmpty)
    #expect(try tool.files == ["f.csv", "s.csv", "table.csv"])

    let scores = try rows(tool, "s.csv")
    let cutoffs = (30...36).map { Table.month($0) }
    #expect(scores.dropFirst().filter { $0[1] == "lstm" }.map { $0[0] } == cutoffs)
    // The leaderboard is the mean of these.
    let column = try #require(scores[0].firstIndex(of: "mase"))
    for row in document.leaderboard {
      let values = scores.filter { $0[1] == row.method }.compactMap { Double($0[column]) }
      #expect(values.count == 7)
      let mean = values.reduce(0, +) / 7
      #expect(abs(mean - (row.mase ?? -1)) < 1e-9 * mean, "\(row.method)")
    }

    let forecasts = try rows(tool, "f.csv")
    #expect(
      forecasts[0][...5] == ["ds", "cutoff", "y", "lstm", "lstm-lo-80", "lstm-hi-80"])
    #expect(forecasts.count == 1 + 7 * 3)
    let naive = try #require(forecasts[0].firstIndex(of: "naive"))
    for row in forecasts.dropFirst() {
      let steps = (0..<40).filter { [row[0], row[1]].contains(Table.month($0)) }
      #expect(steps[1] - steps[0] <= 3)
      #expect(Double(row[2]) == Table.seasonal(steps[1]))
      #expect(Double(row[naive]) == Table.seasonal(steps[0]))
    }
  }

  /// Many windows are one fit: its log tells of one round.
  @Test func manyWindowsAreFittedOnce() throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["backtest", "table.csv", "--test-size", "10", "--step", "1", "--log", "log"] + Self.small)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.contains("Backtest over 8 windows of 3 steps"))
    #expect(outcome.stderr.contains("8 windows are many"))
    #expect(!(try tool.text("log").contains("round 2")))
    let few = try tool.run(
      ["backtest", "table.csv", "--windows", "2", "--log", "log"] + Self.small)
    #expect(few.stderr == "")
    #expect(try tool.text("log").contains("round 2"))
    let once = try tool.run(
      ["backtest", "table.csv", "--windows", "2", "--no-refit", "--log", "log"] + Self.small)
    #expect(once.stderr == "")
    #expect(!(try tool.text("log").contains("round 2")))
  }

  /// The backtest of a forecast is that of a backtest.
  @Test func theSameAsAForecasts() throws {
    let tool = try tool()
    let options = ["--windows", "2", "--json", "--scores"]
    let forecast = try tool.run(["forecast", "table.csv"] + options + ["a.csv"] + Self.small)
    let backtest = try tool.run(["backtest", "table.csv"] + options + ["b.csv"] + Self.small)
    #expect(forecast.status == 0 && backtest.status == 0)
    #expect(try tool.data("a.csv") == tool.data("b.csv"))
  }

  @Test func severalSeries() throws {
    let tool = try tool(
      Table(
        "unique_id,ds,y",
        rows: Table(months: 40, id: "a").rows + Table(months: 27, id: "b").rows
          + Table(months: 9, id: "c").rows))
    let outcome = try tool.run(
      ["backtest", "table.csv", "--windows", "5", "--no-refit", "--scores", "-"] + Self.small)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let windows = outcome.stdout.split(separator: "\n").filter { $0.contains(",naive,") }
    #expect(windows.filter { $0.hasPrefix("a,") }.count == 5)
    #expect(windows.filter { $0.hasPrefix("b,") }.count == 4)
    #expect(windows.filter { $0.hasPrefix("c,") }.isEmpty)
    #expect(outcome.stderr.contains("\"b\" has 4, \"c\" has 0"))
  }

  @Test func aKeptModel() throws {
    let tool = try tool()
    _ = try tool.run(["train", "forecast", "table.csv", "--save", "m"] + Self.small)
    try tool.write(Table(months: 60).csv, to: "later.csv")
    let outcome = try tool.run(
      ["evaluate", "m", "later.csv", "--windows", "12", "--step", "1", "--horizon", "2"]
        + ["--forecasts", "f.csv", "--plot", "p.svg"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.contains("Backtest over 12 windows of 2 steps"))
    #expect(try rows(tool, "f.csv").count == 25)
    #expect(try tool.text("p.svg").contains("class=\"backtest\""))

    let predicted = try tool.run(["predict", "m", "later.csv", "--horizon", "2", "--output", "-"])
    #expect(predicted.status == 0)
    let whole = try tool.run(["predict", "m", "later.csv", "--output", "-"])
    let lines = whole.stdout.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(predicted.stdout.split(separator: "\n") == Array(lines[..<3]))
    for verb in ["predict", "evaluate"] {
      let outcome = try tool.run([verb, "m", "later.csv", "--horizon", "4"])
      #expect(outcome.status == 64)
      #expect(outcome.stderr.contains("at most the model's 3, found 4"))
    }
  }

  // MARK: The best

  /// Drift continues a line without an error; the model's are small, but they are there.
  @Test func aBaselineThatWinsCanForecast() throws {
    let tool = try tool(Table(months: 60) { 7 * Double($0) - 50 })
    let options = ["forecast", "table.csv", "--windows", "3"] + Self.small
    let plain = try tool.run(options)
    #expect(plain.status == 0, "\(plain.stderr)")
    #expect(plain.stdout.contains("lstm and drift do equally well"), "\(plain.stdout)")
    #expect(try tool.text("forecast.csv").hasPrefix("ds,lstm,"))

    let best = try tool.run(options + ["--best"])
    #expect(best.status == 0, "\(best.stderr)")
    #expect(best.stderr.contains("the forecast is by drift"))
    #expect(!best.stdout.contains("--best"))
    let rows = try rows(tool, "forecast.csv")
    #expect(rows[0] == ["ds", "drift", "drift-lo-80", "drift-hi-80", "drift-lo-90", "drift-hi-90"])
    #expect(rows.dropFirst().map { $0[1] } == ["370", "377", "384"])
    #expect(try tool.text("forecast.svg").contains(">drift</text>"))
    let json = try tool.run(options + ["--best", "--json"])
    #expect(json.stdout.contains("\"method\": \"drift\""))

    // What to do about it is said where a baseline is ahead: of one window, whenever it is first.
    try tool.write(Table(months: 40).csv, to: "table.csv")
    let one = ["forecast", "table.csv", "--windows", "1"] + Self.small
    let first = try #require(Document(tool.run(one + ["--json"]).stdout).leaderboard.first)
    let text = try tool.run(one).stdout
    #expect(
      text.contains("With --best the forecast is by \(first.method).\n")
        == (first.kind == "baseline"))

    let none = try tool.run(
      ["forecast", "table.csv", "--horizon", "3", "--windows", "0", "--best"])
    #expect(none.status == 64 && none.stderr.contains("--best"))
  }

  /// Steps that cannot be foreseen: the tool says so before it has looked at the windows.
  @Test func whatCannotBeForeseenIsSaidBeforeTheTest() throws {
    var state: UInt64 = 11
    var value = 1000.0
    let walk = (0..<240).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      value += Double(state >> 40) / Double(1 << 24) - 0.5
      return value
    }
    let tool = try tool(
      Table("ds,y", rows: walk.enumerated().map { "\($0.offset + 1),\($0.element)" }))
    let outcome = try tool.run(
      ["backtest", "table.csv", "--no-refit", "--horizon", "5", "--windows", "8", "--threads", "2"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.contains("Before any test: naive wins"), "\(outcome.stdout)")
  }

  @Test(arguments: [
    (["--windows", "0"], "--windows"), (["--step", "0"], "--step"),
    (["--windows", "3", "--test-size", "9"], "--test-size"),
    (["--scores", "s.csv", "--forecasts", "s.csv"], "same"),
    (["--scores", "table.csv"], "table.csv"),
  ])
  func refused(_ options: [String], _ words: String) throws {
    let tool = try tool()
    let outcome = try tool.run(["backtest", "table.csv"] + options + Self.small)
    #expect(outcome.status == 64)
    #expect(outcome.errorLines.count == 1 && outcome.stderr.contains(words))
    #expect(try tool.files == ["table.csv"])
  }

  @Test func nothingIsLongEnough() throws {
    let tool = try tool()
    let short = try tool.run(["backtest", "table.csv", "--test-size", "2"] + Self.small)
    #expect(short.status == 64 && short.stderr.contains("at least the horizon, which is 3"))
    try tool.write(Table(months: 15).csv, to: "table.csv")
    let outcome = try tool.run(["backtest", "table.csv"] + Self.small)
    #expect(outcome.status == 65)
    #expect(outcome.stderr.contains("needs at least 13 values before it"))
  }
}
