import RecurrentFormats
import RecurrentTasks
import Testing

private func file(_ text: String, _ name: String = "f.csv") -> TableFile {
  TableFile(name: name, bytes: Array(text.utf8))
}

private func table(
  _ text: String, _ change: (inout SeriesTable.Options) -> Void
) throws(TableError) -> SeriesTable {
  var options = SeriesTable.Options()
  change(&options)
  return try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
}

private func fault(_ text: String, _ change: (inout SeriesTable.Options) -> Void) -> String? {
  do {
    _ = try table(text, change)
    return nil
  } catch {
    return error.description
  }
}

/// Numbers with NaN made comparable.
private func shown<Number: BinaryFloatingPoint>(_ values: [[Number]]) -> [[String]] {
  values.map { $0.map { $0.isNaN ? "-" : "\(Double($0))" } }
}

/// Two series of different lengths, with a gap in the second, and columns of all kinds.
private let sales = """
  unique_id,ds,y,price,event,temperature
  A,2024-01-01,1,9.5,,-3
  A,2024-01-02,2,9.5,fair,-2
  A,2024-01-03,3,8,,NA
  B,2024-01-01,10,4,,5
  B,2024-01-02,20,,strike,6
  B,2024-01-04,40,4,fair,8

  """

private func named(_ options: inout SeriesTable.Options) {
  options.known = ["price", "event"]
  options.past = ["temperature"]
}

@Suite struct CovariatesRead {
  @Test func numbersAndTexts() throws {
    let table = try table(sales, named)
    #expect(
      table.schema.columns == [
        Covariate(name: "price", role: .known, kind: .number),
        Covariate(
          name: "event", role: .known,
          kind: .category(levels: ["fair", "strike"], mayBeBlank: true)),
        Covariate(name: "temperature", role: .past, kind: .number),
      ])
    #expect(table.series.map(\.values.count) == [3, 4])
    #expect(
      shown(table.series[0].covariates.known) == [["9.5", "9.5", "8.0"], ["-1.0", "0.0", "-1.0"]])
    #expect(shown(table.series[0].covariates.past) == [["-3.0", "-2.0", "-"]])
    #expect(
      shown(table.series[1].covariates.known) == [
        ["4.0", "-", "-", "4.0"], ["-1.0", "1.0", "-", "0.0"],
      ])
    #expect(table.warnings.count == 1 && table.warnings[0].hasPrefix("1 gap in time"))
  }

  @Test func featuresOfANetwork() throws {
    let table = try table(sales, named)
    #expect(
      table.featureNames.known == ["price", "event=fair", "event=strike"]
        && table.featureNames.past == ["temperature"] && table.featureNames.statics == [])
    let features = table.features(of: table.series[1], horizon: 2)
    #expect(
      shown(features.known) == [
        ["4.0", "-", "-", "4.0", "-", "-"], ["0.0", "0.0", "-", "1.0", "-", "-"],
        ["0.0", "1.0", "-", "0.0", "-", "-"],
      ])
    #expect(shown(features.past) == [["5.0", "6.0", "-", "8.0"]])
  }

  @Test func whatWasKnownStaysKnownInABacktest() throws {
    let table = try table(sales, named)
    let before = table.series[1].prefix(2)
    #expect(before.values == [10, 20])
    let features = table.features(of: before, horizon: 2)
    #expect(shown(features.known)[0] == ["4.0", "-", "-", "4.0"])
    #expect(shown(features.known)[1] == ["0.0", "0.0", "-", "1.0"])
    #expect(shown(features.past) == [["5.0", "6.0"]])
  }

  @Test func wideTablesShareThem() throws {
    let text = "date,a,price,b\n2024-01-01,,1,10\n2024-01-02,2,2,20\n2024-01-03,3,4,30\n"
    let table = try table(text) {
      $0.isWide = true
      $0.known = ["price"]
    }
    #expect(table.series.map(\.id) == ["a", "b"])
    #expect(table.series.map(\.values) == [[2, 3], [10, 20, 30]])
    #expect(table.series.map(\.start.description) == ["2024-01-02", "2024-01-01"])
    #expect(table.series.map(\.covariates.known) == [[[2, 4]], [[1, 2, 4]]])
  }

  @Test func columnsThatCannotBe() {
    let text = "ds,y,note\n1,1,a\n2,2,b\n"
    #expect(
      fault(text) { $0.known = ["price"] }
        == "t.csv:1: no column \"price\" for --known; the columns are \"ds\", \"y\", \"note\"")
    #expect(
      fault(text) { $0.past = ["y"] }
        == "t.csv:1: column \"y\": cannot hold both the values and the covariates")
    #expect(
      fault(text) {
        $0.past = ["note"]
        $0.known = ["note"]
      } == "t.csv:1: column \"note\": is named twice for the covariates")
    let many = "ds,y,note\n" + (1...201).map { "\($0),1,n\($0)\n" }.joined()
    #expect(
      fault(many) { $0.past = ["note"] }
        == "t.csv:202: column \"note\": more than 200 different texts are no category; leave the "
        + "column out")
  }
}

