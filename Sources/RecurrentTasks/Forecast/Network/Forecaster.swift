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
  /// For each level what the network's width is multiplied with.
  let widening: [Double]
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
  ///   - series: For each of them its values; NaN where one is missing.
  ///   - journal: Keeps the networks, and the checkpoint.
  ///   - label: Names this fit in the journal.
  public init(
    fitting series: [[Double]], _ configuration: ForecastConfiguration,
    journal: inout ForecastJournal, label: String, on context: ComputeContext = .default
  ) throws {
    self.configuration = configuration
    self.context = context
    let moving = series.filter { !isConstant($0) }
    let season = configuration.season
    let horizon = configuration.horizon
    let lengths = moving.map(\.count).sorted()
    let median =
      lengths.isEmpty
      ? 0 : (lengths[(lengths.count - 1) / 2] + lengths[lengths.count / 2]) / 2
    seasons =
      season > 1
      ? min(max(median / (2 * season), 2), 16) : min(max(median / 4, 2), 24)
    let key = RandomKey(seed: UInt64(bitPattern: Int64(configuration.seed))).folded("forecast")
    let untrained = try ForecastNetwork(
      configuration, features: 2 * season, key: key.folded("start"), on: context)

    let held = min(max(median / 5, horizon), 10 * horizon)
    let least = max(season > 1 ? 3 * season : 0, 8) + held + horizon / 2
    let long = moving.filter { $0.count >= least }
    let finalBases = moving.map { Self.base($0, configuration) }
    var blend = 0.25
    var widening = [Double](repeating: 1.3, count: configuration.levels.count)
    if !long.isEmpty {
      let bases = long.map { Self.base(Array($0.dropLast(held)), configuration) }
      var known = ForecastWindows(season: season, seasons: seasons, horizon: horizon)
      var unknown = known
      let judgedPerSeries = min(held, max(20, 20_000 / long.count))
      for (values, base) in zip(long, bases) {
        let cut = values.count - held
        known.append(
          Array(values[..<cut]), base: base,
          origins: Self.origins(cut, season: season, of: long.count))
        unknown.append(
          values, base: base, origins: (cut..<values.count).thinned(to: judgedPerSeries))
      }
      let network = try journal.train(
        "\(label) validation", untrained, on: known,
        steps: Self.steps(configuration, windows: known.count), levels: configuration.levels,
        key: key.folded("validation"))
      let longBases = zip(moving, finalBases).filter { $0.0.count >= least }.map(\.1)
      let rescaling = zip(bases, longBases).flatMap { tried, final in
        [[Double]](repeating: Self.rescaling(tried, final), count: judgedPerSeries)
      }
      let judged = Validation(
        network, unknown, blocks: max(1, Int((Double(held) / Double(horizon)).rounded())),
        perSeries: judgedPerSeries, held: held, rescaling: rescaling, context)
      blend = judged.blend
      widening = judged.widening(configuration.levels)
    }
    self.blend = blend
    self.widening = widening

    var windows = ForecastWindows(season: season, seasons: seasons, horizon: horizon)
    for (values, base) in zip(moving, finalBases) {
      windows.append(
        values, base: base,
        origins: Self.origins(values.count, season: season, of: moving.count))
    }
    var networks: [ForecastNetwork] = []
    if windows.count > 0 {
      let steps = Self.steps(configuration, windows: windows.count)
      for member in 0..<configuration.members {
        let memberKey = key.folded("member").folded(member)
        let start = try ForecastNetwork(
          configuration, features: 2 * season, key: memberKey.folded("start"), on: context)
        networks.append(
          try journal.train(
            "\(label) member \(member + 1)", start, on: windows, steps: steps,
            levels: configuration.levels, key: memberKey))
      }
    }
    self.networks = networks
  }

  /// A forecaster put together from its parts.
  init(
    _ configuration: ForecastConfiguration, seasons: Int, networks: [ForecastNetwork],
    blend: Double, widening: [Double], on context: ComputeContext
  ) {
    self.configuration = configuration
    self.seasons = seasons
    self.networks = networks
    self.blend = blend
    self.widening = widening
    self.context = context
  }

  static func base(
    _ values: [Double], _ configuration: ForecastConfiguration
  ) -> SmoothedBase {
    SmoothedBase(
      fitting: values, season: configuration.season, secondSeason: configuration.secondSeason,
      horizon: configuration.horizon)
  }

  /// The origins a network is trained on: from the first that has a little behind it, at most some
  /// twenty thousand for all series together.
  private static func origins(_ count: Int, season: Int, of series: Int) -> [Int] {
    let first = min(max(season > 1 ? 2 * season : 4, 3), max(count - 1, 0))
    return (first..<max(count, first)).thinned(to: max(20, 20_000 / max(series, 1)))
  }

  /// Steps of 64 windows: ten passes, but neither too few to learn nor too many to wait for.
  private static func steps(_ configuration: ForecastConfiguration, windows: Int) -> Int {
    if let epochs = configuration.epochs { return max(1, (epochs * windows + 63) / 64) }
    return min(max(windows * 10 / 64, 200), 1000)
  }

  /// How much smaller or larger the errors of the final base are, step by step.
  private static func rescaling(_ tried: SmoothedBase, _ final: SmoothedBase) -> [Double] {
    guard tried.isLogarithmic == final.isLogarithmic else {
      return tried.errorScale.map { _ in 1 }
    }
    return zip(tried.errorScale, final.errorScale).map { min(max($0 / $1, 0.3), 1.5) }
  }

  // MARK: Forecasting

  /// What comes after the given values, for each series.
  ///
  /// - Parameter series: Those it was fitted to, or their continuations, or others: the base is
  ///   fitted anew to each, the networks are as they are.
  public func forecast(_ series: [[Double]]) -> [Expectation] {
    forecasts(series, origins: series.map { [$0.count] }).map { $0[0] }
  }

  /// What comes after each of some origins of each series, all of them in one pass.
  ///
  /// The base of a series is fitted to the values before its first origin; from there on it and the
  /// networks are as they are, and see at each origin the values before it.
  ///
  /// - Parameter origins: For each series ascending, each 0 … its count; o is the forecast of values
  ///   o, o + 1, … from those before o.
  /// - Returns: For each series an expectation for each of its origins.
  public func forecasts(_ series: [[Double]], origins: [[Int]]) -> [[Expectation]] {
    precondition(
      series.count == origins.count, "\(series.count) series and origins of \(origins.count)")
    var windows = ForecastWindows(
      season: configuration.season, seasons: seasons, horizon: configuration.horizon)
    var bases: [SmoothedBase?] = []
    for (values, origins) in zip(series, origins) {
      let known = Array(values[..<(origins.first ?? values.count)])
      if isConstant(known) {
        bases.append(nil)
        continue
      }
      let base = Self.base(known, configuration)
      windows.append(values, base: base, origins: origins)
      bases.append(base)
    }
    let outputs = averaged(windows)
    var next = 0
    return series.indices.map { index in
      guard let base = bases[index] else {
        return origins[index].map { constant(lastValue(series[index][..<$0]) ?? 0) }
      }
      return origins[index].map { _ in
        defer { next += 1 }
        return expectation(base, windows.bases[next], outputs, at: next)
      }
    }
  }

  private func lastValue(_ values: ArraySlice<Double>) -> Double? { values.last { !$0.isNaN } }

  private struct Outputs {
    var centre: [Double]
    var below: [Double]
    var above: [Double]
  }

  /// The mean of what the networks say, row by row.
  private func averaged(_ windows: ForecastWindows) -> Outputs? {
    guard windows.count > 0, !networks.isEmpty else { return nil }
    let outputs = networks.map { windows.answers(of: $0, on: context) }
    func mean(_ part: (ForecastWindows.Answers) -> [Float]) -> [Double] {
      var sum = [Double](repeating: 0, count: part(outputs[0]).count)
      for output in outputs {
        for (index, value) in part(output).enumerated() { sum[index] += Double(value) }
      }
      return sum.map { $0 / Double(outputs.count) }
    }
    return Outputs(centre: mean(\.centre), below: mean(\.below), above: mean(\.above))
  }

  private func expectation(
    _ base: SmoothedBase, _ forecast: [Double], _ outputs: Outputs?, at row: Int
  ) -> Expectation {
    let (horizon, levels) = (configuration.horizon, configuration.levels.count)
    var values: [Double] = []
    var lower = [[Double]](repeating: [], count: levels)
    var upper = lower
    for step in 0..<horizon {
      let place = row * horizon + step
      let scale = base.errorScale[step]
      let centre = forecast[step] + scale * blend * (outputs?.centre[place] ?? 0)
      values.append(base.value(ofWorking: centre))
      for level in 0..<levels {
        let width = place * levels + level
        lower[level].append(
          base.value(
            ofWorking: centre - scale * widening[level] * (outputs?.below[width] ?? 0)))
        upper[level].append(
          base.value(
            ofWorking: centre + scale * widening[level] * (outputs?.above[width] ?? 0)))
      }
    }
    return Expectation(
      values: values,
      intervals: configuration.levels.indices.map {
        PredictionInterval(
          level: configuration.levels[$0], lower: lower[$0], upper: upper[$0])
      })
  }

  private func constant(_ value: Double) -> Expectation {
    let values = [Double](repeating: value, count: configuration.horizon)
    return Expectation(
      values: values,
      intervals: configuration.levels.map {
        PredictionInterval(level: $0, lower: values, upper: values)
      })
  }
}
