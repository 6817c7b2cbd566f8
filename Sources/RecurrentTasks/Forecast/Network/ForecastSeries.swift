/// A series as a forecaster reads it: its values, and what else is known of it.
public struct ForecastSeries: Sendable, Hashable {
  /// One for each step; NaN where it is missing. Those that are set count as observed.
  public var values: [Double] { didSet { guesses = [] } }
  /// Which of them are guesses in the place of what is missing; empty where none are.
  public internal(set) var guesses: [Bool] = []
  /// What the series is called, for messages.
  public var name: String?
  /// What is known of the future too, [feature][step], as far beyond the last value as it is known.
  public var known: [[Float]]
  /// How many of these, the last ones, have no unit: those of the calendar.
  public var unitless: Int
  /// What is known of the past only, [feature][step].
  public var past: [[Float]]
  /// What never changes, a number for each feature.
  public var statics: [Float]

  public init(
    _ values: [Double], known: [[Float]] = [], unitless: Int = 0, past: [[Float]] = [],
    statics: [Float] = []
  ) {
    self.values = values
    self.known = known
    self.unitless = unitless
    self.past = past
    self.statics = statics
  }

  /// The series before a step, as it is seen from there: what is known of the future stays known.
  public func prefix(_ count: Int) -> ForecastSeries {
    var result = self
    result.values = values(before: min(count, values.count))
    result.guesses = Array(guesses.prefix(count))
    result.past = past.map { Array($0.prefix(count)) }
    return result
  }

  var featureCounts: FeatureCounts {
    FeatureCounts(known: known.count, past: past.count, statics: statics.count)
  }
}

/// How many covariates of each kind a forecaster reads.
public struct FeatureCounts: Sendable, Hashable {
  public var known: Int
  public var past: Int
  public var statics: Int

  public init(known: Int = 0, past: Int = 0, statics: Int = 0) {
    self.known = known
    self.past = past
    self.statics = statics
  }
}

/// A covariate of one series in units in which it is about 1: less its mean and over its deviation
/// before a cut, unless it says only yes and no. 0 where it is missing.
struct ScaledCovariate {
  private let values: [Float]

  /// - Parameters:
  ///   - cut: Steps from which the scale is taken.
  ///   - isScaled: Whether it has a unit; what has none stays as it is.
  init(_ values: [Float], before cut: Int, isScaled: Bool = true) {
    let observed = values.prefix(cut).filter(\.isFinite)
    guard !observed.isEmpty else {
      self.values = []
      return
    }
    guard isScaled, observed.contains(where: { $0 != 0 && $0 != 1 }) else {
      self.values = values.map { $0.isFinite ? min(max($0, -8), 8) : 0 }
      return
    }
    let count = Double(observed.count)
    let mean = observed.reduce(0.0) { $0 + Double($1) } / count
    let variance =
      observed.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    let scale = variance > 0 ? 1 / variance.squareRoot() : 1
    self.values = values.map {
      !$0.isFinite ? 0 : Float(min(max((Double($0) - mean) * scale, -8), 8))
    }
  }

  /// 0 where nothing is known.
  subscript(place: Int) -> Float { values.indices.contains(place) ? values[place] : 0 }
}