@Suite struct FutureRead {
  private let future = """
    unique_id,ds,price,event
    B,2024-01-06,6,fair
    A,2024-01-04,7,
    A,2024-01-05,7.5,parade
    B,2024-01-05,5,

    """

  @Test func rowsInAnyOrder() throws {
    let table = try table(sales) {
      named(&$0)
      $0.future = file(future)
    }
    try table.requireKnown(horizon: 2)
    #expect(
      shown(table.features(of: table.series[0], horizon: 2).known) == [
        ["9.5", "9.5", "8.0", "7.0", "7.5"], ["0.0", "1.0", "0.0", "0.0", "0.0"],
        ["0.0", "0.0", "0.0", "0.0", "0.0"],
      ])
    #expect(
      shown(table.features(of: table.series[1], horizon: 2).known)[0]
        == ["4.0", "-", "-", "4.0", "5.0", "6.0"])
    #expect(
      table.warnings.last
        == "f.csv: column \"event\" has texts that are new, and count as none: \"parade\" at line 4"
    )
  }

  @Test func whatIsMissingIsNamed() throws {
    let table = try table(sales) {
      named(&$0)
      $0.future = file(future)
    }
    #expect {
      try table.requireKnown(horizon: 5)
    } throws: {
      "\($0)" == """
        f.csv: values of price,event are missing in 6 rows of the horizon: "A", 2024-01-06, \
        "A", 2024-01-07, "A", 2024-01-08, "B", 2024-01-07, "B", 2024-01-08 and 1 more; \
        "lstm future t.csv --horizon 5 --known price,event" writes the table to fill in for --future
        """
    }
    // A series that is not forecast needs none.
    #expect {
      try table.requireKnown(horizon: 3, of: [0])
    } throws: {
      "\($0)".contains("missing in 1 row of the horizon: \"A\", 2024-01-06;")
    }
  }

  /// Where a column is never blank, a blank is a value that is missing, as in a table not filled in.
  @Test func aBlankIsNoneOnlyWhereBlanksAreUsual() throws {
    let text = "ds,y,a,b\n1,1,x,\n2,2,y,z\n"
    let table = try table(text) {
      $0.known = ["a", "b"]
      $0.future = file("ds,a,b\n3,x,\n4,,\n")
    }
    try table.requireKnown(horizon: 1)
    #expect {
      try table.requireKnown(horizon: 2)
    } throws: {
      "\($0)".contains("missing in 1 row of the horizon: 4;")
    }
  }

  /// Further rows of the table itself, without values.
  @Test func theTableMaySayTheFuture() throws {
    let table = try table("ds,y,price\n1,1,5\n2,,6\n3,3,7\n4,,8\n5,NA,9\n") {
      $0.known = ["price"]
    }
    #expect(shown([table.series[0].values]) == [["1.0", "-", "3.0"]])
    #expect(table.series[0].covariates.known == [[5, 6, 7, 8, 9]])
    try table.requireKnown(horizon: 2)
    #expect(
      table.notes == ["rows without a value at the end are taken for the future: the series"])
    #expect(table.warnings == ["1 value is missing: line 3 (2)"])
  }

  @Test func oneFutureForAll() throws {
    let table = try table("unique_id,ds,y,x\nA,1,1,0\nA,2,2,0\nB,1,1,0\nB,2,1,1\n") {
      $0.known = ["x"]
      $0.future = file("ds,x\n3,5\n4,6\n")
    }
    #expect(table.series.map(\.covariates.known) == [[[0, 0, 5, 6]], [[0, 1, 5, 6]]])
  }

  @Test(arguments: [
    ("2024-03-31T03:00+02:00", "2024-03-31T02:00+01:00"), ("2024-03-31T02:00+01:00", nil),
  ])
  func offsetsAreOfOneClock(time: String, same: String?) throws {
    let text = "ds,y,x\n2024-03-31T00:00+01:00,1,0\n2024-03-31T01:00+01:00,2,0\n"
    let table = try table(text) {
      $0.known = ["x"]
      $0.future = file("ds,x\n\(time),7\n")
    }
    #expect(table.series[0].covariates.known == [[0, 0, 7]])
    #expect(same == nil || table.series[0].futureTimes(1)[0].description == same)
  }

  @Test func datesReadAsThoseOfTheTable() throws {
    // By themselves the future's days could be months.
    let table = try table("ds,y,x\n30/01/2024,1,0\n31/01/2024,2,0\n") {
      $0.known = ["x"]
      $0.future = file("ds,x\n01/02/2024,7\n02/02/2024,8\n")
    }
    #expect(table.series[0].covariates.known == [[0, 0, 7, 8]])
  }

  @Test(arguments: [
    (
      "ds,x\n2024-01-03T05:00,1\n",
      "f.csv:2: column \"ds\": 2024-01-03T05:00 does not fit the times of the series, which are daily and follow 2024-01-02"
    ),
    (
      "ds,x\n7,1\n",
      "f.csv:2: column \"ds\": 7 is a plain number, the series' times, such as 2024-01-01, are not"
    ),
    ("ds,x\n2024-01-03,abc\n", "f.csv:2: column \"x\": \"abc\" is not a number"),
    (
      "ds,x\n2024-01-03,1\n2024-01-03,2\n",
      "f.csv:3: column \"ds\": 2024-01-03 stands twice, first at line 2; --duplicates first, last or mean takes one value"
    ),
    (
      "ds,z\n2024-01-03,1\n",
      "f.csv:1: no column \"x\" for the values known in the future; the columns are \"ds\", \"z\""
    ),
    (
      "ds,x\n9999-01-03,1\n",
      "f.csv:2: column \"ds\": 9999-01-03 comes 2912810 steps after the last value, at 2024-01-02"
    ),
  ])
  func refused(text: String, message: String) {
    let found = fault("ds,y,x\n2024-01-01,1,0\n2024-01-02,2,0\n") {
      $0.known = ["x"]
      $0.future = file(text)
    }
    #expect(found == message)
  }

  @Test func rowsThatAreOfNoUseAreNamed() throws {
    let table = try table("unique_id,ds,y,x\nA,1,1,0\nA,2,2,0\n") {
      $0.known = ["x"]
      $0.future = file("unique_id,ds,x\nA,2,5\nA,3,6\nZ,3,7\n")
    }
    #expect(table.series[0].covariates.known == [[0, 0, 6]])
    #expect(
      table.warnings == [
        "f.csv has rows for series that the table does not have: \"Z\" (line 4)",
        "f.csv has rows that do not lie behind the series' ends: line 2",
      ])
  }

  @Test func theTemplateIsReadBack() throws {
    let empty = try table(sales, named)
    #expect(
      empty.futureTemplate(horizon: 2) == """
        unique_id,ds,price,event
        A,2024-01-04,,
        A,2024-01-05,,
        B,2024-01-05,,
        B,2024-01-06,,

        """)
    let filled = try table(sales) {
      named(&$0)
      $0.future = file(future.replacing("parade", with: "strike"))
    }
    #expect(
      filled.futureTemplate(horizon: 2) == """
        unique_id,ds,price,event
        A,2024-01-04,7,
        A,2024-01-05,7.5,strike
        B,2024-01-05,5,
        B,2024-01-06,6,fair

        """)
    let again = try table(sales) {
      named(&$0)
      $0.future = file(filled.futureTemplate(horizon: 2))
    }
    #expect(shown(again.series[0].covariates.known) == shown(filled.series[0].covariates.known))
    #expect(shown(again.series[1].covariates.known) == shown(filled.series[1].covariates.known))
  }
}

