import ArgumentParser
import Recurrent

/// `lstm train`: for those who keep a model.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model and keep it.",
    subcommands: [TrainForecastCommand.self])
}

/// `lstm train forecast`.
struct TrainForecastCommand: ParsableCommand, TrainingVerb {
  static let trainingName = "train"

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
    let run = try TrainingRun(of: self, on: table, windows: nil, forecasts: true)
    let (forecaster, search) = try run.train { journal in
      try run.training.fitted(
        to: try series(of: table, run.configuration), run.configuration, journal: &journal,
        label: "final", on: run.context)
    }
    if let search { console.note(search.summary) }
    if let sentence = forecaster.validation?.sentence { console.note(sentence) }
    let document = forecaster.document(training: ["data": .object(table.summary)])
    let files = [(path: save, content: document.bytes)]
    try OutputFile.write(files) { () throws(FileError) in
      if save == "-" { return }
      let json: JSONObject = [
        "configuration": .object(forecaster.configuration.json), "model": .string(save),
      ]
      try StandardStream.output.write(shared.json ? json.document : "Written: \(save)\n")
    }
  }

  /// Those that are long enough.
  private func series(
    of table: SeriesTable, _ configuration: ForecastConfiguration
  ) throws -> [ForecastSeries] {
    try table.forecastable(minimum: ForecastConfiguration.minimumHistory).map {
      configuration.covariates.series(table.series[$0], of: table, horizon: configuration.horizon)
    }
  }
}
