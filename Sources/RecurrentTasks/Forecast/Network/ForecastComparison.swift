import RecurrentCore

/// How a model did on the part of the series that was held out while it was fitted, beside methods
/// that need no training: what can be said before any test.
public struct ForecastComparison: Sendable, Hashable {
  public struct Row: Sendable, Hashable {
    public var method: String
    public var kind: BacktestScore.Kind
    /// The mean absolute error over that of repeating the season before in the values before the
    /// part, averaged over windows and series.
    public var mase: Double
  }

  /// Best first.
  public let rows: [Row]
  /// Windows judged.
  public let windowCount: Int
  /// The simplest baseline that is not clearly worse than the best one.
  public let rival: Row?
  /// The mean of the model's MASE less the rival's over stretches of a horizon of each series, in
  /// units of its standard error; nil where there are fewer than three.
  public let margin: Double?

  /// - Parameters:
  ///   - windows: Those of the part, in the order of its series and origins.
  ///   - corrections: What is added to the base's forecasts, [windows, horizon], in units of the
  ///     base's errors.
  init?(
    _ holdout: ForecastHoldout, _ windows: ForecastWindows, corrections: [Double], method: String,
    on context: ComputeContext
  ) {
    let horizon = holdout.horizon
    var scores: [[Double]] = []
    var names = [method]
    let baselines = Baseline.allCases.filter { !$0.isFitted }
    names += baselines.map(\.name)
    // Some two thousand origins say enough.
    let perSeries = max(4, 2000 / holdout.series.count)
    let judged = context.map(holdout.series.count) { index in
      let series = holdout.series[index]
      let known = series.values(before: series.values.count - holdout.held)
      let origins = holdout.judgedOrigins(of: series)
      let sampled = origins.indices.thinned(to: perSeries).map { origins[$0] }
      return baselines.map {
        let fitted = FittedBaseline($0, to: known, season: holdout.season)
        return series.atOrigins(sampled) {
          fitted.forecasts(of: $0, origins: $1, horizon: horizon)
        }
      }
    }
    var blocks: [Int] = []
    for (index, series) in holdout.series.enumerated() {
      let observed = series.observed
      let cut = observed.count - holdout.held
      let origins = holdout.judgedOrigins(of: series)
      let sampled = origins.indices.thinned(to: perSeries)
      let forecasts = judged[index]
      for (sample, place) in sampled.enumerated() {
        let origin = origins[place]
        let actual = Array(observed[origin..<min(origin + horizon, observed.count)])
        let row = index * holdout.judgedPerSeries + place
        let base = holdout.bases[index]
        let own = actual.indices.map { step in
          base.value(
            ofWorking: windows.frame.location[row * horizon + step]
              + base.errorScale[step] * corrections[row * horizon + step])
        }
        func mase(_ forecast: [Double]) -> Double? {
          Metrics.mase(
            actual: actual, forecast: forecast, training: Array(observed[..<cut]),
            season: holdout.season)
        }
        guard let score = mase(own), score.isFinite else { continue }
        let others = forecasts.map {
          mase(Array($0[sample * horizon..<sample * horizon + actual.count])) ?? .nan
        }
        scores.append([score] + others)
        blocks.append(index * holdout.held + (origin - cut) / horizon)
      }
    }
    guard !scores.isEmpty else { return nil }
    let means = names.indices.map { place in
      scores.reduce(0) { $0 + $1[place] } / Double(scores.count)
    }
    rows = names.indices.filter { !means[$0].isNaN }.map {
      Row(method: names[$0], kind: $0 == 0 ? .model : .baseline, mase: means[$0])
    }.enumerated().sorted { ($0.element.mase, $0.offset) < ($1.element.mase, $1.offset) }
      .map(\.element)
    windowCount = scores.count
    func margin(of one: Int, over other: Int) -> Double? {
      Self.margin(zip(blocks, scores).map { (block: $0, difference: $1[one] - $1[other]) })
    }
    let others = names.indices.dropFirst().filter { !means[$0].isNaN }
    guard let best = others.min(by: { means[$0] < means[$1] }) else {
      (rival, self.margin) = (nil, nil)
      return
    }
    // From the simplest on.
    let simplest = others.first { $0 == best || margin(of: $0, over: best) ?? .infinity < 2 }!
    rival = Row(method: names[simplest], kind: .baseline, mase: means[simplest])
    self.margin = margin(of: 0, over: simplest)
  }

  /// The mean over its standard error, windows of one block counting as one.
  private static func margin(_ differences: [(block: Int, difference: Double)]) -> Double? {
    var sums: [Int: (sum: Double, count: Double)] = [:]
    for (block, difference) in differences {
      sums[block, default: (0, 0)].sum += difference
      sums[block, default: (0, 0)].count += 1
    }
    let means = sums.keys.sorted().map { sums[$0]!.sum / sums[$0]!.count }
    guard means.count >= 3 else { return nil }
    let count = Double(means.count)
    let mean = means.reduce(0, +) / count
    let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    guard variance > 0 else { return nil }
    return mean / (variance / count).squareRoot()
  }

  private var model: Row? { rows.first { $0.kind == .model } }

  /// Whether the model did not do better than the rival, or not clearly.
  public var isBeaten: Bool {
    guard let model, let rival else { return false }
    return model.mase >= rival.mase || margin.map { $0 > -1 } ?? false
  }

  /// What was seen, for the user, where the model is beaten; nil otherwise.
  public var sentence: String? {
    guard isBeaten, let model, let rival else { return nil }
    let numbers =
      "MASE \(significant(model.mase, 3)) against \(significant(rival.mase, 3)) on "
      + "\(windowCount) \(windowCount == 1 ? "window" : "windows") held out of training"
    return model.mase >= rival.mase
      ? "\(rival.method) wins over \(model.method): \(numbers)"
      : "\(rival.method) wins, being simpler: \(model.method) is not surely better (\(numbers))"
  }
}