@Suite struct StaticsRead {
  @Test func aRowForEachSeries() throws {
    let table = try table(sales) {
      $0.statics = file("unique_id,size,kind\nC,1,x\nB,30,shop\nA,20,stand\n")
    }
    #expect(table.series.map(\.covariates.statics) == [[20, 1], [30, 0]])
    #expect(table.featureNames.statics == ["size", "kind=shop", "kind=stand", "kind=x"])
    #expect(table.features(of: table.series[0], horizon: 1).statics == [20, 0, 1, 0])
  }

  @Test(arguments: [
    ("unique_id,size\nA,1\n", "f.csv: no row for the series \"B\""),
    (
      "unique_id,size\nA,1\nA,2\n",
      "f.csv:3: column \"unique_id\": a second row for \"A\", the first is at line 2"
    ),
    ("id,size\nA,1\n", "f.csv:1: no column \"unique_id\" for the series ids"),
    ("unique_id,size\n", "f.csv:1: no rows below the header"),
  ])
  func refused(text: String, message: String) {
    #expect(fault(sales) { $0.statics = file(text) } == message)
  }
}

@Suite struct CovariateSchemas {
  private let schema = CovariateSchema([
    Covariate(name: "size", role: .fixed, kind: .number),
    Covariate(name: "temperature", role: .past, kind: .number),
    Covariate(
      name: "event", role: .known, kind: .category(levels: ["fair", "strike"], mayBeBlank: true)),
  ])

