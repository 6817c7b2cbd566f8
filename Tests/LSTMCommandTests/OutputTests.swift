import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Everything that a forecast leaves, byte for byte.
private struct Results: Equatable {
  var json: String
  var csv: Data
  var svg: Data
  var model: Data
  var report: String

  init(_ options: [String] = []) throws {
    let tool = try Tool()
    try tool.write(Table(months: 60).csv, to: "table.csv")
    let outcome = try tool.run(
      ["forecast", "table.csv", "--horizon", "5", "--windows", "2", "--epochs", "10"]
        + ["--hidden", "8", "--json", "--save", "model.safetensors"]
        + ["--report", "report.html"] + options)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    json = outcome.stdout
    csv = try tool.data("forecast.csv")
    svg = try tool.data("forecast.svg")
    model = try tool.data("model.safetensors")
    report = try tool.text("report.html")
  }
}

/// What goes to stdout and into files when all is well.
@Suite struct Outputs {
  private func tool(_ table: Table = Table(months: 40)) throws -> Tool {
    let tool = try Tool()
    try tool.write(table.csv, to: "table.csv")
    return tool
  }

  // MARK: One document

  @Test func theDocument() throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["forecast", "table.csv", "--json", "--level", "97.5", "--level", "50,80"] + quick)
    #expect(outcome.status == 0)
    let document = try Document(outcome.stdout)
    #expect(document.configuration.horizon == 3)
    #expect(document.configuration.season == 12)
    #expect(document.configuration.levels == [50, 80, 97.5])
    #expect(document.configuration.cell == "lstm")
    #expect(document.configuration.hidden == 4)
    #expect(document.configuration.layers == 1)
    #expect(document.configuration.seed == 1)

    #expect(
      Set(document.leaderboard.map(\.method)) == [
        "lstm", "naive", "seasonal-naive", "drift", "mean", "naive2", "theta", "ets",
      ])
    for row in document.leaderboard {
      #expect(row.kind == (row.method == "lstm" ? "model" : "baseline"))
      for measure in [row.mase, row.smape, row.mae, row.rmse] {
        #expect((measure ?? -1) >= 0, "\(row.method)")
      }
      #expect(row.coverage != nil)
    }
    // Best first.
    let ranks = document.leaderboard.compactMap(\.mase)
    #expect(ranks.count == 8 && ranks == ranks.sorted())
    let coverage = try #require(document.model?.coverage)
    #expect(Set(coverage.keys) == ["50", "80", "97.5"])
    #expect(coverage.values.allSatisfy { (0...1).contains($0) })

    #expect(document.forecast.map { $0["ds"]?.text } == ["2003-05-01", "2003-06-01", "2003-07-01"])
    for row in document.forecast {
      let bounds = ["lo-97.5", "lo-80", "lo-50", "hi-50", "hi-80", "hi-97.5"].compactMap {
        row["lstm-\($0)"]?.number
      }
      #expect(row.count == 8 && bounds.count == 6 && bounds == bounds.sorted())
    }
  }

  @Test func theSameForecastEverywhere() throws {
    let tool = try tool()
    let document = try Document(tool.run(["forecast", "table.csv", "--json"] + quick).stdout)
    let file = try tool.text("forecast.csv")
    let lines = file.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(lines[0] == ["ds", "lstm", "lstm-lo-80", "lstm-hi-80", "lstm-lo-90", "lstm-hi-90"])
    #expect(lines.count == 4)
    for (line, row) in zip(lines.dropFirst(), document.forecast) {
      for (name, field) in zip(lines[0], line) {
        #expect(row[name] == Double(field).map(Document.Cell.number) ?? .text(field))
      }
    }
    let outcome = try tool.run(["forecast", "table.csv", "--output", "-"] + quick)
    #expect(outcome.stdout == file)
  }

  // MARK: Files

  @Test func thePictureIsXML() throws {
    var rows = Table(months: 40, id: "A & B <\"'>").rows
    rows += Table(months: 40, id: "plain").rows
    rows = rows.map { $0.replacingOccurrences(of: "A & B <\"'>", with: "\"A & B <\"\"'>\"") }
    let tool = try tool(Table("unique_id,ds,y", rows: rows))
    #expect(try tool.run(["forecast", "table.csv"] + quick).status == 0)
    let parser = XMLParser(data: try tool.data("forecast.svg"))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
  }

  @Test func filesElsewhere() throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["forecast", "table.csv", "--output", "a.csv", "--plot", tool.path("b.svg")]
        + ["--save", "c.safetensors", "--checkpoint", "d", "--log", "e.jsonl"] + quick)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(
      try tool.files == ["a.csv", "b.svg", "c.safetensors", "d", "e.jsonl", "table.csv"])
    #expect(outcome.stdout.contains("Written: a.csv"))
    for line in try tool.text("e.jsonl").split(separator: "\n") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
  }

  /// An older file is replaced, one behind a link where it is.
  @Test func olderFiles() throws {
    let tool = try tool()
    try tool.write("old", to: "forecast.csv")
    try tool.write("old", to: "elsewhere.svg")
    try FileManager.default.createSymbolicLink(
      atPath: tool.path("forecast.svg"), withDestinationPath: "elsewhere.svg")
    #expect(try tool.run(["forecast", "table.csv"] + quick).status == 0)
    #expect(try tool.text("forecast.csv").hasPrefix("ds,lstm"))
    #expect(try tool.text("elsewhere.svg").hasPrefix("<svg"))
    #expect(try tool.files == ["elsewhere.svg", "forecast.csv", "forecast.svg", "table.csv"])
  }

  // MARK: Words

  @Test func quiet() throws {
    var table = Table(months: 40)
    table.rows.remove(at: 20)
    table.rows.reverse()
    let tool = try tool(table)
    let loud = try tool.run(["forecast", "table.csv"] + quick)
    #expect(loud.errorLines.count == 2)
    let quiet = try tool.run(["forecast", "table.csv", "--quiet"] + quick)
    #expect(quiet.stderr == "")
    #expect(quiet.stdout == loud.stdout)
    let failed = try tool.run(["forecast", "missing.csv", "--quiet"] + quick)
    #expect(failed.errorLines.count == 1)
  }

  /// No colours, no line of progress, where nobody sits before a terminal.
  @Test func plainText() throws {
    let tool = try tool(Table(months: 60))
    let outcome = try tool.run(["forecast", "table.csv", "--season", "12"] + quick)
    #expect(!(outcome.stdout + outcome.stderr).contains { "\u{1B}\r".contains($0) })
    #expect(outcome.stdout.contains("table.csv: 1 series of 60 values, "))
    #expect(outcome.stdout.contains("seasonal-naive"))
    #expect(outcome.stderr == "")
  }

  private static let verbs = [
    [], ["forecast"], ["train"], ["train", "forecast"], ["predict"], ["backtest"], ["evaluate"],
    ["inspect"],
  ]

  @Test(arguments: verbs) func help(_ verb: [String]) throws {
    let outcome = try Tool().run(verb + ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.stdout.contains("USAGE: lstm \(verb.joined(separator: " "))"))
    #expect(outcome.stderr == "")
  }

  @Test(arguments: verbs) func version(_ verb: [String]) throws {
    let outcome = try Tool().run(verb + ["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.stdout.split(separator: ".").count == 3)
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completions(_ shell: String) throws {
    let outcome = try Tool().run(["--generate-completion-script", shell])
    #expect(outcome.status == 0)
    #expect(outcome.stdout.contains("evaluate"))
  }

  // MARK: Bytes

  /// Runs at different times, too: a clock's time in a file would show.
  @Test func theSameSeedGivesTheSameBytes() throws {
    let one = try Results(["--threads", "1"])
    for threads in ["2", "3"] {
      let more = try Results(["--threads", threads])
      #expect(more.json == one.json, "\(threads) threads")
      #expect(more.csv == one.csv, "\(threads) threads")
      #expect(more.svg == one.svg, "\(threads) threads")
      #expect(more.model == one.model, "\(threads) threads")
      #expect(more.report == one.report, "\(threads) threads")
    }
    let other = try Results(["--threads", "1", "--seed", "2"])
    #expect(other.csv != one.csv)
    let coarse = try Results(["--threads", "1", "--precision", "bfloat16"])
    #expect(coarse.csv != one.csv)
    #expect(other.model != one.model)
    let time = /[0-9]{2}:[0-9]{2}:[0-9]{2}/
    for text in [one.json, String(decoding: one.svg, as: UTF8.self), one.report] {
      #expect(!text.contains(time))
    }
  }

  @Test(arguments: ["gru", "rnn", "lstm:peepholes=i+o,forget-bias=1", "lstm:projection=3"])
  func otherCells(_ cell: String) throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["forecast", "table.csv", "--json", "--cell", cell, "--layers", "2", "--save", "m"] + quick)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(try Document(outcome.stdout).configuration.cell == cell)
    let forecast = try tool.data("forecast.csv")
    #expect(try tool.run(["predict", "m", "table.csv"]).status == 0)
    #expect(try tool.data("forecast.csv") == forecast)
  }

  // MARK: A model that is kept

  private static let tables = [
    ("one series", Table(months: 40)), ("a constant", Table(months: 40) { _ in 3 }),
    ("a gap", Table(months: 40).with(row: 20, "2001-09-01,")),
    (
      "series of different lengths",
      Table(
        "unique_id,ds,y",
        rows: Table(months: 40, id: "a").rows + Table(months: 7, id: "b").rows
          + Table(months: 20, id: "c") { _ in 5 }.rows)
    ),
  ]

  @Test(arguments: tables.indices) func predictGivesTheSameBytes(_ index: Int) throws {
    let tool = try tool(Self.tables[index].1)
    let made = try tool.run(["forecast", "table.csv", "--save", "m"] + quick)
    #expect(made.status == 0, "\(made.stderr)")
    let predicted = try tool.run(["predict", "m", "table.csv", "--output", "p.csv", "--json"])
    #expect(predicted.status == 0, "\(predicted.stderr)")
    #expect(try tool.data("p.csv") == tool.data("forecast.csv"), "\(Self.tables[index].0)")
    #expect(try Document(predicted.stdout).leaderboard.isEmpty)
  }

  /// Training alone ends with the model that a forecast ends with.
  @Test func trainKeepsTheForecastsModel() throws {
    let tool = try tool()
    _ = try tool.run(["forecast", "table.csv", "--save", "m"] + quick)
    let trained = try tool.run(
      ["train", "forecast", "table.csv", "--horizon", "3", "--epochs", "1", "--hidden", "4"]
        + ["--save", "t"])
    #expect(trained.status == 0 && trained.stdout == "Written: t\n")
    _ = try tool.run(["predict", "t", "table.csv", "--output", "p.csv"])
    #expect(try tool.data("p.csv") == tool.data("forecast.csv"))
  }

  @Test func evaluate() throws {
    let tool = try tool()
    _ = try tool.run(["forecast", "table.csv", "--save", "m"] + quick)
    try tool.write(Table(months: 60).csv, to: "later.csv")
    let before = try tool.files
    let outcome = try tool.run(["evaluate", "m", "later.csv", "--windows", "4", "--json"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let document = try Document(outcome.stdout)
    #expect(document.leaderboard.count == 8 && document.forecast.isEmpty)
    #expect(document.model?.mase != nil)
    let text = try tool.run(["evaluate", "m", "later.csv"])
    #expect(text.stdout.contains("Backtest over 3 windows of 3 steps"))
    #expect(try tool.files == before)
  }
}
