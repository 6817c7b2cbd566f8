import RecurrentCells
import RecurrentCore
import RecurrentFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A forecaster for one or many series: a statistical base for each of them, and on top of it an
/// average of recurrent networks, one for all series, that say what the base will miss and how far
/// off it may be.
///
/// How much the networks count is decided on the last part of the series, which the network that
/// decides has not seen; where it does not do better than the base, it does not count. The widths of
/// the bands are calibrated there too.
public struct Forecaster: Sendable {
  public let configuration: ForecastConfiguration
  /// Seasons that a network reads.
  let seasons: Int
  package let networks: [ForecastNetwork]
  /// How many networks it averages; none where no series it was fitted to ever changed.
  public var networkCount: Int { networks.count }
  /// How much of what the networks say is added to the base's forecast, 0 to 1.
  let blend: Double
  /// How the networks' bands are moved so that they hold as much as they say.
  let calibration: ConformalCalibration
  /// How it did on what was held out while it was fitted, beside the baselines; nil where no series
  /// was long enough, and of a model that was kept.
  public let validation: ForecastComparison?
  let context: ComputeContext

  /// What is expected of one series.
  public struct Expectation: Sendable, Hashable {
    /// One for each step of the horizon.
    public var values: [Double]
    public var intervals: [PredictionInterval]
  }

  // MARK: Fitting

  /// Fits a forecaster to some series.
  ///
  /// - Parameters:
  ///   - series: Each with the covariates that the configuration counts.
  ///   - start: A forecaster of the same shape whose networks go on learning, of fewer than there are
  ///     members each several times, in turn; nil to begin anew.
  ///   - journal: Keeps the networks, and the checkpoint.
  ///   - label: Names this fit in the journal.
  /// - Throws: ``ForecastStartError`` where the networks of `start` have other sizes; what the journal
  ///   throws.
  public init(
    fitting series: [ForecastSeries], _ configuration: ForecastConfiguration,
    from start: Forecaster? = nil, journal: inout ForecastJournal, label: String,
    on context: ComputeContext = .default
  ) throws {
    self.configuration = configuration
    self.context = context
    let moving = series.filter { !isConstant($0.values) }
    let usualCount = moving.map(\.values.count).median
    seasons = configuration.seasonsRead(ofUsualCount: usualCount)
    let key = RandomKey(seed: UInt64(bitPattern: Int64(configuration.seed))).folded("forecast")
    func untrained(_ member: Int, _ key: RandomKey) throws -> ForecastNetwork {
      let blank = try ForecastNetwork(configuration, key: key.folded("start"), on: context)
      guard let start, !start.networks.isEmpty else { return blank }
      guard start.configuration.cell == configuration.cell,
        let warm = blank.warm(from: start.networks[member % start.networks.count])
      else { throw ForecastStartError(start.configuration, wanted: configuration) }
      return warm
    }

    let held = ForecastHoldout.held(configuration, usualCount: usualCount)
    let least = ForecastHoldout.least(configuration, held: held)
    let finalBases = Self.bases(moving.map(\.values), configuration, on: context)
    let isLong = moving.map { $0.values.count >= least }
    var blend = 0.25
    var calibration = ConformalCalibration(
      levels: configuration.levels, horizon: configuration.horizon,
      factor: Validation.unjudgedFactor)
    var validation: ForecastComparison?
    if isLong.contains(true) {
      let holdout = ForecastHoldout(
        zip(moving, isLong).filter(\.1).map(\.0), held: held, configuration, on: context)
      let (known, unknown) = holdout.windows(seasons: seasons, features: configuration.features)
      let network = try journal.train(
        "\(label) validation", try untrained(0, key), on: known,
        steps: Self.steps(configuration, windows: known.count), configuration,
        key: key.folded("validation"))
      let longBases = zip(finalBases, isLong).filter(\.1).map(\.0)
      let rescaling = zip(holdout.bases, longBases).flatMap { tried, final in
        [[Double]](repeating: Self.rescaling(tried, final), count: holdout.judgedPerSeries)
      }
      let judged = Validation(
        network, unknown,
        blocks: max(1, Int((Double(held) / Double(configuration.horizon)).rounded())),
        perSeries: holdout.judgedPerSeries, held: held, rescaling: rescaling, context)
      blend = judged.blend
      calibration = judged.calibration(configuration.levels)
      validation = ForecastComparison(
        holdout, unknown, corrections: judged.corrections, method: configuration.method, on: context
      )
    }
    self.blend = blend
    self.calibration = calibration
    self.validation = validation

    var windows = ForecastWindows(
      season: configuration.season, seasons: seasons, horizon: configuration.horizon,
      features: configuration.features)
    for (series, base) in zip(moving, finalBases) {
      let count = series.values.count
      windows.append(
        series, base: base,
        origins: series.unhinted(
          Self.origins(
            count, season: configuration.season, of: moving.count,
            windowSize: seasons * windows.stepSize)),
        scalesBefore: count)
    }
    var networks: [ForecastNetwork] = []
    if windows.count > 0 {
      let steps = Self.steps(configuration, windows: windows.count)
      for member in 0..<configuration.members {
        let memberKey = key.folded("member").folded(member)
        networks.append(
          try journal.train(
            "\(label) member \(member + 1)", try untrained(member, memberKey), on: windows,
            steps: steps, configuration, key: memberKey))
      }
    }
    self.networks = networks
  }

