import RecurrentFormats
import RecurrentTasks
import Testing

private func table(
  _ text: String, _ columns: SeriesColumns = SeriesColumns()
) throws(TableError) -> SeriesTable {
  try SeriesTable(parsing: Array(text.utf8), file: "t.csv", columns: columns)
}

private func fault(in text: String, _ columns: SeriesColumns = SeriesColumns()) -> String? {
  do {
    _ = try table(text, columns)
    return nil
  } catch {
    return error.description
  }
}

/// Values with NaN made comparable.
private func shown(_ values: [Double]) -> [String] { values.map { "\($0)" } }

@Suite struct TablesAccepted {
  @Test func oneSeries() throws {
    let table = try table("ds,y\n1949-01-01,112\n1949-02-01,118\n1949-03-01,132\n")
    #expect(table.columns == SeriesTable.Columns())
    #expect(table.series.count == 1)
    #expect(table.series[0].id == nil)
    #expect(table.series[0].values == [112, 118, 132])
    #expect(table.frequency.description == "monthly")
    #expect(table.series[0].futureTimes(2).map(\.description) == ["1949-04-01", "1949-05-01"])
    #expect(table.notes.isEmpty && table.warnings.isEmpty)
  }

  @Test func byteOrderMarkWindowsLinesAndQuotes() throws {
    let table = try table("\u{FEFF}\"ds\",\"y\"\r\n\"2024-01-01\",\"1\"\r\n\"2024-01-02\",2\r\n")
    #expect(table.series[0].values == [1, 2])
  }

  @Test func manySeriesKeepIdsAndOrder() throws {
    let table = try table(
      """
      unique_id,ds,price,y
      007,1,9,1
      "b, c",1,9,10
      007,2,9,2
      7,5,9,100
      "b, c",2,9,20
      7,6,9,200
      """)
    #expect(table.columns.id == "unique_id")
    #expect(table.series.map(\.id) == ["007", "b, c", "7"])
    #expect(table.series.map(\.values) == [[1, 2], [10, 20], [100, 200]])
    #expect(table.series[2].start == Timestamp("5"))
  }

  @Test func otherColumnNames() throws {
    let text = "sku,week,n\nA,2024-01-01,1\nA,2024-01-08,2\n"
    let table = try table(text, SeriesColumns(id: "sku", time: "week", value: "n"))
    #expect(table.columns == SeriesTable.Columns(id: "sku", time: "week", value: "n"))
    #expect(table.series[0].id == "A")
    #expect(table.frequency.description == "weekly")
  }

  @Test(arguments: [
    ("Month,Passengers\n1949-01,112\n1949-02,118\n", "Month", [112, 118]),
    ("Passengers,Month\n112,1949-01\n118,1949-02\n", "Month", [112, 118]),
    (",0\n1821,269\n1822,321\n", "", [269, 321]),
    ("t,x\n1,5.5\n2,6.5\n", "t", [5.5, 6.5]),
    // The index that a data frame is written with is no column of values.
    (",Quarter,Income\n0,1970 Q1,0.5\n1,1970 Q2,0.75\n", "Quarter", [0.5, 0.75]),
    // Four digits may be sales: the date decides.
    ("Month,Sales,remark\n1960-01,6550,a\n1960-02,8728,b\n", "Month", [6550, 8728]),
  ])
  func columnsThatLeaveNoChoiceExplainThemselves(text: String, time: String, values: [Double])
    throws
  {
    let table = try table(text)
    #expect(table.columns.time == time)
    #expect(table.series[0].values == values)
    #expect(table.notes.count == 1)
    #expect(table.notes[0].hasPrefix("times are read from column \"\(time)\", values from"))
  }

  @Test func theNamesOfOthersAreUsual() throws {
    let table = try table("item_id,timestamp,target\nA,2024-01-01,1\nA,2024-01-02,2\n")
    #expect(table.columns == SeriesTable.Columns(id: "item_id", time: "timestamp", value: "target"))
    #expect(table.notes.isEmpty)
  }

