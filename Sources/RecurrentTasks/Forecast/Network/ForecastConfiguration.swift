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

  /// What statistics say of a series, for the networks to correct.
  public var base = StatisticalBase.combination
  /// What the base works on.
  public var transform = Transform.automatic
  /// What a network says of a value: quantiles, or the parameters of a distribution.
  public var head = ForecastHead.quantiles
  /// How the horizon comes out of a network.
  public var decoder = Decoder.direct
  /// Layers above the others: how many steps ago each goes on from.
  public var dilations: [Int] = []
  /// The part of outputs that training leaves out.
  public var dropout = 0.1
  public var learningRate = 3e-3
  /// Seasons, or without a season values, that a network reads; nil: by how long the series are.
  public var inputSeasons: Int?
  /// No forecast and no bound is below this; 0 for counts.
  public var minimum: Double?
  /// What is read beside the values.
  public var covariates = ForecastCovariates()

  public enum StatisticalBase: String, Sendable, CaseIterable {
    /// Smoothing, the last season and a regression: what the first version had.
    case smoothing
    /// These, a regression on differences, Holt and Winters' multiplied seasons, ETS, Theta and complex
    /// smoothing, each method with one vote.
    case combination
  }

  public enum Transform: String, Sendable, CaseIterable {
    /// The values, their logarithms and differences of both, each as far as it forecasts the second half
    /// of a series well.
    case automatic = "auto"
    case none
    /// Logarithms: without ETS, Theta, complex smoothing and multiplied seasons, which are of values.
    case log
    /// Box & Cox's (1964), with Guerrero's λ (1993), kept between 0 and 1, for each series; without
    /// what logarithms are without.
    case boxCox = "box-cox"
    /// What each value adds to the one before: a regression, and smoothing without a trend.
    case difference

    /// Whether values of 0 and less have no place in it.
    public var needsPositiveValues: Bool { self == .log || self == .boxCox }
  }

  public enum Decoder: String, Sendable, CaseIterable {
    /// All steps at once, from the last state.
    case direct
    /// Season by season, by a second recurrent layer that begins with the last state.
    case recurrent
  }

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

  /// The season after the season: the week of hours, half-hours, quarters of an hour, ten minutes.
  var secondSeason: Int? { Self.secondSeason(after: season) }

  static func secondSeason(after season: Int) -> Int? {
    [24: 168, 48: 336, 96: 672, 144: 1008][season]
  }

  var features: FeatureCounts { covariates.counts }

  /// What no forecast and no bound is below: ``minimum``, and 0 of counts without one.
  var lowest: Double? { minimum ?? (head == .negativeBinomial ? 0 : nil) }

  /// Counts are counted: their distribution is not that of logarithms.
  var workingTransform: Transform { head == .negativeBinomial ? .none : transform }

  /// Seasons that a network reads of series of such a length.
  func seasonsRead(ofUsualCount count: Int) -> Int {
    inputSeasons
      ?? (season > 1 ? min(max(count / (2 * season), 2), 16) : min(max(count / 4, 2), 24))
  }

  // What can be asked for, on the command line and in a model file.
  public static let horizons = 1...10_000
  public static let seasons = 1...10_000
  public static let hiddenSizes = 1...4096
  public static let layerNumbers = 1...16
  /// Percent; further out a forecaster knows nothing.
  public static let bandLevels = 0.01...99.99
  public static let memberNumbers = 1...64
  public static let dilationSteps = 1...64
  public static let inputSeasonNumbers = 1...1000

  /// The name of the model in tables: that of its cell.
  public var method: String { String(cell.prefix { $0 != ":" }) }

  /// Observed values that a series needs before anything can be said about it.
  public static let minimumHistory = 2
}
