import Foundation
import Testing

/// Input as it comes: what is no fault gives a forecast, and a note where it is worth one.
@Suite struct AcceptedInput {
  /// Runs a forecast that must succeed.
  private func forecast(
    _ table: String, _ more: [String] = [], in tool: Tool? = nil
  ) throws -> (csv: Data, outcome: Tool.Outcome) {
    let tool = try tool ?? Tool()
    try tool.write(table, to: "table.csv")
    let outcome = try tool.run(["forecast", "table.csv"] + quick + more)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    #expect(try tool.files == ["forecast.csv", "forecast.svg", "table.csv"])
    return (try tool.data("forecast.csv"), outcome)
  }

  /// Other spellings of one table, of which nothing has to be said.
  private static let spellings: [(String, @Sendable (Table) -> String)] = [
    ("a byte order mark", { "\u{FEFF}" + $0.csv }),
    ("CRLF", { $0.csv.replacingOccurrences(of: "\n", with: "\r\n") }),
    ("no newline at the end", { String($0.csv.dropLast()) }),
    ("empty lines at the end", { $0.csv + "\n\n" }),
    (
      "quoted fields",
      { table in
        ([table.header] + table.rows).map { row in
          row.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",") + "\n"
        }.joined()
      }
    ),
    (
      "columns in another order, and one more",
      { table in
        "remark,y,ds\n"
          + table.rows.map { row in
            let fields = row.split(separator: ",")
            return "\"one, two\nthree\",\(fields[1]),\(fields[0])\n"
          }.joined()
      }
    ),
  ]

  @Test(arguments: spellings.indices) func spelling(_ index: Int) throws {
    let table = Table(months: 40)
    let plain = try forecast(table.csv, ["--quiet"])
    let spelled = try forecast(Self.spellings[index].1(table))
    #expect(spelled.csv == plain.csv, "\(Self.spellings[index].0)")
    #expect(spelled.outcome.stderr == "")
  }

  @Test func rowsInAnyOrder() throws {
    let ordered = Table(months: 40)
    var shuffled = ordered
    shuffled.rows.swapAt(3, 30)
    shuffled.rows.reverse()
    let (csv, outcome) = try forecast(shuffled.csv)
    #expect(try csv == forecast(ordered.csv).csv)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.stderr.hasPrefix("lstm: note: rows were not in time order"))
    #expect(outcome.stderr.contains("line 3"))
  }

  @Test func standardInput() throws {
    let table = Table(months: 40).csv
    let tool = try Tool()
    let outcome = try tool.run(["forecast", "-"] + quick, stdin: table)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(try tool.files == ["forecast.csv", "forecast.svg"])
    #expect(try tool.data("forecast.csv") == forecast(table).csv)
  }

  // MARK: Columns

  @Test func twoColumnsOfOtherNames() throws {
    var table = Table(months: 40)
    let plain = try forecast(table.csv)
    table.header = "month,passengers"
    let (csv, outcome) = try forecast(table.csv)
    #expect(
      String(decoding: csv, as: UTF8.self)
        == "month" + String(decoding: plain.csv, as: UTF8.self).dropFirst(2))
    #expect(outcome.stderr.hasPrefix("lstm: note: times are read from column \"month\""))
  }

  @Test func columnsByOption() throws {
    var table = Table(months: 40, id: "north")
    table.header = "shop,day of sale,sold"
    table.rows += Table(months: 30, id: "south").rows
    let (csv, outcome) = try forecast(
      table.csv,
      ["--id-column", "shop", "--time-column", "day of sale", "--value-column", "sold"])
    let lines = String(decoding: csv, as: UTF8.self).split(separator: "\n")
    #expect(lines[0].hasPrefix("shop,day of sale,lstm,"))
    #expect(lines.count == 7)
    #expect(lines[1].hasPrefix("north,2003-05-01,") && lines[6].hasPrefix("south,2002-09-01,"))
    #expect(outcome.stderr == "")
  }

  // MARK: Series

  @Test func aConstantSeries() throws {
    let (csv, outcome) = try forecast(
      Table(months: 40) { _ in 7.25 }.csv, ["--json", "--level", "90"])
    let document = try Document(outcome.stdout)
    #expect(document.values() == [7.25, 7.25, 7.25])
    #expect(document.model?.mae == 0)
    #expect(document.leaderboard.allSatisfy { $0.mase == nil })
    // The key is there, and null.
    #expect(outcome.stdout.contains("\"mase\": null"))
    let rows = String(decoding: csv, as: UTF8.self).split(separator: "\n").dropFirst()
    #expect(rows.allSatisfy { $0.hasSuffix(",7.25,7.25,7.25") })
  }

  @Test func aConstantSeriesAmongOthers() throws {
    let tables = [
      Table(months: 40, id: "zero") { _ in 0 }, Table(months: 40, id: "moving"),
      Table(months: 40, id: "large") { _ in -1e12 },
    ]
    let table = Table("unique_id,ds,y", rows: tables.flatMap(\.rows))
    let document = try Document(forecast(table.csv, ["--json"]).outcome.stdout)
    #expect(document.values(of: "zero") == [0, 0, 0])
    #expect(document.values(of: "large") == [-1e12, -1e12, -1e12])
    #expect(Set(document.values(of: "moving")).count > 1)
  }

  @Test func seriesOfDifferentLengths() throws {
    let lengths = [("long", 60), ("middling", 20), ("short", 9), ("shortest", 1)]
    let table = Table(
      "unique_id,ds,y", rows: lengths.flatMap { Table(months: $0.1, id: $0.0).rows })
    let (_, outcome) = try forecast(table.csv, ["--windows", "2", "--json"])
    let document = try Document(outcome.stdout)
    for (id, _) in lengths.dropLast() {
      #expect(document.values(of: id).count == 3, "\(id)")
      #expect(document.values(of: id).allSatisfy { $0.isFinite }, "\(id)")
    }
    let notes = document.notes.joined(separator: "\n")
    #expect(notes.contains("too short for 2 backtest windows of 3 steps"))
    #expect(notes.contains("\"short\" has 0"))
    #expect(notes.contains("not forecast") && notes.contains("\"shortest\""))
    #expect(!notes.contains("\"long\""))
    // What the document tells is told on stderr too.
    for note in document.notes { #expect(outcome.stderr.contains(note)) }
  }

  /// Too short for a backtest and for a season, and still something can be said.
  @Test(arguments: [2, 3, 5, 13, 25]) func aShortSeries(_ count: Int) throws {
    let (_, outcome) = try forecast(
      Table(months: count).csv, ["--horizon", "12", "--windows", "3", "--json"])
    let values = try Document(outcome.stdout).values()
    #expect(values.count == 12 && values.allSatisfy { $0.isFinite })
    #expect(outcome.stderr.contains("too short for 3 backtest windows"))
  }

  /// Most of them do not move, so that reading is what takes its time here.
  @Test func aMillionRows() throws {
    var csv = Table(months: 40, id: "moving").csv
    for series in 0..<5000 {
      for index in 0..<200 { csv += "series \(series),\(Table.month(index)),\(series % 7)\n" }
    }
    let (_, outcome) = try forecast(csv, ["--json"])
    let document = try Document(outcome.stdout)
    #expect(document.forecast.count == 3 * 5001)
    #expect(document.values(of: "series 4999") == [1, 1, 1])
  }

  // MARK: What is missing

  @Test func gapsInTime() throws {
    var table = Table(months: 60)
    table.rows.removeSubrange(30...31)
    table.rows.remove(at: 9)
    let (_, outcome) = try forecast(table.csv)
    // Line 1 is the header; the row before the gap is named.
    #expect(
      outcome.stderr == """
        lstm: warning: 2 gaps in time (3 steps): after line 10 (2000-09-01), \
        after line 30 (2002-06-01)

        """)
  }

  @Test(arguments: ["", "NA", "NaN"]) func missingValues(_ missing: String) throws {
    let table = Table(months: 60).with(row: 20, "2001-09-01,\(missing)")
    let (csv, outcome) = try forecast(table.csv)
    #expect(outcome.stderr == "lstm: warning: 1 value is missing: line 22 (2001-09-01)\n")
    #expect(!String(decoding: csv, as: UTF8.self).contains("nan"))
  }

  /// A value that was never seen is as good as its row left out.
  @Test func aMissingValueIsAGap() throws {
    let table = Table(months: 60)
    var gap = table
    gap.rows.remove(at: 20)
    #expect(
      try forecast(gap.csv).csv == forecast(table.with(row: 20, "2001-09-01,").csv).csv)
  }
}
