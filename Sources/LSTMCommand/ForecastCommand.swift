import ArgumentParser
import Recurrent

/// `lstm forecast`: everything at once.
struct ForecastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "Forecast a table of series, and show how well that works.",
    discussion: """
      Reads a CSV (unique_id, ds, y; the id is optional), trains a model, backtests it on rolling
      windows against naive, seasonal naive, drift and mean, and forecasts with intervals. Writes
      the forecast as CSV and a picture as SVG.
      """)

  @Argument(help: "The table, CSV; - for standard input.")
  var data: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var columns: ColumnOptions

  @Option(help: "Backtest windows for each series; 0 for no backtest.")
  var windows = 3

  @Flag(inversion: .prefixedNo, help: "Train anew before each backtest window.")
  var refit = true

  @Option(help: "Where the forecast goes; - for standard output.")
  var output = "forecast.csv"

  @Option(help: "Where the picture goes.")
  var plot = "forecast.svg"

  @Option(help: "Keep the model in this file.")
  var save: String?

  @OptionGroup var numbers: PrecisionOptions
  @OptionGroup var continuation: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (0...1000).contains(windows) else {
      throw ValidationError("--windows is at least 0 and at most 1000, found \(windows)")
    }
    try OutputFile.validate(
      [output, plot, save] + continuation.written, besides: [data] + continuation.read,
      asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let table = try columns.table(data, console)
    for path in [output, plot] + [save].compactMap({ $0 }) { try OutputFile.check(path) }
    let configuration = try model.configuration(for: table, seed: shared.seed, console)
    let training = try TrainingRun(continuation, console)
    var journal = try training.journal(
      for: table, configuration,
      parts: [
        "verb": "forecast", "windows": .integer(windows), "refit": .bool(refit),
        "precision": .string(numbers.precision.rawValue),
      ])
    let (study, forecaster): (ForecastStudy, Forecaster)
    do {
      (study, forecaster) = try ForecastStudy.forecast(
        table, configuration, windows: windows, refits: refit, journal: &journal,
        on: shared.context(numbers.precision))
    } catch {
      console.endProgress()
      throw error
    }
    console.endProgress()
    for note in study.notes { console.note(note) }

    let report = StudyReport(study: study)
    var files = report.files(output, plot)
    if let save {
      let document = forecaster.document(
        training: [
          "data": .object(table.summary), "leaderboard": study.leaderboard.json,
        ])
      files.append((save, document.bytes))
    }
    try OutputFile.write(files + training.files) { () throws(FileError) in
      try report.printed(
        asJSON: shared.json, besides: files,
        with: report.dataLine + report.backtestText + report.chart)
    }
  }
}
