import ArgumentParser
import Recurrent

/// What a forecaster's network is made of and how it learns, for those who want it otherwise.
struct NetworkOptions: ParsableArguments {
  private typealias Ranges = ForecastConfiguration

  @Option(
    help: ArgumentHelp(
      "What is said of a value: \(NetworkOptions.words(ForecastHead.self)); the last is for "
        + "counts.", valueName: "head"))
  var head = ForecastHead.quantiles

  @Option(
    help: ArgumentHelp(
      "How the horizon comes out: all at once (direct), or season by season by a second "
        + "recurrent layer (recurrent).", valueName: "decoder"))
  var decoder = ForecastConfiguration.Decoder.direct

  @Option(
    help: ArgumentHelp(
      "Layers above the others, each going on from so many steps ago, with residual "
        + "connections: 2,4.", valueName: "steps"))
  var dilations: String?

  @Option(help: "Networks whose forecasts are averaged.")
  var members = 3

  @Option(
    help: ArgumentHelp(
      "Seasons that the network reads, or values where there is no season. Default: by how long "
        + "the series are.", valueName: "number"))
  var inputSeasons: Int?

  @Option(help: "The part of the outputs that training leaves out.")
  var dropout = 0.1

  @Option(help: "How far a step of training goes.")
  var learningRate = 0.003

  @Option(
    help: ArgumentHelp(
      "What the statistics of a series work on: \(NetworkOptions.words(Ranges.Transform.self)); "
        + "auto weighs forecasts of the values, their logarithms and differences by how well "
        + "they did in its second half.",
      valueName: "transform"))
  var transform = ForecastConfiguration.Transform.automatic

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "No forecast and no bound is below this, the baselines' neither: 0 for counts and sales.",
      valueName: "value"))
  var min: Double?

  private static func words<Choice: RawRepresentable<String> & CaseIterable>(
    _ choices: Choice.Type
  ) -> String {
    choices.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// nil where it does not say steps.
  private var dilationSteps: [Int]? {
    guard let dilations else { return [] }
    let steps = dilations.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard steps.count <= 16, !steps.contains(nil) else { return nil }
    let found = steps.compactMap { $0 }
    return found.allSatisfy(ForecastConfiguration.dilationSteps.contains) ? found : nil
  }

  func validate() throws {
    for (name, value, range) in [
      ("--members", members, ForecastConfiguration.memberNumbers),
      ("--input-seasons", inputSeasons ?? 1, ForecastConfiguration.inputSeasonNumbers),
    ] where !range.contains(value) {
      throw ValidationError(
        "\(name) is at least 1 and at most \(range.upperBound), found \(value)")
    }
    guard dilationSteps != nil else {
      throw ValidationError(
        "--dilations are numbers of steps from 1 to "
          + "\(ForecastConfiguration.dilationSteps.upperBound) with commas, found "
          + "\"\(dilations ?? "")\"")
    }
    guard dropout >= 0, dropout < 1 else {
      throw ValidationError("--dropout is at least 0 and below 1, found \(dropout)")
    }
    guard learningRate > 0, learningRate <= 1 else {
      throw ValidationError("--learning-rate is above 0 and at most 1, found \(learningRate)")
    }
    if head == .negativeBinomial, transform != .automatic, transform != .none {
      throw ValidationError(
        "--head negative-binomial is for counts as they are, without --transform "
          + transform.rawValue)
    }
    if let min, !min.isFinite {
      throw ValidationError("--min is a number, found \(min)")
    }
  }

  /// Makes sure that the head has what it speaks of.
  func check(_ table: SeriesTable) throws(TableError) {
    if transform.needsPositiveValues {
      try table.requirePositive(for: "--transform \(transform.rawValue)")
    }
    if head == .negativeBinomial { try table.requireCounts(for: "--head negative-binomial") }
  }

  /// Where there are values below --min, which nothing forecast will be.
  func minimumNote(on table: SeriesTable) -> String? {
    guard let min else { return nil }
    let values = table.series.lazy.flatMap(\.values).filter { $0.isFinite }
    let below = values.count { $0 < min }
    guard below > 0 else { return nil }
    let text = min == min.rounded() && abs(min) < 1e15 ? fixed(min, 0) : "\(min)"
    return "--min \(text) is above \(below) of \(values.count) values"
  }

  func apply(to configuration: inout ForecastConfiguration) {
    configuration.head = head
    configuration.decoder = decoder
    configuration.dilations = dilationSteps ?? []
    configuration.members = members
    configuration.inputSeasons = inputSeasons
    configuration.dropout = dropout
    configuration.learningRate = learningRate
    configuration.transform = transform
    configuration.minimum = min
  }
}

extension ForecastHead: ExpressibleByArgument {}
extension ForecastConfiguration.Decoder: ExpressibleByArgument {}
extension ForecastConfiguration.Transform: ExpressibleByArgument {}
