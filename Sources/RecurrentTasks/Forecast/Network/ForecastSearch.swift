import RecurrentCore

/// A small search over settings of the network, by what was held out of the series and nothing else.
///
/// Each setting in turn is moved to other sensible values while the others stay as they are best so
/// far: some ten networks, each as long in training as the one that a fit validates with.
public struct ForecastSearch: Sendable {
  /// One network that was tried.
  public struct Trial: Sendable, Hashable {
    /// What differs from the best before it, as `units 64`.
    public var change: String
    /// The mean absolute error on what was held out, in units of the base's errors there.
    public var error: Double
  }

  public private(set) var trials: [Trial] = []
  /// The configuration with the least error.
  public private(set) var best: ForecastConfiguration

  /// What came of it, for the user.
  public var summary: String {
    guard let first = trials.first, let least = trials.map(\.error).min() else {
      return "no series is long enough to tune on: the settings are as they were"
    }
    let settings =
      "\(best.hiddenSize) units, \(best.numLayers) \(best.numLayers == 1 ? "layer" : "layers"), "
      + "dropout \(significant(best.dropout, 2)), learning rate \(significant(best.learningRate, 2))"
      + (best.inputSeasons.map { ", \($0) seasons read" } ?? "")
    return "tuned by \(trials.count) networks: \(settings) (error \(significant(least, 3)), "
      + "\(significant(first.error, 3)) before)"
  }

  /// Networks that a search trains at most.
  public static let mostTrials = 12

  /// - Parameters:
  ///   - series: As a forecaster is fitted to. Without one that is long enough to give up a part, the
  ///     configuration stays what it is.
  ///   - journal: Keeps the networks, and the checkpoint.
  public init(
    _ configuration: ForecastConfiguration, on series: [ForecastSeries],
    journal: inout ForecastJournal, on context: ComputeContext = .default
  ) throws {
    best = configuration
    let moving = series.filter { !isConstant($0.values) }
    let usualCount = moving.map(\.values.count).median
    let held = ForecastHoldout.held(configuration, usualCount: usualCount)
    let least = ForecastHoldout.least(configuration, held: held)
    let long = moving.filter { $0.values.count >= least }
    guard !long.isEmpty else { return }
    let holdout = ForecastHoldout(long, held: held, configuration, on: context)
    let key = RandomKey(seed: UInt64(bitPattern: Int64(configuration.seed))).folded("search")

    func error(_ tried: ForecastConfiguration, _ change: String) throws -> Double {
      let seasons = tried.seasonsRead(ofUsualCount: usualCount)
      let (known, unknown) = holdout.windows(seasons: seasons, features: tried.features)
      let start = try ForecastNetwork(tried, key: key.folded("start"), on: context)
      let network = try journal.train(
        "tuning \(change)", start, on: known,
        steps: Forecaster.steps(tried, windows: known.count), tried, key: key)
      let judged = Validation(
        network, unknown,
        blocks: max(1, Int((Double(held) / Double(tried.horizon)).rounded())),
        perSeries: holdout.judgedPerSeries, held: held, rescaling: [], context)
      trials.append(Trial(change: change, error: judged.error))
      return judged.error
    }

    var leastError = try error(configuration, "as it is")
    for setting in Self.settings {
      let now = best
      for (name, change) in setting(now, now.seasonsRead(ofUsualCount: usualCount)) {
        var tried = now
        change(&tried)
        // What the machine has no memory for is no sensible value.
        guard tried != now, try tried.hasMemory(usualCount: usualCount) else { continue }
        let found = try error(tried, name)
        if found < leastError {
          leastError = found
          best = tried
        }
      }
    }
  }

  private typealias Change = (name: String, apply: (inout ForecastConfiguration) -> Void)

  /// For each setting its other values, given the configuration and the seasons it reads.
  private static let settings: [@Sendable (ForecastConfiguration, Int) -> [Change]] = [
    { now, _ in
      [now.hiddenSize / 2, now.hiddenSize * 2, now.hiddenSize * 4]
        .filter(ForecastConfiguration.hiddenSizes.contains)
        .map { size in ("units \(size)", { $0.hiddenSize = size }) }
    },
    { now, seasons in
      [seasons / 2, seasons * 2].filter { $0 >= 1 && $0 <= 64 }
        .map { (number: Int) in ("seasons \(number)", { $0.inputSeasons = number }) }
    },
    { now, _ in
      [1, 2].filter { $0 != now.numLayers }
        .map { number in ("layers \(number)", { $0.numLayers = number }) }
    },
    { now, _ in
      [now.learningRate / 3, now.learningRate * 3]
        .map { rate in ("learning rate \(significant(rate, 2))", { $0.learningRate = rate }) }
    },
    { now, _ in
      [0, 0.3].filter { $0 != now.dropout }
        .map { part in ("dropout \(significant(part, 2))", { $0.dropout = part }) }
    },
  ]
}