  @Test func aTimeInSeveralColumns() throws {
    let text = "No,year,month,day,hour,x\n1,2010,12,31,23,5\n2,2011,1,1,0,6\n3,2011,1,1,2,8\n"
    let named = try table(text, SeriesColumns(time: "year,month,day,hour", value: "x"))
    #expect(named.frequency.description == "hourly")
    #expect(shown(named.series[0].values) == ["5.0", "6.0", "nan", "8.0"])
    #expect(named.series[0].start.description == "2010-12-31T23:00")
    #expect(named.columns.time == "ds" && named.notes.isEmpty)
    let found = try table(text, SeriesColumns(value: "x"))
    #expect(shown(found.series[0].values) == ["5.0", "6.0", "nan", "8.0"])
    #expect(
      found.notes == [
        "times are read from column \"year\", \"month\", \"day\", \"hour\""
      ])
    #expect(
      fault(
        in: text.replacing("2011,1,1,2", with: "2011,13,1,2"),
        SeriesColumns(time: "year,month,day,hour", value: "x"))
        == "t.csv:4: column \"year\": \"2011 13 1 2\" is not a time; accepted are numbers of "
        + "year, month, day, hour, minute and second")
  }

  @Test func aSeriesInEachColumn() throws {
    var options = SeriesTable.Options()
    options.isWide = true
    let text = ",Date,north,south\n0,2020-01-01,1,\n1,2020-01-03,3,30\n2,2020-01-02,NA,20\n"
    let table = try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
    #expect(table.series.map(\.id) == ["north", "south"])
    #expect(shown(table.series[0].values) == ["1.0", "nan", "3.0"])
    #expect(table.series[1].values == [20, 30])
    #expect(table.series[1].start.description == "2020-01-02")
    #expect(table.columns == SeriesTable.Columns(id: "unique_id", time: "Date"))
    #expect(table.warnings == ["1 value is missing: line 4 (\"north\", 2020-01-02)"])
  }

  /// Numbers in the midst of it are no times.
  @Test func aWideTableBeginsWithItsTimes() throws {
    var options = SeriesTable.Options()
    options.isWide = true
    let table = try SeriesTable(
      parsing: Array("step,a,b\n1,1990,5\n2,1991,6\n".utf8), file: "t.csv", options: options)
    #expect(table.series.map(\.values) == [[1990, 1991], [5, 6]])
    #expect {
      try SeriesTable(parsing: Array("a,b,c\nx,5,7\ny,6,8\n".utf8), file: "t.csv", options: options)
    } throws: {
      "\($0)".hasPrefix("t.csv:1: no column \"ds\" for the times")
    }
  }

  /// As the files of the M4 competition are.
  @Test func aSeriesInEachRow() throws {
    func read(_ text: String) throws -> SeriesTable {
      var options = SeriesTable.Options()
      options.isByRows = true
      return try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
    }
    let counted = try read(
      "\"V1\",\"V2\",\"V3\",\"V4\"\n\"H1\",\"605\",\"586\",\"\"\n\"H2\",,\"2\",\"3\"\n")
    #expect(counted.series.map(\.id) == ["H1", "H2"])
    #expect(counted.series.map(\.values) == [[605, 586], [2, 3]])
    #expect(counted.series.map(\.start.description) == ["1", "2"])
    #expect(counted.frequency.description == "integer steps")
    let dated = try read("country;Q4 2019;Q1 2020;Q2 2020\nA;1,5;;2,5\nB;;3;\n")
    #expect(dated.frequency.description == "quarterly")
    #expect(dated.series.map(\.start.description) == ["Q4 2019", "Q1 2020"])
    #expect(shown(dated.series[0].values) == ["1.5", "nan", "2.5"])
    #expect(dated.series[1].values == [3])
    // Downwards is no time axis.
    #expect(try read("id,2020,2019,2018\nA,1,2,3\n").series[0].start.description == "1")
    #expect {
      try read("id,a\nA,1\nA,2\n")
    } throws: {
      "\($0)" == "t.csv:3: column \"id\": a second row for \"A\", the first is at line 2"
    }
  }

  @Test func rowsOutOfOrderAreSorted() throws {
    let table = try table("ds,y\n2024-01-01,1\n2024-01-04,4\n2024-01-02,2\n2024-01-03,3\n")
    #expect(table.series[0].values == [1, 2, 3, 4])
    #expect(table.notes == ["rows were not in time order (first at line 4): sorted"])
    #expect(table.warnings.isEmpty)
  }

  @Test func missingValuesAreNamed() throws {
    let table = try table(
      "ds,y\n1,1\n2,NA\n3,\n4,nan\n5,NaN\n6,6\n\n7,NA\n8,NA\n9,9\n10,10\n")
    #expect(
      shown(table.series[0].values) == [
        "1.0", "nan", "nan", "nan", "nan", "6.0", "nan", "nan", "9.0", "10.0",
      ])
    #expect(
      table.warnings == [
        "6 values are missing: line 3 (2), line 4 (3), line 5 (4), line 6 (5), line 9 (7) "
          + "and 1 more"
      ])
  }

  @Test func gapsAreNamed() throws {
    let table = try table(
      """
      unique_id,ds,y
      A,2024-01-01,1
      A,2024-01-02,2
      A,2024-01-05,5
      B,2024-01-01,1
      B,2024-01-03,3
      """)
    #expect(shown(table.series[0].values) == ["1.0", "2.0", "nan", "nan", "5.0"])
    #expect(
      table.warnings == [
        "2 gaps in time (3 steps): after line 3 (\"A\", 2024-01-02), after line 5 (\"B\", 2024-01-01)"
      ])
  }

  @Test func aMissingEndIsSaid() throws {
    let table = try table("ds,y\n1,1\n2,2\n3,\n")
    #expect(
      table.warnings == [
        "1 value is missing: line 4 (3)",
        "the last values are missing, and forecasts begin after them: the series",
      ])
  }

  @Test func constantsAndDifferentLengths() throws {
    let table = try table("unique_id,ds,y\nA,1,5\nA,2,5\nA,3,5\nB,2,1\n")
    #expect(table.series.map(\.values.count) == [3, 1])
    #expect(isConstant(table.series[0].values))
  }

  @Test func fourDigitsAreYearsOnlyTogether() throws {
    #expect(try table("ds,y\n1998,1\n1999,1\n2000,1\n").frequency.description == "yearly")
    let steps = try table("ds,y\n998,1\n999,1\n1000,1\n")
    #expect(steps.frequency.description == "integer steps")
    #expect(steps.series[0].futureTimes(1)[0].description == "1001")
    #expect(try table("ds,y\n9000,1\n9001,1\n").frequency.description == "integer steps")
  }

  @Test func offsetsThatChangeOverWinter() throws {
    let daily = try table(
      "ds,y\n2024-03-30T00:00+01:00,1\n2024-03-31T00:00+01:00,2\n2024-04-01T00:00+02:00,3\n")
    #expect(daily.frequency.description == "daily")
    #expect(daily.series[0].futureTimes(1)[0].description == "2024-04-02T00:00+02:00")
    let hourly = try table(
      "ds,y\n2024-03-31T00:00+01:00,1\n2024-03-31T01:00+01:00,2\n2024-03-31T03:00+02:00,3\n")
    #expect(hourly.frequency.description == "hourly")
    #expect(hourly.series[0].values == [1, 2, 3])
    #expect(hourly.series[0].futureTimes(1)[0].description == "2024-03-31T04:00+02:00")
    #expect(hourly.notes.count == 1)
  }

  private static func read(_ text: String) throws -> SeriesTable { try table(text) }

  /// Midnight of Berlin in UTC.
  @Test func daysThatBeginAnHourEarlierInSummer() throws {
    let table = try table(
      """
      ds,y
      2024-03-28T23:00Z,1
      2024-03-29T23:00Z,2
      2024-03-30T23:00Z,3
      2024-03-31T22:00Z,4
      2024-04-01T22:00Z,5
      """)
    #expect(table.frequency.description == "daily")
    #expect(table.series[0].values == [1, 2, 3, 4, 5])
    #expect(table.series[0].futureTimes(1)[0].description == "2024-04-02T22:00Z")
    #expect(table.notes.count == 1)
    // Two series, each at its own time of every day.
    let two = try Self.read(
      "unique_id,ds,y\nA,2024-01-01 09:00,1\nA,2024-01-02 09:00,2\nA,2024-01-03 09:00,3\n"
        + "B,2024-01-01 10:00,1\nB,2024-01-02 10:00,2\n")
    #expect(two.series.map(\.start.description) == ["2024-01-01 09:00", "2024-01-01 10:00"])
    #expect(two.notes.isEmpty)
    // An hour before the day that begins, in winter.
    let east = try SeriesTable(
      parsing: Array(
        "ds,y\n2024-10-25 00:00,1\n2024-10-26 00:00,2\n2024-10-27 00:00,3\n2024-10-27 23:00,4\n2024-10-28 23:00,5\n"
          .utf8), file: "t.csv")
    #expect(east.frequency.description == "daily")
    #expect(east.series[0].values == [1, 2, 3, 4, 5])
  }

  /// The hour that clocks are set back by, in local time.
  @Test func anHourThatComesTwice() throws {
    let text =
      "ds,y\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,4\n2024-10-27 03:00,5\n"
    #expect(
      fault(in: text)
        == "t.csv:4: column \"ds\": 2024-10-27 02:00 stands twice, first at line 3; where clocks "
        + "were set back, --duplicates mean takes the mean of the two hours")
    for (policy, value) in [(DuplicateRows.mean, 3.0), (.first, 2), (.last, 4)] {
      var options = SeriesTable.Options()
      options.duplicates = policy
      let table = try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
      #expect(table.series[0].values == [1, value, 5])
      #expect(table.notes.count == 1 && table.notes[0].hasPrefix("1 row has the time of another"))
    }
  }

  @Test func aDateMayStandForMidnight() throws {
    let table = try table("ds,y\n2024-01-01,1\n2024-01-01 12:00,2\n2024-01-02,3\n")
    #expect(table.frequency.description == "every 12 hours")
    #expect(table.series[0].start.description == "2024-01-01 00:00")
  }

  @Test func aMillionRows() throws {
    var text = Array("unique_id,ds,y\n".utf8)
    let times = Frequency(.hour)
    let start = try #require(Timestamp("2020-01-01 00:00:00"))
    let stamps = (0..<10_000).map { times.advanced(start, by: $0).description }
    for series in 0..<100 {
      for (index, stamp) in stamps.enumerated() {
        text.append(contentsOf: "store_\(series),\(stamp),\(index).25\n".utf8)
      }
    }
    let table = try SeriesTable(parsing: text, file: "t.csv")
    #expect(table.series.count == 100)
    #expect(table.series.last?.values.last == 9999.25)
  }
}

