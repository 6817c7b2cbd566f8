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
    let baselines = Baseline.allCases.filter { !$0.isFitted }
    // Some two thousand origins say enough.
    let perSeries = max(4, 2000 / holdout.series.count)
    let judged = context.map(holdout.series.count) { index in
      holdout.scores(
        of: baselines, windows, corrections: corrections, series: index, originLimit: perSeries)
    }.flatMap { $0 }
    guard !judged.isEmpty else { return nil }
    windowCount = judged.count
    let names = [method] + baselines.map(\.name)
    let means = names.indices.map { place in
      judged.reduce(0) { $0 + $1.scores[place] } / Double(judged.count)
    }
    let present = names.indices.filter { !means[$0].isNaN }
    rows = present.sorted { (means[$0], $0) < (means[$1], $1) }.map {
      Row(method: names[$0], kind: $0 == 0 ? .model : .baseline, mase: means[$0])
    }
    /// The mean over its standard error.
    func margin(of one: Int, over other: Int) -> Double? {
      var differences = BlockMeans<Int>()
      for window in judged {
        differences.add(window.scores[one] - window.scores[other], to: window.block)
      }
      guard differences.count >= 3, let error = differences.standardError, error > 0 else {
        return nil
      }
      return differences.mean / error
    }
    let others = present.filter { $0 != 0 }
    guard let best = others.min(by: { means[$0] < means[$1] }) else {
      (rival, self.margin) = (nil, nil)
      return
    }
    // From the simplest on.
    let simplest = others.first { $0 == best || margin(of: $0, over: best) ?? .infinity < 2 }!
    rival = Row(method: names[simplest], kind: .baseline, mase: means[simplest])
    self.margin = margin(of: 0, over: simplest)
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
      + "\(quantity(windowCount, "window")) held out of training"
    return model.mase >= rival.mase
      ? "\(rival.method) wins over \(model.method): \(numbers)"
      : "\(rival.method) wins, being simpler: \(model.method) is not surely better (\(numbers))"
  }
}

extension ForecastHoldout {
  /// A window of the part.
  fileprivate struct JudgedWindow: Sendable {
    /// Of windows that begin within the same horizon of a series.
    let block: Int
    /// The MASE of the model, then of the baselines.
    let scores: [Double]
  }

  /// What the model and the baselines did in the windows of a series, some of them if they are many;
  /// windows in which nothing was observed are left out.
  fileprivate func scores(
    of baselines: [Baseline], _ windows: ForecastWindows, corrections: [Double],
    series index: Int, originLimit: Int
  ) -> [JudgedWindow] {
    let (series, base) = (series[index], bases[index])
    let observed = series.observed
    let cut = observed.count - held
    let scale = SeriesScale(of: Array(observed[..<cut]), season: season)
    let known = series.values(before: cut)
    let origins = judgedOrigins(of: series)
    let places = origins.indices.thinned(to: originLimit)
    let forecasts = baselines.map {
      let fitted = FittedBaseline($0, to: known, season: season)
      return series.atOrigins(places.map { origins[$0] }) {
        fitted.forecasts(of: $0, origins: $1, horizon: horizon)
      }.raised(to: minimum)
    }
    return places.enumerated().compactMap { sample, place in
      let origin = origins[place]
      let actual = Array(observed[origin..<min(origin + horizon, observed.count)])
      func mase(_ forecast: [Double]) -> Double? {
        Metrics.mase(actual: actual, forecast: forecast, scale: scale)
      }
      let first = (index * judgedPerSeries + place) * horizon
      let own = actual.indices.map { step in
        base.value(
          ofWorking: windows.frame.location[first + step]
            + base.errorScale[step] * corrections[first + step])
      }
      guard let score = mase(own.raised(to: minimum)), score.isFinite else { return nil }
      let others = forecasts.map {
        mase(Array($0[sample * horizon..<sample * horizon + actual.count])) ?? .nan
      }
      return JudgedWindow(
        block: index * held + (origin - cut) / horizon, scores: [score] + others)
    }
  }
}
