import ArgumentParser
import Recurrent

/// `lstm future`: the table that is to say what is known of the future.
struct FutureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "future",
    abstract: "Write the table that --future reads: the rows of the steps to forecast.",
    discussion: """
      A row for each series and step: id, time, and the columns of --known. What is known already
      stands there; the rest is empty, to be filled in.

      lstm future sales.csv --horizon 12 --known price,promotion
      lstm forecast sales.csv --horizon 12 --known price,promotion --future future.csv
      """)

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
  var data: String

  @Option(parsing: .unconditional, help: "Steps to forecast.")
  var horizon: Int

  @OptionGroup var columns: ColumnOptions

  @Option(help: "Where the table goes; - for standard output.")
  var output = "future.csv"

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard ForecastConfiguration.horizons.contains(horizon) else {
      throw ValidationError(
        "--horizon is at least 1 and at most \(ForecastConfiguration.horizons.upperBound), "
          + "found \(horizon)")
    }
    try OutputFile.validate([output], besides: [data] + columns.read, asJSON: shared.json)
  }

  func run() throws {
    let table = try columns.table(data, shared.console)
    try table.requireTimes(horizon: horizon)
    let rows = table.series.count * horizon
    let known = table.schema.known.map(\.name)
    let files = [(path: output, content: Array(table.futureTemplate(horizon: horizon).utf8))]
    try OutputFile.write(files) { () throws(FileError) in
      if output == "-" { return }
      let json: JSONObject = [
        "file": .string(output), "rows": .integer(rows), "horizon": .integer(horizon),
        "series": .integer(table.series.count), "frequency": .string("\(table.frequency)"),
        "known": .array(known.map(JSONValue.string)),
      ]
      let columns =
        known.isEmpty ? "no known columns" : "to fill in: \(known.joined(separator: ", "))"
      try StandardStream.output.write(
        shared.json
          ? json.document
          : "Written: \(output), \(rows == 1 ? "1 row" : "\(rows) rows"), \(columns)\n")
    }
  }
}
