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

  @Argument(help: "The table, CSV or .tsf; - for standard input.")
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
      [save] + continuation.written,
      besides: [data] + columns.read + model.read + continuation.read,
      asJSON: shared.json)
  }

  func run() throws {
    let console = shared.console
    let table = try columns.table(data, console)
    try OutputFile.check(save)
    let configuration = try model.configuration(for: table, seed: shared.seed, console)
    let run = try TrainingRun(continuation, console)
    let context = shared.context(numbers.precision)
    let training = try model.training(on: context)
    var journal = try run.journal(
      for: table, configuration,
      parts: ["verb": "train", "precision": .string(numbers.precision.rawValue)],
      training: training,
      networks: ForecastStudy.networkCount(
        table, configuration, backtest: nil, training,
        forecasts: true))
    let forecaster: Forecaster
    do {
      let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
      let series = usable.map {
        configuration.covariates.series(
          table.series[$0], of: table, horizon: configuration.horizon)
      }
      let (fitted, search) = try training.fitted(
        to: series, configuration, journal: &journal, label: "final", on: context)
      forecaster = fitted
      if let search { console.note(search.summary) }
    } catch {
      console.endProgress()
      throw error
    }
    try run.end()
    if let sentence = forecaster.validation?.sentence { console.note(sentence) }
    let document = forecaster.document(training: ["data": .object(table.summary)])
    let files = [(path: save, content: document.bytes)]
    try OutputFile.write(files) { () throws(FileError) in
      if save == "-" { return }
      let json: JSONObject = [
        "configuration": .object(forecaster.configuration.json), "model": .string(save),
      ]
      try StandardStream.output.write(
        shared.json ? JSONValue.object(json).text(indented: true) + "\n" : "Written: \(save)\n")
    }
  }
}
