import RecurrentFormats

/// What a forecaster is made of and how it is trained. Every default is chosen by the data's shape
/// or the same for all data.
public struct ForecastConfiguration: Sendable, Hashable {
  /// What the data's times are apart, in words: a model is for data of one frequency.
  public var frequency: String
  /// Steps to forecast.
  public var horizon: Int
  /// Steps after which a pattern repeats, 1 for none.
  public var season: Int
  /// Percent of what happens that each band should hold, ascending.
  public var levels: [Double]
  /// The cell of the network: a name and options, as `Cell.named(_:)` reads them.
  public var cell: String
  public var hiddenSize: Int
  public var numLayers: Int
  /// Passes over the windows; nil: about ten, within 200 to 1000 steps.
  public var epochs: Int?
  /// Networks whose forecasts are averaged.
  public var members: Int
  /// What every random number is drawn from.
  public var seed: Int

  public init(
    frequency: String, horizon: Int, season: Int, levels: [Double] = [80, 90],
    cell: String = "lstm",
    hiddenSize: Int = 32, numLayers: Int = 1, epochs: Int? = nil, members: Int = 3, seed: Int = 1
  ) {
    precondition(horizon >= 1 && season >= 1, "A horizon and a season are at least 1 step")
    self.frequency = frequency
    self.horizon = horizon
    self.season = season
    self.levels = levels.sorted()
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.numLayers = numLayers
    self.epochs = epochs
    self.members = members
    self.seed = seed
  }

  /// The levels of the quantiles that the network gives: the median, then for each band its lower
  /// bound, then for each its upper one.
  var quantiles: [Double] {
    [0.5] + levels.map { 0.5 - $0 / 200 } + levels.map { 0.5 + $0 / 200 }
  }

  /// The season after the season: the week of hours, half-hours, quarters of an hour, ten minutes.
  var secondSeason: Int? { [24: 168, 48: 336, 96: 672, 144: 1008][season] }

  // What can be asked for, on the command line and in a model file.
  public static let horizons = 1...10_000
  public static let seasons = 1...10_000
  public static let hiddenSizes = 1...4096
  public static let layerNumbers = 1...16

  /// The name of the model in tables: that of its cell.
  public var method: String { String(cell.prefix { $0 != ":" }) }

  /// Observed values that a series needs before anything can be said about it.
  public static let minimumHistory = 2
}

extension ForecastConfiguration {
  public var json: JSONObject {
    [
      "frequency": .string(frequency), "horizon": .integer(horizon), "season": .integer(season),
      "levels": .array(levels.map(JSONValue.number)), "cell": .string(cell),
      "hidden": .integer(hiddenSize), "layers": .integer(numLayers),
      "epochs": epochs.map(JSONValue.integer) ?? .null, "members": .integer(members),
      "seed": .integer(seed),
    ]
  }

  /// Nil where a member is missing or out of range.
  public init?(json: JSONObject) {
    guard let frequency = json["frequency"]?.string,
      let horizon = json["horizon"]?.integer, Self.horizons.contains(horizon),
      let season = json["season"]?.integer, Self.seasons.contains(season),
      let levels = json["levels"]?.array?.compactMap(\.number), levels.count <= 32,
      levels.allSatisfy({ $0 > 0 && $0 < 100 }),
      let cell = json["cell"]?.string,
      let hidden = json["hidden"]?.integer, Self.hiddenSizes.contains(hidden),
      let layers = json["layers"]?.integer, Self.layerNumbers.contains(layers),
      let members = json["members"]?.integer, (1...64).contains(members),
      let seed = json["seed"]?.integer, let epochs = json["epochs"]
    else { return nil }
    self.init(
      frequency: frequency, horizon: horizon, season: season, levels: levels, cell: cell,
      hiddenSize: hidden,
      numLayers: layers, epochs: epochs.integer, members: members, seed: seed)
  }
}