  @Test func asJSONAndBack() throws {
    let text = schema.json.text()
    #expect(
      text.contains(#""name":"event","role":"known","kind":"category","levels":["fair","strike"]"#))
    #expect(CovariateSchema(json: try JSONValue(parsing: text)) == schema)
  }

  @Test(arguments: [
    "{}", "[1]", #"[{"name":"a","role":"known"}]"#,
    #"[{"name":"a","role":"none","kind":"number"}]"#,
    #"[{"name":"a","role":"past","kind":"category","levels":["x","x"],"blank":false}]"#,
    #"[{"name":"a","role":"past","kind":"category","levels":[1],"blank":false}]"#,
    #"[{"name":"a","role":"past","kind":"number"},{"name":"a","role":"past","kind":"number"}]"#,
  ])
  func thatAreNone(text: String) throws {
    #expect(CovariateSchema(json: try JSONValue(parsing: text)) == nil)
  }

  /// A model's table is read as the model's own was, whatever else it shows.
  @Test func aTableForAModel() throws {
    let text = "unique_id,ds,event,temperature,y\nA,1,fair,1,1\nA,2,2024,2,2\n"
    let table = try table(text) {
      $0.schema = schema
      $0.statics = file("unique_id,color,size\nA,red,5\n", "s.csv")
    }
    #expect(table.schema == schema)
    #expect(table.series[0].covariates.known == [[0, -1]])
    #expect(table.series[0].covariates.past == [[1, 2]])
    #expect(table.series[0].covariates.statics == [5])
    #expect(
      table.warnings == [
        "t.csv: column \"event\" has texts that are new, and count as none: \"2024\" at line 3"
      ])
    #expect(
      fault("unique_id,ds,event,temperature,y\nA,1,fair,warm,1\n") { $0.schema = schema }
        == "t.csv:2: column \"temperature\": \"warm\" is not a number")
    #expect(
      fault("unique_id,ds,temperature,y\nA,1,1,1\n") { $0.schema = schema }
        == "t.csv:1: no column \"event\" for a column of the model; the columns are \"unique_id\", "
        + "\"ds\", \"temperature\", \"y\"")
    #expect(
      fault(text) {
        $0.schema = schema
        $0.statics = file("unique_id,color\nA,red\n", "s.csv")
      } == "s.csv:1: no column \"size\", which the model reads")
  }

  /// A checkpoint is of its covariates too.
  @Test func theyAreInTheFingerprint() throws {
    let plain = try table(sales) { _ in }
    let priced = try table(sales) { $0.known = ["price"] }
    let other = try table(sales.replacing("9.5", with: "9.25")) { $0.known = ["price"] }
    #expect(Set([plain, priced, other].map(\.fingerprint)).count == 3)
  }
}
