import ArgumentParser
import Recurrent

/// `lstm forecast`: everything at once.
struct ForecastCommand: ParsableCommand, TrainingVerb {
  static let trainingName = "forecast"

  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "Forecast a table of series, and show how well that works.",
    discussion: """
      Reads a CSV (unique_id, ds, y; the id is optional; --wide for a column per series) or a file
      of the Monash archive, trains a model, backtests it on rolling windows against naive,
      seasonal naive, drift, mean, Naive2, Theta and ETS, and forecasts with intervals. Writes the
      forecast as CSV and a picture as SVG. With --windows 0 there is no backtest.
      """)

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
  var data: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var columns: ColumnOptions

  @OptionGroup var windows: WindowOptions
  @OptionGroup var judging: JudgingOptions

  @Flag(help: "Forecast with what did best in the backtest, be it a baseline.")
  var best = false

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
    try windows.requireRoom(for: model.horizon)
    try judging.requireBacktest(windows)
    if best, windows.windows == 0 { throw ValidationError("--best needs backtest windows") }
    try OutputFile.validate(
      [output, plot, save] + judging.written + continuation.written,
      besides: [data] + columns.read + model.read + continuation.read,
      asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let table = try columns.table(data, console, horizon: model.horizon)
    for path in [output, plot] + [save].compactMap({ $0 }) { try OutputFile.check(path) }
    try judging.check()
    let run = try TrainingRun(of: self, on: table, windows: windows, forecasts: true)
    let (study, forecaster) = try run.train { journal in
      try ForecastStudy.forecast(
        table, run.configuration, backtest: windows.settings, isBest: best,
        training: run.training, journal: &journal, on: run.context)
    }
    for note in study.notes { console.note(note) }

    let report = StudyReport(study: study)
    var files =
      report.files(output: output, plot: plot) + judging.files(of: study, curve: run.curve)
    if let save {
      let document = forecaster.document(
        training: [
          "data": .object(table.summary), "leaderboard": study.leaderboard.json,
        ])
      files.append((save, document.bytes))
    }
    try report.write(
      files, asJSON: shared.json,
      text: report.dataLine + report.backtestText + hint(study) + report.chart)
  }

  /// What to do where a baseline is first, surely or not.
  private func hint(_ study: ForecastStudy) -> String {
    guard !best, let first = study.leaderboard.rows.first, first.kind == .baseline else {
      return ""
    }
    return "With --best the forecast is by \(first.method).\n"
  }
}
