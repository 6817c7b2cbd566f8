extension Leaderboard {
  /// A model beside a baseline, window by window.
  public struct Comparison: Sendable, Hashable {
    public var model: String
    public var baseline: String
    /// What they are compared by: MASE, or MAE where no series has a MASE.
    public var measure: ForecastMeasures.Measure
    /// The means over windows and series.
    public var own: Double
    public var other: Double
    /// Of the mean difference, over windows and series; nil for a single window.
    public var standardError: Double?

    /// Who does better.
    public enum Outcome: Sendable, Hashable {
      case model, baseline
      /// The difference is within two of its standard errors, none to speak of, or of a single window.
      case tie
    }

    public var outcome: Outcome {
      if own.isNaN { return .baseline }
      if other.isNaN { return .model }
      guard let standardError, !isNegligible, (own - other).magnitude > 2 * standardError else {
        return .tie
      }
      return own < other ? .model : .baseline
    }

    /// Whether the difference is one of rounding: of MASE a millionth of a usual step of the series.
    var isNegligible: Bool {
      own == other || measure == .mase && (own - other).magnitude < 1e-6
    }
  }
}

extension Leaderboard.Comparison {
  /// Compares two methods in the windows that both have a measure of.
  ///
  /// Windows of one series that begin within a horizon count as one: they are not independent.
  init?(
    _ model: [BacktestScore], with baseline: [BacktestScore], by measure: ForecastMeasures.Measure,
    horizon: Int
  ) {
    /// Windows of one series that overlap.
    struct Block: Hashable {
      var series: Int
      var number: Int
    }
    guard let first = model.first, let second = baseline.first,
      let own = ForecastMeasures(meanOf: model.map(\.measures))[measure],
      let other = ForecastMeasures(meanOf: baseline.map(\.measures))[measure]
    else { return nil }
    var differences = BlockMeans<Block>()
    for (score, rival) in zip(model, baseline) {
      guard let own = score.measures[measure], let other = rival.measures[measure] else { continue }
      differences.add(
        own - other,
        to: Block(series: score.window.series, number: score.window.cutoff / max(horizon, 1)))
    }
    self.init(
      model: first.method, baseline: second.method, measure: measure, own: own, other: other,
      standardError: differences.standardError)
  }
}
