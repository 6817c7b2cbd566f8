import RecurrentFormats
import RecurrentTasks
import Testing

private func table(
  _ text: String, _ fill: MissingFill = .mask
) throws(TableError) -> SeriesTable {
  var options = SeriesTable.Options()
  options.fill = fill
  return try SeriesTable(parsing: Array(text.utf8), file: "a.tsf", options: options)
}

/// As the archive's files are: NN5 daily's first values, and a second series that begins later.
private func file(_ frequency: String = "daily", _ more: String = "") -> String {
  """
  # Dataset Information
  # Daily cash withdrawals
  @relation NN5
  @attribute series_name string
  @attribute state string
  @attribute start_timestamp date
  @frequency \(frequency)
  @horizon 56
  @missing true
  @equallength false
  @data
  T1:NSW:1996-03-18 00-00-00:13.4070294784581,14.7250566893424,?,20.5640589569161
  T2:VIC:1996-03-20 00-00-00:11.55,1e1
  \(more)
  """
}

@Suite struct MonashFiles {
  @Test func aFileOfTheArchive() throws {
    let table = try table(file())
    #expect(table.series.map(\.id) == ["T1", "T2"])
    #expect(table.frequency.description == "daily")
    #expect(table.series[0].values.map { "\($0)" }[1...2] == ["14.7250566893424", "nan"])
    #expect(table.series[1].values == [11.55, 10])
    #expect(table.series[1].futureTimes(1)[0].description == "1996-03-22")
    #expect(table.columns == SeriesTable.Columns(id: "unique_id"))
    #expect(
      table.notes == ["the file's own horizon is 56", "attributes that are not read: state"])
    #expect(table.warnings == ["1 value is missing: line 12 (\"T1\", 1996-03-20)"])
    let filled = ForecastSeries(table.series[0].values).guessing(.interpolate)
    #expect(filled.values[2] == (14.7250566893424 + 20.5640589569161) / 2)
    #expect(try self.filled().series[0].values[2] == 0)
  }

  private func filled() throws -> SeriesTable { try table(file(), .zero) }

  @Test(arguments: [
    ("yearly", "yearly", "2000-03-18"), ("quarterly", "quarterly", "1997-03-18"),
    ("monthly", "monthly", "1996-07-18"), ("weekly", "weekly", "1996-04-15"),
    ("hourly", "hourly", "1996-03-18 04:00"),
    ("half_hourly", "every 30 minutes", "1996-03-18 02:00"),
    ("10_minutes", "every 10 minutes", "1996-03-18 00:40"),
    ("minutely", "every minute", "1996-03-18 00:04"),
    ("4_seconds", "every 4 seconds", "1996-03-18 00:00:16"),
    ("90_seconds", "every 90 seconds", "1996-03-18 00:06:00"),
    ("36_hours", "every 36 hours", "1996-03-24 00:00"),
  ])
  func frequencies(name: String, description: String, next: String) throws {
    // One series, so that all begin on the same day.
    let text = file(name).split(separator: "\n").filter { !$0.hasPrefix("T2") }
    let table = try table(text.joined(separator: "\r\n"))
    #expect(table.frequency.description == description)
    #expect(table.series[0].futureTimes(1)[0].description == next)
  }

  @Test func monthsThatBeginOnDifferentDays() throws {
    let table = try table(file("monthly"))
    #expect(table.series.map(\.start.description) == ["1996-03-01", "1996-03-01"])
    let ends = try SeriesTable(
      parsing: Array(
        file("monthly").replacing("03-18", with: "01-31").replacing("03-20", with: "02-29").utf8),
      file: "a.tsf")
    #expect(ends.series.map { $0.futureTimes(1)[0].description } == ["1996-05-31", "1996-04-30"])
  }

  @Test func withoutTimes() throws {
    let table = try table("@relation x\n@attribute series_name string\n@data\nA:1,2\nB:3\n")
    #expect(table.frequency.description == "integer steps")
    #expect(table.series[0].futureTimes(1)[0].description == "3")
    #expect(table.notes.isEmpty)
    let dated = try RecurrentTasksTests.table(file().replacing("@frequency daily\n", with: ""))
    #expect(dated.series[1].futureTimes(1)[0].description == "3")
    #expect(dated.notes.contains { $0.contains("counted from 1") })
  }

  /// Some of the archive's comments are in Latin-1.
  @Test func otherEncodings() throws {
    let bytes = Array("# caf".utf8) + [0xE9, 0x0A] + Array(file().utf8)
    #expect(try SeriesTable(parsing: bytes, file: "a.tsf").series.count == 2)
  }

  @Test(arguments: [
    (
      file("daily", "T3:NSW:1996-03-18 00-00-00:1,x,3"),
      "a.tsf:14: \"x\", the value 2, is not a number"
    ),
    (
      file("daily", "T3:NSW:soon:1,2"),
      "a.tsf:14: \"soon\" is not a time, such as 2001-01-31 00-00-00"
    ),
    (
      file("daily", "T2:NSW:1996-03-18 00-00-00:1"),
      "a.tsf:14: a second series \"T2\", the first is at line 13"
    ),
    (
      file("daily", "T3:1,2"),
      "a.tsf:14: a series has 3 attributes and its values, with colons between"
    ),
    (
      file("daily extra"),
      "a.tsf:7: @frequency has one word behind it, found \"@frequency daily extra\""
    ),
    (file(""), "a.tsf:7: @frequency has one word behind it, found \"@frequency\""),
    (
      file().replacing("@horizon 56", with: "@horizon 56 7"),
      "a.tsf:8: @horizon has one number behind it, found \"@horizon 56 7\""
    ),
    (
      file().replacing("@horizon 56", with: "@horizon soon"),
      "a.tsf:8: @horizon has one number behind it, found \"@horizon soon\""
    ),
    (
      file("daily\n@frequency weekly"), "a.tsf:8: a second line \"@frequency\""
    ),
    (
      file("daily\n@horizon 8"), "a.tsf:9: a second line \"@horizon\""
    ),
    (file("fortnightly"), "a.tsf: no frequency is known as \"fortnightly\""),
    ("@relation x\n", "a.tsf: no line \"@data\""), ("@data\n", "a.tsf: no series behind @data"),
    (
      "@attribute x\n@data\n1\n",
      "a.tsf:1: an attribute has a name and a type: string, numeric or date"
    ),
    ("@relation x\nds,y\n", "a.tsf:2: a line of the header begins with @, found \"ds,y\""),
  ])
  func refused(text: String, message: String) {
    do {
      _ = try table(text)
      Issue.record("was read: \(message)")
    } catch {
      #expect(error.description == message)
    }
  }

  /// What is said of columns and dates says nothing of such a file.
  @Test(
    arguments: [
      ("--date-format says nothing", "%Y", nil, false, false),
      ("no columns to be named", nil, "ds", false, false), ("no columns", nil, nil, true, false),
      ("no columns", nil, nil, false, true),
    ] as [(String, String?, String?, Bool, Bool)])
  func optionsThatNothingUses(
    words: String, format: String?, column: String?, isWide: Bool, isByRows: Bool
  ) throws {
    var options = SeriesTable.Options(columns: SeriesColumns(time: column))
    options.timePattern = format.flatMap(TimePattern.init)
    options.isWide = isWide
    options.isByRows = isByRows
    #expect {
      try SeriesTable(parsing: Array(file().utf8), file: "a.tsf", options: options)
    } throws: {
      "\($0)".hasPrefix("a.tsf: ") && "\($0)".contains(words)
    }
  }
}
