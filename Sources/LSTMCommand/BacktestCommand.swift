import ArgumentParser
import Recurrent

/// `lstm backtest`: how well a model would have done.
struct BacktestCommand: ParsableCommand, TrainingVerb {
  static let trainingName = "backtest"

  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Judge a model on rolling windows of the past, beside the baselines.",
    discussion: """
      lstm backtest sales.csv --horizon 12 --windows 24 --step 1 --scores scores.csv

      A window is a forecast of --horizon steps from what was known then. The last one ends
      where the series ends, the others begin --step earlier each. With --no-refit one
      model is trained, on what comes before the first window, and forecasts them all in
      one pass. A model that was kept is judged by lstm evaluate.

      --scores has a row for each series, window and method; --forecasts one for each step,
      with what happened. Their column cutoff is the last time that a forecast knew of.
      """)

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
  var data: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var columns: ColumnOptions
  @OptionGroup var windows: WindowOptions
  @OptionGroup var judging: JudgingOptions

  @Option(help: "Where a picture of the forecasts goes.")
  var plot: String?

  @OptionGroup var numbers: PrecisionOptions
  @OptionGroup var continuation: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    try windows.requireWindows()
    try windows.requireRoom(for: model.horizon)
    try OutputFile.validate(
      [plot] + judging.written + continuation.written,
      besides: [data] + columns.read + model.read + continuation.read,
      asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let table = try columns.table(data, console)
    try judging.check()
    if let plot { try OutputFile.check(plot) }
    let run = try TrainingRun(of: self, on: table, windows: windows, forecasts: false)
    let study = try run.train { journal in
      try ForecastStudy.backtest(
        table, run.configuration, windows.settings, training: run.training, journal: &journal,
        on: run.context)
    }
    for note in study.notes { console.note(note) }
    let report = StudyReport(study: study)
    let files = report.files(plot: plot) + judging.files(of: study, curve: run.curve)
    try report.write(files, asJSON: shared.json, text: report.dataLine + report.backtestText)
  }
}
