import RecurrentFormats
import RecurrentTasks
import Testing

/// What people complain about in other forecasting tools, and the answer here: frequency and gaps,
/// future covariates, short series.
@Suite struct DataComplaints {
  private func table(
    _ text: String, _ change: (inout SeriesTable.Options) -> Void = { _ in }
  ) throws(TableError) -> SeriesTable {
    var options = SeriesTable.Options()
    change(&options)
    return try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
  }

  private func shown(_ values: [Double]) -> [String] { values.map { $0.isNaN ? "-" : "\($0)" } }

  // MARK: 1. Frequency and gaps: errors come late and vague, daylight saving breaks inference

  /// Seven gaps: the first five are named by the row before them.
  private static let holes =
    "ds,y\n"
    + (0..<60).filter { $0 % 8 != 5 }.map {
      "2024-\($0 < 31 ? "01" : "02")-\(two($0 % 31 + 1)),\($0)\n"
    }
    .joined()

  private static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }

  @Test func gapsAreNamedByTheirRows() throws {
    let table = try table(Self.holes)
    #expect(table.frequency.description == "daily")
    #expect(
      table.warnings == [
        "7 gaps in time (7 steps): after line 6 (2024-01-05), after line 13 (2024-01-13), "
          + "after line 20 (2024-01-21), after line 27 (2024-01-29), after line 34 (2024-02-06) "
          + "and 2 more"
      ])
  }

  @Test func gapsCanBeRefused() {
    #expect {
      try table(Self.holes) { $0.fill = .none }
    } throws: {
      let text = "\($0)"
      return text.hasPrefix("t.csv: 7 gaps in time (7 steps): after line 6 (2024-01-05), ")
        && text.hasSuffix(
          "2 more; --fill zero, ffill, interpolate or mask says what to do about it")
    }
  }

  @Test(arguments: [
    (MissingFill.mask, ["-", "1.0", "-", "-", "-", "9.0", "-"]),
    (.zero, ["0.0", "1.0", "0.0", "0.0", "0.0", "9.0", "0.0"]),
    (.ffill, ["-", "1.0", "1.0", "1.0", "1.0", "9.0", "9.0"]),
    (.interpolate, ["1.0", "1.0", "3.0", "5.0", "7.0", "9.0", "9.0"]),
  ])
  func gapsCanBeFilled(fill: MissingFill, values: [String]) throws {
    let table = try table("ds,y\n1,NA\n2,1\n3,\n6,9\n7,\n") { $0.fill = fill }
    #expect(shown(ForecastSeries(table.series[0].values).guessing(table.fill).values) == values)
    // The table itself holds what was observed, and zeros where that is what a gap means.
    #expect(table.series[0].values.map(\.isNaN).contains(true) == (fill != .zero))
  }

  @Test func duplicatesAreNamedByTheirRows() {
    let text = "unique_id,ds,y\n" + (1...7).map { "A,\($0),1\n" }.joined()
    #expect {
      try table(text + (1...7).map { "A,\($0),2\n" }.joined())
    } throws: {
      "\($0)" == "t.csv:9: column \"ds\": 1 stands twice in series \"A\", first at line 2; "
        + "more that stand twice: line 10 (\"A\", 2), line 11 (\"A\", 3), line 12 (\"A\", 4), "
        + "line 13 (\"A\", 5), line 14 (\"A\", 6) and 1 more; "
        + "--duplicates first, last or mean takes one value"
    }
  }

  /// All the kinds of steps that are asked for elsewhere, through the whole reader, and what comes
  /// next in each.
  @Test(arguments: [
    (["2024-03-28", "2024-03-29", "2024-04-01", "2024-04-02"], "business-daily", "2024-04-03"),
    (
      ["2024-03-31 00:50", "2024-03-31 01:00", "2024-03-31 01:10"], "every 10 minutes",
      "2024-03-31 01:20"
    ),
    (["2023-12-31 23:30", "2023-12-31 23:45"], "every 15 minutes", "2024-01-01 00:00"),
    (["2023-06-30", "2023-09-30", "2023-12-31"], "quarterly", "2024-03-31"),
    (["2023-Q3", "2023-Q4"], "quarterly", "2024-Q1"),
    (["2020-W52", "2020-W53"], "weekly", "2021-W01"),
    (["2024-01-07", "2024-01-14"], "weekly", "2024-01-21"),
    (["7", "14", "21"], "integer steps of 7", "28"),
    (
      [
        "2024-10-26T23:00+02:00", "2024-10-27T00:00+02:00", "2024-10-27T01:00+02:00",
        "2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00",
      ], "hourly", "2024-10-27T03:00+01:00"
    ),
    (
      ["2024-10-26T00:00+02:00", "2024-10-27T00:00+02:00", "2024-10-28T00:00+01:00"], "daily",
      "2024-10-29T00:00+01:00"
    ),
    (
      ["2024-10-24T22:00Z", "2024-10-25T22:00Z", "2024-10-26T22:00Z", "2024-10-27T23:00Z"], "daily",
      "2024-10-28T23:00Z"
    ),
  ])
  func theFrequencyIsFound(times: [String], name: String, next: String) throws {
    let table = try table("ds,y\n" + times.enumerated().map { "\($1),\($0)\n" }.joined())
    #expect(table.frequency.description == name)
    #expect(table.series[0].values == times.indices.map(Double.init))
    #expect(table.series[0].futureTimes(1)[0].description == next)
  }

  /// The hour that clocks skip in local time is one missing step, no other frequency.
  @Test func theHourThatIsSkipped() throws {
    let table = try table(
      "ds,y\n2024-03-31 00:00,1\n2024-03-31 01:00,2\n2024-03-31 03:00,3\n2024-03-31 04:00,4\n")
    #expect(table.frequency.description == "hourly")
    #expect(shown(table.series[0].values) == ["1.0", "2.0", "-", "3.0", "4.0"])
  }

  // MARK: 2. Future covariates: missing rows; a forecast silently shifted in time

  @Test func missingRowsOfTheFutureAreNamed() throws {
    let table = try table("unique_id,ds,y,x\nA,1,1,5\nA,2,2,5\nB,1,1,5\nB,2,2,5\nB,3,3,5\n") {
      $0.known = ["x"]
      $0.future = TableFile(
        name: "f.csv", bytes: Array("unique_id,ds,x\nA,3,6\nA,4,6\nB,4,7\n".utf8))
    }
    #expect {
      try table.requireKnown(horizon: 2)
    } throws: {
      "\($0)".hasPrefix("f.csv: values of x are missing in 1 row of the horizon: \"B\", 5; ")
        && "\($0)".contains("lstm future t.csv --horizon 2 --known x")
    }
  }

  /// Rows go where their times say, whatever their order and whatever is missing before them.
  @Test func theFutureIsNotShifted() throws {
    let table = try table("ds,y,x\n2024-01-01,1,1\n2024-01-03,3,3\n2024-01-04,,4\n") {
      $0.known = ["x"]
      $0.future = TableFile(
        name: "f.csv", bytes: Array("ds,x\n2024-01-06,6\n2024-01-05,5\n2024-01-02,9\n".utf8))
    }
    #expect(table.series[0].values.count == 3)
    #expect(shown(table.series[0].covariates.known[0]) == ["1.0", "-", "3.0", "4.0", "5.0", "6.0"])
    let features = table.features(of: table.series[0], horizon: 3)
    #expect(features.known[0].suffix(3) == [4, 5, 6])
  }

  // MARK: 3. Short series: which one it is, and how many values are needed

  @Test func shortSeriesAreNamed() throws {
    let short = try table("unique_id,ds,y\nA,1,1\nA,2,\nB,5,1\n")
    #expect {
      try short.forecastable(minimum: 2)
    } throws: {
      "\($0)" == "t.csv: nothing is long enough to forecast: at least 2 values are needed, "
        + "the longest series has 1"
    }
    let mixed = try table("unique_id,ds,y\nA,1,1\nB,1,1\nB,2,2\nC,1,\nC,2,\n")
    #expect(try mixed.forecastable(minimum: 2) == [1])
  }
}
