import ArgumentParser
import Recurrent

/// `lstm predict`: what comes next, by a model that was kept.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Forecast a table of series with a model that was kept.")

  @Argument(help: "The model, a safetensors file.")
  var model: String

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
  var data: String

  @OptionGroup var columns: ColumnOptions

  @Option(
    parsing: .unconditional,
    help: "Steps to forecast, at most the model's. Default: the model's.")
  var horizon: Int?

  @Option(help: "Where the forecast goes; - for standard output.")
  var output = "forecast.csv"

  @Option(help: "Where the picture goes.")
  var plot = "forecast.svg"

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    try shared.refuseSeed()
    try OutputFile.validate(
      [output, plot], besides: [model, data] + columns.read, asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let forecaster = try Forecaster(path: model, on: shared.context)
    try forecaster.requireHorizon(horizon)
    let table = try columns.table(
      data, console, for: forecaster, horizon: horizon ?? forecaster.configuration.horizon)
    for path in [output, plot] { try OutputFile.check(path) }
    let study = try ForecastStudy.predict(table, by: forecaster, horizon: horizon)
    for note in study.notes { console.note(note) }
    let report = StudyReport(study: study)
    let files = report.files(output: output, plot: plot)
    try report.write(files, asJSON: shared.json, text: report.dataLine + report.chart)
  }
}
