import ArgumentParser
import Recurrent

/// What every verb takes.
struct SharedOptions: ParsableArguments {
  @Flag(help: "Put one JSON document on standard output.")
  var json = false

  @Flag(help: "Say nothing but errors on standard error.")
  var quiet = false

  @Option(help: "Threads to use; the results do not depend on it. Default: all processors.")
  var threads: Int?

  @Option(help: "What random numbers are drawn from: the same seed gives the same bytes.")
  var seed = 1

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is at least 1 and at most 1024, found \(threads)")
    }
  }

  var console: Console { Console(isQuiet: quiet) }
  var context: ComputeContext { ComputeContext(threadCount: threads) }

  func context(_ precision: Precision) -> ComputeContext {
    ComputeContext(threadCount: threads, precision: precision)
  }
}

/// What a forecaster is made of.
struct ModelOptions: ParsableArguments {
  @Option(help: "Steps to forecast.")
  var horizon: Int

  @Option(help: "Steps after which a pattern repeats. Default: the frequency's, or what is seen.")
  var season: Int?

  @Option(
    help: ArgumentHelp(
      "The cell of the network, with options as lstm:peepholes=i+o,projection=16: "
        + Cell.presets.map(\.name).joined(separator: ", ") + "."))
  var cell = "lstm"

  @Option(help: "Units of a layer.")
  var hidden = 32

  @Option(help: "Layers.")
  var layers = 1

  @Option(help: "Passes over the windows of the data. Default: chosen by their number.")
  var epochs: Int?

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
        guard let value = Double(text), value > 0, value < 100 else {
          throw ValidationError("--level is a percentage between 0 and 100, found \"\(text)\"")
        }
        return value
      }
      return Set(values).sorted()
    }
  }

  func configuration(for table: SeriesTable, seed: Int, _ console: Console) throws
    -> ForecastConfiguration
  {
    let season = table.season(given: season)
    if let note = season.note { console.note(note) }
    return ForecastConfiguration(
      frequency: "\(table.frequency)", horizon: horizon, season: season.length, levels: try levels,
      cell: cell,
      hiddenSize: hidden, numLayers: layers, epochs: epochs, seed: seed)
  }
}

/// How a training run can be stopped and taken up again.
struct RunOptions: ParsableArguments {
  @Option(help: "Keep the state of the training in this file, so that it can be taken up again.")
  var checkpoint: String?

  @Option(help: "Take up the training that this checkpoint holds.")
  var resume: String?

  @Option(help: "Write the training's progress to this file, a JSON object a line.")
  var log: String?

  func validate() throws {
    if checkpoint == "-" { throw ValidationError("--checkpoint is a file, not standard output") }
    if log == "-" { throw ValidationError("--log is a file, not standard output") }
  }

  /// What a run reads that its results must not replace; its checkpoint may take its own place.
  var read: [String] { [resume].compactMap { $0 }.filter { $0 != checkpoint } }

  /// What a run writes beside its results.
  var written: [String?] { [checkpoint, log] }
}