@Suite struct TablesRefused {
  @Test(arguments: [
    ("", "t.csv: the file is empty"),
    ("ds,y\n", "t.csv:1: no rows below the header"),
    (
      "ds,a,b\n1,2,3\n",
      "t.csv:1: no column \"y\" for the values (--value-column names another, --wide takes each as "
        + "a series); the columns are \"ds\", \"a\", \"b\""
    ),
    (
      "ds,a\n1,x\n",
      "t.csv:1: no column \"y\" for the values (--value-column names another); "
        + "the columns are \"ds\", \"a\""
    ),
    (
      "a,b,c\n1,2,3\n",
      "t.csv:1: no column \"ds\" for the times (--time-column names another); "
        + "the columns are \"a\", \"b\", \"c\""
    ),
    (
      "1949-01,112\n1949-02,118\n",
      "t.csv:1: the first line holds values, such as \"1949-01\"; a line of names, such as ds,y, is "
        + "expected above the rows"
    ),
    (
      "a,2023-01-01,5\na,2023-01-02,6\nb,2023-01-01,7\n",
      "t.csv:1: the first line holds values, such as \"2023-01-01\"; a line of names, such as "
        + "unique_id,ds,y, is expected above the rows"
    ),
    (
      "unique_id,ds,y\nA,1,2\nA,2,3\n,1,4\n",
      "t.csv:4: column \"unique_id\": the id of a series is missing"
    ),
    (
      "V1,V2,V3,V4\nH1,2,3,4\n",
      "t.csv:1: no column \"ds\" for the times (--time-column names another, --rows takes each row "
        + "as a series); the columns are \"V1\", \"V2\", \"V3\", \"V4\""
    ),
    (
      "ds;y\n1;2,5\n2;3.5\n",
      "t.csv:3: column \"y\": \"3.5\" has a decimal point, line 2 has a decimal comma"
    ),
    ("ds,y,y\n1,2,3\n", "t.csv:1: two columns are named \"y\": the 2nd and the 3rd"),
    ("ds,y\n1,2\n2,abc\n", "t.csv:3: column \"y\": \"abc\" is not a number"),
    ("ds,y\n1,2\n2,-inf\n", "t.csv:3: column \"y\": \"-inf\" is infinite"),
    ("ds,y\n1,2\n2,1e999\n", "t.csv:3: column \"y\": \"1e999\" is infinite"),
    ("ds,y\n1,2\n2\n", "t.csv:3: 1 field where the header has 2"),
    ("ds,y\n1,2\n,3\n", "t.csv:3: column \"ds\": a time is missing"),
    (
      "ds,y\n2024-01-01,2\n31/01/2024,3\n",
      "t.csv:3: column \"ds\": \"31/01/2024\" is not written as the first row's time is, "
        + "\"2024-01-01\""
    ),
    (
      "ds,y\n2024-01-01,2\nsoon,3\n",
      "t.csv:3: column \"ds\": \"soon\" is not a time; "
        + "accepted are 2024-01-31, 2024-01-31T10:30, 31/01/2024, 2024-01, 2024 Q1, 2024-W05, "
        + "2024, an integer, and what --date-format says"
    ),
    (
      "ds,y\n2024-01-01,2\n17,3\n",
      "t.csv:3: column \"ds\": \"17\" is a plain number, the first row's is not"
    ),
    (
      "ds,y\n2024-01-01T00:00Z,2\n2024-01-01T01:00,3\n",
      "t.csv:3: column \"ds\": \"2024-01-01T01:00\" is without an offset from UTC, "
        + "the first row's is not"
    ),
    (
      "ds,y\n1,1\n3,1\n2,1\n\n1,1\n3,9\n",
      "t.csv:6: column \"ds\": 1 stands twice, first at line 2; more that stand twice: line 7 (3); "
        + "--duplicates first, last or mean takes one value"
    ),
    (
      "unique_id,ds,y\nA,1,1\nB,1,1\nA,2,1\nB,1,2\n",
      "t.csv:5: column \"ds\": 1 stands twice in series \"B\", first at line 3; "
        + "--duplicates first, last or mean takes one value"
    ),
    (
      "store,ds,y\nA,1,1\nB,1,1\n",
      "t.csv:3: column \"ds\": 1 stands twice, first at line 2; "
        + "if the file holds several series, --id-column names the column of their ids"
    ),
    (
      "ds,y\n2024-01-01,1\n",
      "t.csv: no series has more than one time: at least two are needed to tell the frequency"
    ),
    (
      "ds,y\n2024-01-01T00:00,1\n2024-01-01T01:00,1\n2024-01-01T02:00,1\n2024-01-01T02:20,1\n"
        + "2024-01-01T03:00,1\n2024-01-01T04:00,1\n",
      "t.csv:5: column \"ds\": 2024-01-01T02:20 does not fit times that are mostly hourly and "
        + "begin with 2024-01-01T00:00 at line 2"
    ),
    (
      "ds,y\n2024-01-01 00:00:00,1\n2024-01-01 00:00:01,1\n2034-01-01 00:00:00,1\n",
      "t.csv:4: column \"ds\": 2034-01-01 00:00:00 comes 315619199 steps after "
        + "2024-01-01 00:00:01 at line 3, and the times are every second"
    ),
  ])
  func inOneLine(text: String, message: String) {
    #expect(fault(in: text) == message)
  }

