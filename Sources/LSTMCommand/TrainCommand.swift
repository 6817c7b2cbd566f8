import ArgumentParser
import Recurrent

/// `lstm train`: for those who keep a model.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model and keep it.",
    subcommands: [TrainForecastCommand.self])
}

/// `lstm train forecast`.
struct TrainForecastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Train a forecaster on a table of series and keep it.")

  @Argument(help: "The table, CSV; - for standard input.")
  var data: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var columns: ColumnOptions

  @Option(help: "Where the model goes, a safetensors file.")
  var save: String

  @OptionGroup var numbers: PrecisionOptions
  @OptionGroup var continuation: RunOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    try OutputFile.validate(
      [save] + continuation.written, besides: [data] + continuation.read, asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let table = try columns.table(data, console)
    try OutputFile.check(save)
    let configuration = try model.configuration(for: table, seed: shared.seed, console)
    let training = try TrainingRun(continuation, console)
    var journal = try training.journal(
      for: table, configuration,
      parts: ["verb": "train", "precision": .string(numbers.precision.rawValue)],
      networks: ForecastStudy.networkCount(
        table, configuration, backtest: nil, forecasts: true))
    let forecaster: Forecaster
    do {
      let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
      forecaster = try Forecaster(
        fitting: usable.map { ForecastSeries(table.series[$0].values) }, configuration,
        journal: &journal,
        label: "final", on: shared.context(numbers.precision))
    } catch {
      console.endProgress()
      throw error
    }
    try training.end()
    let document = forecaster.document(training: ["data": .object(table.summary)])
    let files = [(path: save, content: document.bytes)]
    try OutputFile.write(files) { () throws(FileError) in
      if save == "-" { return }
      let json: JSONObject = [
        "configuration": .object(configuration.json), "model": .string(save),
      ]
      try StandardStream.output.write(
        shared.json ? JSONValue.object(json).text(indented: true) + "\n" : "Written: \(save)\n")
    }
  }
}
