import RecurrentFormats
import RecurrentTasks
import Testing

private func table(
  _ text: String, _ change: (inout SeriesTable.Options) -> Void = { _ in }
) throws(TableError) -> SeriesTable {
  var options = SeriesTable.Options()
  change(&options)
  return try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
}

private func fault(_ body: () throws(TableError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return error.description
  }
}

/// Values and times that cannot be worked with, and where they are.
@Suite struct RefusedValues {
  // MARK: What a model needs

  private static let returns = "unique_id,ds,y\nA,1,1\nA,2,0\nB,1,3\nB,2,\nB,3,-2\nB,4,0.5\n"

  @Test func countsAndPositiveValues() throws {
    let table = try table(Self.returns)
    #expect(
      fault { () throws(TableError) in try table.requireCounts(for: "--head negative-binomial") }
        == "t.csv: --head negative-binomial is for counts, and the value of series \"B\" at 3 is -2.0"
    )
    #expect(
      fault { () throws(TableError) in try table.requirePositive(for: "--transform log") }
        == "t.csv: --transform log is for positive values, and the value of series \"A\" at 2 is 0.0"
    )
    let counts = try RecurrentTasksTests.table("ds,y\n1,0\n2,\n3,7\n")
    try counts.requireCounts(for: "it")
    try RecurrentTasksTests.table("ds,y\n1,0.5\n2,\n3,7\n").requirePositive(for: "it")
  }

  // MARK: Covariates beyond what a network can read

  @Test(arguments: ["4e38", "-1e300", "3.41e38"])
  func aCovariateTooLarge(number: String) {
    let words = "\"\(number)\" is too large: numbers beside the values are at most 3.4e38"
    #expect(
      fault { () throws(TableError) in
        _ = try table("ds,y,x\n1,1,5\n2,2,\(number)\n3,3,5\n") { $0.past = ["x"] }
      } == "t.csv:3: column \"x\": \(words)")
    #expect(
      fault { () throws(TableError) in
        _ = try table("ds,y,x\n1,1,5\n2,2,6\n") {
          $0.known = ["x"]
          $0.future = TableFile(name: "f.csv", bytes: Array("ds,x\n3,1\n4,\(number)\n".utf8))
        }
      } == "f.csv:3: column \"x\": \(words)")
    #expect(
      fault { () throws(TableError) in
        _ = try table("unique_id,ds,y\nA,1,1\nA,2,2\n") {
          $0.statics = TableFile(
            name: "s.csv", bytes: Array("unique_id,x\nA,\(number)\n".utf8))
        }
      } == "s.csv:2: column \"x\": \(words)")
  }

  /// The largest `Float` can be read, and so can a value of a series beyond it.
  @Test func largeButNotTooLarge() throws {
    let table = try table("ds,y,x\n1,1e39,3.4e38\n2,2,-3.4e38\n") { $0.past = ["x"] }
    #expect(table.features(of: table.series[0], horizon: 0).past[0].allSatisfy { $0.isFinite })
    #expect(table.series[0].values == [1e39, 2])
  }

  // MARK: Times that cannot be written

  @Test(
    arguments: [
      ("9995-07,1\n9996-07,2", 3, nil),
      ("9995-07,1\n9996-07,2", 4, "at 9996-07, are beyond the year 9999"),
      ("9999-11-29,1\n9999-11-30,2", 31, nil),
      ("9999-11-29,1\n9999-11-30,2", 32, "are beyond the year 9999: the horizon is at most 31"),
      ("9999-12-30,1\n9999-12-31,2", 1, "1 step after the last value, at 9999-12-31, are beyond"),
      ("1,1\n1001,2", 10_000, nil),
      ("0001-01,1\n5001-01,2", 10_000, "are beyond the year 9999"),
      ("0,1\n500000000000000,2", 2, "integers of 15 digits"),
      ("0,1\n500000000000000,2", 10_000, "integers of 15 digits"),
    ] as [(String, Int, String?)])
  func timesPastTheLast(rows: String, horizon: Int, words: String?) throws {
    let table = try table("ds,y\n\(rows)\n")
    let fault = fault { () throws(TableError) in try table.requireTimes(horizon: horizon) }
    if let words {
      #expect(try #require(fault).contains(words), "\(fault ?? "")")
    } else {
      #expect(fault == nil)
      let last = table.series[0].futureTimes(horizon)[horizon - 1]
      #expect(Timestamp("\(last)")?.description == "\(last)")
    }
  }

  // MARK: What nothing reads

  private static let rows = "id,2020,2021,2022\nA,1,2,3\n"

  @Test func aDateFormatThatNothingUses() throws {
    let counted = { (text: String, format: String) in
      fault { () throws(TableError) in
        _ = try table(text) {
          $0.isByRows = true
          $0.timePattern = TimePattern(format)
        }
      }
    }
    #expect(counted(Self.rows, "%Y") == nil)
    #expect(
      counted("id,V1,V2\nA,1,2\n", "%Y")
        == "t.csv:1: column \"V1\": is not a time that is %Y, as --date-format says; without it, "
        + "columns that are not named by times are counted from 1")
    #expect(
      counted("id,2020,2022,2023\nA,1,2,3\n", "%Y")
        == "t.csv:1: the times of the header are not regular, one step after the other")
    #expect(
      fault { () throws(TableError) in
        _ = try table("year,month,y\n2020,1,1\n2020,2,2\n") {
          $0.timePattern = TimePattern("%Y-%m")
        }
      }
        == "t.csv:1: column \"year\": --date-format says nothing of times in several columns, which "
        + "are numbers")
  }

  // MARK: Files that go with a table

  private static func future(
    _ duplicates: DuplicateRows, _ rows: String
  ) throws(TableError) -> SeriesTable {
    try table("ds,y,x,event\n1,1,5,a\n2,2,6,b\n2,4,8,a\n") {
      $0.known = ["x", "event"]
      $0.duplicates = duplicates
      $0.future = TableFile(name: "f.csv", bytes: Array("ds,x,event\n\(rows)".utf8))
    }
  }

  @Test(arguments: [
    (DuplicateRows.first, [2.0, 6, 7], [0.0, 1, 0]), (.last, [4, 8, 9], [0, 0, 1]),
    (.mean, [3, 7, 8], [0, 1, 0]),
  ])
  func duplicatesOfTheFuture(policy: DuplicateRows, numbers: [Double], events: [Double]) throws {
    let table = try Self.future(policy, "3,7,a\n3,9,b\n")
    #expect(table.series[0].values == [1, numbers[0]])
    #expect(table.series[0].covariates.known[0] == [5] + numbers.dropFirst())
    #expect(table.series[0].covariates.known[1] == events)
    #expect(table.notes.count { $0.contains("the time of another row") } == 2)
    #expect(table.notes.contains { $0.hasPrefix("f.csv: 1 row has the time of another row") })
  }

  @Test func duplicatesOfTheFutureAreRefused() {
    #expect(
      fault { () throws(TableError) in
        _ = try table("ds,y,x\n1,1,5\n2,2,6\n") {
          $0.known = ["x"]
          $0.future = TableFile(name: "f.csv", bytes: Array("ds,x\n3,1\n3,2\n".utf8))
        }
      }
        == "f.csv:3: column \"ds\": 3 stands twice, first at line 2; "
        + "--duplicates first, last or mean takes one value")
  }

  /// Days that could be months: the table's own order of them decides, or the one that is given.
  @Test(
    arguments: [
      ("ds,y\n30/04/2024,1\n01/05/2024,2\n02/05/2024,3\n", nil),
      ("ds,y\n30/04/2024 00:00,1\n01/05/2024 00:00,2\n02/05/2024 00:00,3\n", nil),
      ("ds,y\n01/05/2024,1\n02/05/2024,2\n03/05/2024,3\n", "%d/%m/%Y"),
      ("ds,y\n01/05/2024 10:00,1\n02/05/2024 10:00,2\n03/05/2024 10:00,3\n", "%d/%m/%Y %H:%M"),
    ] as [(String, String?)])
  func theDaysOfHolidays(text: String, format: String?) throws {
    let table = try table(text) {
      $0.timePattern = format.flatMap(TimePattern.init)
      $0.holidays = TableFile(name: "h.csv", bytes: Array("date\n02/05/2024\n03/05/2024\n".utf8))
    }
    let second = try #require(Timestamp("2024-05-02"))
    let third = try #require(Timestamp("2024-05-03"))
    let json = JSONValue.object(try #require(table.calendar).json).text()
    #expect(json.contains("\(second)") && json.contains("\(third)"), "\(json)")
  }

  /// Holidays that are written otherwise are read as they are.
  @Test func holidaysOfAnotherForm() throws {
    let table = try table("ds,y\n30/04/2024,1\n01/05/2024,2\n02/05/2024,3\n") {
      $0.timePattern = TimePattern("%d/%m/%Y")
      $0.holidays = TableFile(name: "h.csv", bytes: Array("date\n2024-05-02\n".utf8))
    }
    let json = JSONValue.object(try #require(table.calendar).json).text()
    #expect(json.contains("2024-05-02"))
  }

  // MARK: Digits

  @Test func asManyDigitsAsAnyRowHas() throws {
    let table = try table(
      "ds,y\n2024-01-01 00:00:00.5,1\n2024-01-01 00:00:00.75,2\n2024-01-01 00:00:01.0,3\n")
    #expect(
      table.series[0].futureTimes(2).map(\.description)
        == ["2024-01-01 00:00:01.25", "2024-01-01 00:00:01.50"])
    #expect(table.series[0].start.description == "2024-01-01 00:00:00.50")
    let first = try RecurrentTasksTests.table(
      "ds,y\n2024-01-01 00:00:00.250,1\n2024-01-01 00:00:00.5,2\n2024-01-01 00:00:00.75,3\n")
    #expect(first.series[0].futureTimes(1)[0].description == "2024-01-01 00:00:01.000")
  }
}