  @Test func namedColumnsThatAreNotThere() {
    let text = "ds,y\n1,2\n2,3\n"
    let listing = "; the columns are \"ds\", \"y\""
    #expect(
      fault(in: text, SeriesColumns(id: "sku"))
        == "t.csv:1: no column \"sku\" for the series ids" + listing)
    #expect(
      fault(in: text, SeriesColumns(time: "when"))
        == "t.csv:1: no column \"when\" for the times" + listing)
    #expect(
      fault(in: text, SeriesColumns(value: "n"))
        == "t.csv:1: no column \"n\" for the values" + listing)
    #expect(
      fault(in: text, SeriesColumns(value: "ds"))
        == "t.csv:1: column \"ds\": cannot hold both the times and the values")
  }

  @Test func invalidUTF8() {
    let bytes = Array("ds,y\n1,2\n2,".utf8) + [0xC3, 0x28]
    #expect {
      try SeriesTable(parsing: bytes, file: "t.csv")
    } throws: {
      "\($0)" == "t.csv:3: not UTF-8: byte 0xC3"
    }
  }
}

@Suite struct FillingIn {
  @Test func straightLinesBetweenAndNearestOutside() {
    let gap = Double.nan
    #expect(interpolated([gap, 1, gap, gap, 4, gap]) == [1, 1, 2, 3, 4, 4])
    #expect(interpolated([gap, gap]) == [0, 0])
    #expect(interpolated([]) == [])
    #expect(interpolated([0.1, gap, 0.1]) == [0.1, 0.1, 0.1])
  }
}