  /// A forecaster put together from its parts.
  init(
    _ configuration: ForecastConfiguration, seasons: Int, networks: [ForecastNetwork],
    blend: Double, calibration: ConformalCalibration, on context: ComputeContext
  ) {
    validation = nil
    self.configuration = configuration
    self.seasons = seasons
    self.networks = networks
    self.blend = blend
    self.calibration = calibration
    self.context = context
  }

  /// The bases of many series, on all threads.
  static func bases(
    _ series: [[Double]], _ configuration: ForecastConfiguration, on context: ComputeContext
  ) -> [SmoothedBase] {
    context.map(series.count) { base(series[$0], configuration) }
  }

  static func base(
    _ values: [Double], _ configuration: ForecastConfiguration
  ) -> SmoothedBase {
    SmoothedBase(
      fitting: values, season: configuration.season, secondSeason: configuration.secondSeason,
      horizon: configuration.horizon, candidates: configuration.base,
      transform: configuration.workingTransform)
  }

  /// The origins a network is trained on: from the first that has a little behind it, at most some
  /// twenty thousand for all series together.
  static func origins(_ count: Int, season: Int, of series: Int, windowSize: Int) -> [Int] {
    let first = min(max(season > 1 ? 2 * season : 4, 3), max(count - 1, 0))
    return (first..<max(count, first)).thinned(
      to: max(20, windowCount(ofSize: windowSize) / max(series, 1)))
  }

  /// Windows of so many numbers that are held at once: some twenty thousand, but no more than make
  /// 200 MB.
  static func windowCount(ofSize size: Int) -> Int { min(20_000, 50_000_000 / max(size, 1)) }

  /// Steps of 64 windows: ten passes, but neither too few to learn nor too many to wait for.
  static func steps(_ configuration: ForecastConfiguration, windows: Int) -> Int {
    if let epochs = configuration.epochs { return max(1, (epochs * windows + 63) / 64) }
    return min(max(windows * 10 / 64, 200), 1000)
  }

  /// How much smaller or larger the errors of the final base are, step by step.
  private static func rescaling(_ tried: SmoothedBase, _ final: SmoothedBase) -> [Double] {
    guard tried.transform == final.transform else {
      return tried.errorScale.map { _ in 1 }
    }
    return zip(tried.errorScale, final.errorScale).map { min(max($0 / $1, 0.3), 1.5) }
  }
}
