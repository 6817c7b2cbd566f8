import Foundation
import Testing

/// What people complain about in other tools, as far as it is about judging: a test for each answer.
@Suite struct JudgingComplaints {
  private func backtest(_ table: Table, _ options: [String]) throws -> (Document, Tool) {
    let tool = try Tool()
    try tool.write(table.csv, to: "table.csv")
    let outcome = try tool.run(
      ["backtest", "table.csv", "--json", "--quiet", "--forecasts", "f.csv"] + options)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    return (try Document(outcome.stdout), tool)
  }

  /// Numbers that look random, from -1 to 1, from a fixed rule.
  private func noise(_ count: Int) -> [Double] {
    var state: UInt64 = 3
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 23) - 1
    }
  }

  private var noisy: Table {
    let noise = noise(160)
    return Table(months: 160) { 50 + [0.0, 6, 2, -5][$0 % 4] + 4 * noise[$0] }
  }

  // MARK: 5. The network is worse than simple methods, and nobody says so

  /// A constant: no method has an error, none is said to win, and no number is undefined.
  @Test func aConstantIsJudgedToo() throws {
    let (document, tool) = try backtest(
      Table(months: 40) { _ in 3 }, ["--horizon", "3", "--epochs", "1", "--hidden", "4"])
    for row in document.leaderboard {
      #expect(row.mae == 0 && row.rmse == 0 && row.smape == 0, "\(row.method)")
      #expect(row.mase == nil)
      #expect(row.coverage?.values.allSatisfy { $0 == 1 } == true, "\(row.method)")
    }
    let text = try tool.run(
      ["backtest", "table.csv", "--horizon", "3", "--epochs", "1", "--hidden", "4"]
    ).stdout
    #expect(text.contains("do equally well (MAE 0 against 0)"), "\(text)")
  }

  /// The first of the leaderboard is named, whoever it is.
  @Test func theVerdictIsTheLeaderboards() throws {
    let (document, tool) = try backtest(
      noisy, ["--horizon", "4", "--windows", "8", "--no-refit", "--season", "4"])
    let model = try #require(document.model?.mase)
    let best = try #require(document.leaderboard.first { $0.kind == "baseline" })
    let rival = try #require(best.mase)
    let text = try tool.run(
      ["backtest", "table.csv", "--horizon", "4", "--windows", "8", "--no-refit", "--season", "4"]
    ).stdout
    let verdict = try #require(text.split(separator: "\n").last { $0.contains("(MASE ") })
    let isTie = verdict.contains("about as well") || verdict.contains("not surely")
    #expect(verdict.contains(best.method))
    #expect(
      isTie || verdict.hasPrefix("\(model < rival ? "lstm" : best.method) beats"), "\(verdict)")
  }

  // MARK: 6. Intervals that hold nothing

  /// Every method's bands are counted, and hold about what they say.
  @Test func coverageIsInEveryBacktest() throws {
    let (document, tool) = try backtest(
      noisy, ["--horizon", "4", "--test-size", "48", "--step", "1", "--no-refit", "--season", "4"])
    for row in document.leaderboard where ["lstm", "mean", "seasonal-naive"].contains(row.method) {
      let coverage = try #require(row.coverage?["80"])
      #expect(0.6 < coverage && coverage < 0.97, "\(row.method): \(coverage)")
      #expect(try #require(row.coverage?["90"]) >= coverage)
    }
    // Wider levels enclose the others, at every step of every window.
    let rows = try tool.text("f.csv").split(separator: "\n").map { $0.split(separator: ",") }
    let names = ["lstm-lo-90", "lstm-lo-80", "lstm", "lstm-hi-80", "lstm-hi-90"]
    let columns = try names.map { name in try #require(rows[0].firstIndex { $0 == name }) }
    #expect(rows.count == 1 + 45 * 4)
    for row in rows.dropFirst() {
      let values = columns.compactMap { Double(row[$0]) }
      #expect(values.count == 5 && values == values.sorted())
    }
  }

  // MARK: 8. Backtests that take ten times as long as they need

  /// However many windows there are, the same networks take the same steps.
  @Test func manyWindowsTrainNoMore() throws {
    func steps(_ windows: String) throws -> Int {
      let (_, tool) = try backtest(
        noisy,
        ["--horizon", "4", "--windows", windows, "--step", "1", "--no-refit"]
          + ["--epochs", "2", "--hidden", "4", "--log", "log"])
      return try tool.text("log").split(separator: "\n").count
    }
    // What is trained on ends with the first window: the more windows, the less there is.
    #expect(try steps("60") <= steps("2"))
  }
}
