import RecurrentFormats
import RecurrentTasks
import Testing

private func series(_ start: String, _ frequency: Frequency, _ count: Int) -> TimeSeries {
  TimeSeries(
    start: Timestamp(start)!, frequency: frequency, values: Array(repeating: 1, count: count))
}

private func near(_ values: [Float], _ expected: [Double]) -> Bool {
  values.count == expected.count
    && zip(values, expected).allSatisfy { abs(Double($0) - $1) < 1e-6 }
}

@Suite struct CalendarFeatureValues {
  /// The numbers are Python's: `math.sin(2 * math.pi * (59 + 6.5 / 24) / 366)` and so on.
  @Test func aThursdayMorningInALeapYear() {
    let features = CalendarFeatures(parts: [.week, .hour, .weekday, .monthday, .month])
    #expect(features.names.count == 17)
    let column = features.features(
      of: series("2024-02-29T00:00", Frequency(.minute, count: 30), 5), steps: 13..<14
    ).map { $0[0] }
    #expect(near(Array(column[0..<4]), [0.99144486, -0.13052619, -0.25881905, -0.96592583]))
    #expect(column[4..<11] == [0, 0, 0, 1, 0, 0, 0])
    #expect(near(Array(column[11..<13]), [-0.15732604, 0.98754672]))
    #expect(near(Array(column[13..<15]), [0.5, 0.8660254]))
    #expect(near(Array(column[15..<17]), [0.85080359, 0.52548382]))
  }

  @Test func stepsBehindTheEnd() {
    let features = CalendarFeatures(parts: [.weekday])
    // 2024-02-29 was a Thursday; business days pass over the weekend.
    let days = features.features(
      of: series("2024-02-29", Frequency(.businessDay), 1), steps: 0..<4)
    #expect(days.map { $0.firstIndex(of: 1) } == [2, 3, nil, 0, 1, nil, nil])
    #expect(days.joined().reduce(0, +) == 4)
  }

  @Test(
    arguments: [
      (Frequency(.minute, count: 15), 96 * 900, [.monthday, .week]),
      (Frequency(.minute, count: 5), 288 * 14, [.weekday]),
      (Frequency(.hour), 24 * 14, []), (Frequency(.hour), 24 * 800, [.monthday, .week]),
      (Frequency(.hour, count: 24), 800, [.weekday, .monthday, .week]),
      (Frequency(.hour, count: 36), 10, [.hour, .weekday]),
      (Frequency(.day), 179, []), (Frequency(.day), 180, [.monthday]),
      (Frequency(.businessDay), 600, [.monthday, .week]),
      (Frequency(.week), 25, []), (Frequency(.week), 105, [.monthday]),
      (Frequency(.month), 24, []), (Frequency(.month, count: 5), 24, [.month]),
      (Frequency(.month, count: 12), 100, []), (Frequency(.step), 1000, []),
    ] as [(Frequency, Int, [CalendarFeatures.Part])])
  func whatMakesSense(frequency: Frequency, steps: Int, parts: [CalendarFeatures.Part]) {
    #expect(CalendarFeatures.sensibleParts(frequency, steps: steps) == parts)
  }
}

@Suite struct CalendarOptions {
  private func table(
    _ calendar: String, holidays: String? = nil, _ text: String = Self.days,
    model: CalendarFeatures? = nil
  ) throws(TableError) -> SeriesTable {
    var options = SeriesTable.Options()
    options.calendar = CalendarChoice(calendar) ?? .none
    options.holidays = holidays.map { TableFile(name: "h.csv", bytes: Array($0.utf8)) }
    options.modelCalendar = model
    return try SeriesTable(parsing: Array(text.utf8), file: "t.csv", options: options)
  }

  private static let days =
    "ds,y\n" + (1...20).map { "2024-12-\($0 < 10 ? "0" : "")\($0),\($0)\n" }.joined()

