import ArgumentParser
import Recurrent

/// What a forecaster is made of.
struct ModelOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Steps to forecast.")
  var horizon: Int

  @Option(
    parsing: .unconditional,
    help: "Steps after which a pattern repeats. Default: the frequency's, or what is seen.")
  var season: Int?

  @Option(
    help: ArgumentHelp(
      "The cell of the network, with options as lstm:peepholes=i+o,projection=16: "
        + Cell.presets.map(\.name).joined(separator: ", ") + "."))
  var cell = "lstm"

  @Option(parsing: .unconditional, help: "Units of a layer.")
  var hidden = 32

  @Option(parsing: .unconditional, help: "Layers.")
  var layers = 1

  @Option(
    parsing: .unconditional,
    help: "Passes over the windows of the data. Default: chosen by their number.")
  var epochs: Int?

  @Flag(
    help: "Search for sensible settings of the network first, by what is held out of the series.")
  var tune = false

  @Option(
    help: ArgumentHelp(
      "Go on from the networks of a model that was kept, of the same cell, layers, units, horizon, "
        + "season, number of levels and of covariates, head, decoder and dilations. Of fewer "
        + "networks than --members, each is the start of several, in turn.",
      valueName: "model"))
  var from: String?

  @OptionGroup(title: "Options of the network") var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Percent that a band should hold, repeatable or with commas. Default: 80,90.",
      valueName: "level"))
  var level: [String] = []

  func validate() throws {
    for (name, value, range) in [
      ("--horizon", horizon, ForecastConfiguration.horizons),
      ("--season", season ?? 1, ForecastConfiguration.seasons),
      ("--hidden", hidden, ForecastConfiguration.hiddenSizes),
      ("--layers", layers, ForecastConfiguration.layerNumbers),
      ("--epochs", epochs ?? 1, 1...100_000),
    ] where !range.contains(value) {
      throw ValidationError(
        "\(name) is at least 1 and at most \(range.upperBound), found \(value)")
    }
    if tune, from != nil {
      throw ValidationError(
        "--tune looks for other sizes, and --from goes on with those that there are: give one of them"
      )
    }
    _ = try levels
    do { _ = try Cell.named(cell) } catch { throw ValidationError("--cell: \(error)") }
  }

  private var levels: [Double] {
    get throws {
      if level.isEmpty { return [80, 90] }
      let texts = level.flatMap {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let values = try texts.map { text in
        guard let value = Double(text), ForecastConfiguration.bandLevels.contains(value) else {
          throw ValidationError(
            "--level is a percentage between 0.01 and 99.99, found \"\(text)\"")
        }
        return value
      }
      return Set(values).sorted()
    }
  }

  /// What is read beside the table.
  var read: [String] { [from].compactMap { $0 } }

  func training(on context: ComputeContext) throws -> ForecastTraining {
    ForecastTraining(start: try from.map { try Forecaster(path: $0, on: context) }, isTuned: tune)
  }

  func configuration(for table: SeriesTable, seed: Int, _ console: Console) throws
    -> ForecastConfiguration
  {
    try network.check(table)
    if let note = network.minimumNote(on: table) { console.note(note) }
    let season = table.season(given: season)
    if let note = season.note { console.note(note) }
    var configuration = ForecastConfiguration(
      frequency: "\(table.frequency)", horizon: horizon, season: season.length, levels: try levels,
      cell: cell, hiddenSize: hidden, numLayers: layers, epochs: epochs, seed: seed)
    network.apply(to: &configuration)
    configuration.covariates = ForecastCovariates(of: table)
    try configuration.requireMemory(for: table)
    return configuration
  }
}
