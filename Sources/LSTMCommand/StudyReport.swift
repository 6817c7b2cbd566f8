import Recurrent

/// A study as the tool shows it.
struct StudyReport {
  let study: ForecastStudy

  /// What the data are, in a line.
  var dataLine: String {
    let table = study.table
    let count = table.series.count
    let values = quantity(table.series.reduce(0) { $0 + $1.observedCount }, "value")
    let series = count == 1 ? "1 series of \(values)" : "\(count) series, \(values)"
    var line = "\(table.file): \(series), \(table.frequency)"
    if count == 1, let only = table.series.first, !only.values.isEmpty {
      line += ", \(only.time(at: 0)) to \(only.time(at: only.values.count - 1))"
    }
    let season = study.configuration.season
    return line + (season > 1 ? ", season \(season)\n" : ", no season\n")
  }

  /// What was seen before any test, and the leaderboard with its heading. Why there is none, the notes
  /// say, or the user did.
  var backtestText: String {
    let validation = study.validation?.sentence.map { "\nBefore any test: \($0)\n" } ?? ""
    guard let windows = study.backtest?.windowsPerSeries else {
      return validation + "\nNo backtest.\n"
    }
    let heading =
      "\nBacktest over \(quantity(windows, "window")) of \(study.configuration.horizon) steps\n"
    return validation + heading + study.leaderboard.text
      + (study.leaderboard.verdict.map { $0 + "\n" } ?? "")
  }

  /// A drawing of the first series and its forecast.
  var chart: String {
    guard let forecast = study.forecasts.first,
      let series = study.table.series.first(where: { $0.id == forecast.id })
    else { return "" }
    let chart = TerminalChart(
      series: series, forecast: forecast,
      width: min(StandardStream.output.terminalWidth ?? 80, 120),
      isColored: StandardStream.output.isTerminal)
    let name = study.forecasts.count > 1 ? series.id.map { "\n\($0)\n" } ?? "\n" : "\n"
    return name + chart.text
  }

  /// History, backtest, forecast and bands of every series, as SVG.
  var plot: ForecastPlot {
    ForecastPlot(
      title: "Forecast of \(study.table.columns.value)",
      subtitle: "\(study.configuration.horizon) steps, \(study.table.frequency)",
      method: study.method,
      panels: study.panels(of: study.table.series.indices))
  }

  var forecastTable: ForecastTable {
    ForecastTable(columns: study.table.columns, method: study.method, forecasts: study.forecasts)
  }

  /// The one document of `--json`.
  var json: JSONObject {
    [
      "configuration": .object(study.configuration.json),
      "data": [
        "file": .string(study.table.file), "series": .integer(study.table.series.count),
        "frequency": .string("\(study.table.frequency)"),
      ],
      "validation": study.validation.map { .object($0.json) } ?? .null,
      "leaderboard": study.leaderboard.json,
      "verdict": study.leaderboard.verdict.map(JSONValue.string) ?? .null,
      "method": .string(study.method),
      "backtest": study.backtest.map { .object($0.json) } ?? .null,
      "forecast": forecastTable.json,
      "notes": .array((study.table.notes + study.notes).map(JSONValue.string)),
      "warnings": .array(study.table.warnings.map(JSONValue.string)),
    ]
  }

  /// The forecast as a table and as a picture.
  func files(output: String? = nil, plot: String?) -> [OutputFile.Content] {
    var files: [OutputFile.Content] = []
    if let output { files.append((output, Array(forecastTable.csv.utf8))) }
    if let plot { files.append((plot, Array(self.plot.svg.utf8))) }
    return files
  }

  /// Writes files of the study, all or none, and prints the study.
  func write(
    _ files: [OutputFile.Content], asJSON: Bool, text: @autoclosure () -> String
  ) throws(FileError) {
    try OutputFile.write(files, asJSON: asJSON, json: json, text: text())
  }
}
