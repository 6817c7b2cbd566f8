import ArgumentParser
import Recurrent

/// `lstm evaluate`: how well a model that was kept does.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Backtest a model that was kept, beside the baselines.",
    discussion: """
      The model's networks stay as they are, so values they were trained on flatter them: evaluate
      on later values, or use lstm forecast, which trains anew before each window.
      """)

  @Argument(help: "The model, a safetensors file.")
  var model: String

  @Argument(help: "The table, CSV; - for standard input.")
  var data: String

  @OptionGroup var columns: ColumnOptions

  @Option(help: "Backtest windows for each series.")
  var windows = 3

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1000).contains(windows) else {
      throw ValidationError("--windows is at least 1 and at most 1000, found \(windows)")
    }
  }

  func run() throws {
    let console = shared.console
    let forecaster = try Forecaster(path: model, on: shared.context)
    let table = try columns.table(data, console)
    let study = try ForecastStudy.evaluate(table, by: forecaster, windows: windows)
    for note in study.notes { console.note(note) }
    let report = StudyReport(study: study)
    try report.printed(asJSON: shared.json, with: report.dataLine + report.backtestText)
    console.note("the networks are as they were trained: values they have seen flatter them")
  }
}