  @Test func choices() throws {
    #expect(CalendarChoice("none") == CalendarChoice.none)
    #expect(CalendarChoice("month,weekday") == .parts([.month, .weekday]))
    #expect(CalendarChoice("weekday,") == nil && CalendarChoice("Auto") == nil)
    #expect(try table("none").calendar == nil)
    #expect(try table("auto").calendar == nil)
    #expect(try table("month,weekday").calendar?.parts == [.weekday, .month])
    #expect {
      try table("hour")
    } throws: {
      "\($0)" == "t.csv: the times are daily, and all have the same hour"
    }
    #expect {
      try table("weekday", "ds,y\n1,1\n2,2\n")
    } throws: {
      "\($0)" == "t.csv: the times are integers, which have no weekday"
    }
  }

  @Test func holidaysByName() throws {
    let table = try table(
      "none",
      holidays: "date,name\n25.12.2024,Christmas\n06.12.2024,Nicholas\n24.12.2024,Christmas\n")
    #expect(table.featureNames.known == ["Christmas", "Nicholas"])
    #expect(table.warnings.isEmpty)
    let known = table.features(of: table.series[0], horizon: 7).known
    #expect(known[0].indices.filter { known[0][$0] == 1 } == [23, 24])
    #expect(known[1].indices.filter { known[1][$0] == 1 } == [5])
    #expect(known.joined().reduce(0, +) == 3)
  }

  /// In a longer step there may be several.
  @Test func holidaysInMonths() throws {
    let table = try table(
      "none", holidays: "ds\n2024-12-24\n2024-12-25\n2025-01-01\n2025-02-01\n",
      "ds,y\n2024-10-01,1\n2024-11-01,1\n2024-12-01,1\n")
    #expect(table.features(of: table.series[0], horizon: 2).known == [[0, 0, 2, 1, 1]])
  }

  @Test func holidaysInHours() throws {
    let table = try table(
      "none", holidays: "ds\n2024-12-25\n", "ds,y\n2024-12-24 22:00,1\n2024-12-24 23:00,1\n")
    let known = table.features(of: table.series[0], horizon: 25).known[0]
    #expect(known.indices.filter { known[$0] == 1 } == Array(2...25))
  }

  @Test func aListThatEndsTooEarly() throws {
    let table = try table("none", holidays: "ds\n2024-12-06\n")
    #expect(
      table.warnings == ["the last holiday of h.csv is 2024-12-06, and none lies in the horizon"])
  }

  @Test(
    arguments: [
      ("day\n2024-12-06\n2024-12-07\n", nil),
      ("a,b\n2024-12-06,x\n", "h.csv:1: no column \"ds\" or \"date\" for the days"),
      ("ds\n2024-12\n", "h.csv:2: column \"ds\": \"2024-12\" is not a day, such as 2024-12-25"),
      ("ds\nsoon\n", "h.csv:2: column \"ds\": \"soon\" is not a day, such as 2024-12-25"),
    ] as [(String, String?)])
  func lists(text: String, message: String?) {
    do {
      _ = try table("none", holidays: text)
      #expect(message == nil)
    } catch {
      #expect(error.description == message)
    }
  }

  @Test func asJSONAndBack() throws {
    let first = try table(
      "weekday", holidays: "ds,event\n2024-12-25,Christmas\n2024-12-06,Nicholas\n")
    let calendar = try #require(first.calendar)
    let text = JSONValue.object(calendar.json).text()
    #expect(
      text
        == #"{"parts":["weekday"],"holidays":{"Christmas":["2024-12-25"],"Nicholas":["2024-12-06"]}}"#
    )
    let kept = try #require(CalendarFeatures(json: try JSONValue(parsing: text)))
    #expect(kept == calendar)
    #expect(CalendarFeatures(json: ["parts": ["hours"], "holidays": nil]) == nil)
    #expect(CalendarFeatures(json: ["parts": [], "holidays": ["x": ["soon"]]]) == nil)
    // A model's features are those of later tables, with the days of next year.
    let later = try table("none", model: kept)
    #expect(later.calendar == calendar)
    let renewed = try table(
      "none", holidays: "ds,event\n2025-12-25,Christmas\n2025-05-01,May\n", model: kept)
    #expect(renewed.featureNames.known == first.featureNames.known)
    #expect(renewed.calendar?.holidays?.json["Christmas"] == ["2025-12-25"])
  }
}
