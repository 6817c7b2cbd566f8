import ArgumentParser
import Recurrent

/// `lstm evaluate`: how well a model that was kept does.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Backtest a model that was kept, beside the baselines.",
    discussion: """
      The model's networks stay as they are, so values they were trained on flatter them: evaluate
      on later values, or use lstm backtest, which trains on what comes before the windows.
      What is fitted before the windows is the statistical base of each series and the baselines.
      """)

  @Argument(help: "The model, a safetensors file.")
  var model: String

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
  var data: String

  @OptionGroup var columns: ColumnOptions

  @Option(
    parsing: .unconditional,
    help: "Steps to forecast, at most the model's. Default: the model's.")
  var horizon: Int?

  @OptionGroup var windows: WindowOptions
  @OptionGroup var judging: JudgingOptions

  @Option(help: "Where a picture of the forecasts goes.")
  var plot: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    try shared.refuseSeed()
    try windows.requireWindows()
    try OutputFile.validate(
      [plot] + judging.written, besides: [model, data] + columns.read, asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let forecaster = try Forecaster(path: model, on: shared.context)
    try forecaster.requireHorizon(horizon)
    try windows.requireRoom(for: horizon ?? forecaster.configuration.horizon)
    let table = try columns.table(data, console, for: forecaster)
    try judging.check()
    if let plot { try OutputFile.check(plot) }
    let study = try ForecastStudy.evaluate(
      table, by: forecaster, backtest: windows.settings, horizon: horizon, on: shared.context)
    for note in study.notes { console.note(note) }
    let report = StudyReport(study: study)
    let files = report.files(plot: plot) + judging.files(of: study)
    try report.write(files, asJSON: shared.json, text: report.dataLine + report.backtestText)
    console.note("the networks are as they were trained: values they have seen flatter them")
  }
}

extension Forecaster {
  /// A kept model says what it was trained to say, or the beginning of it.
  func requireHorizon(_ horizon: Int?) throws {
    guard let horizon, !(1...configuration.horizon).contains(horizon) else { return }
    throw ValidationError(
      "--horizon is at least 1 and at most the model's \(configuration.horizon), found \(horizon)")
  }
}
