/// What statistics say of one series: a weighted mean of smoothing, the last season with its drift, a
/// regression, ETS, Theta and complex smoothing, each fitted to it.
///
/// It works on the values or, where that forecasts better, on a transform of them: the *working*
/// values. What it averages may work on other forms of the values; its forecasts are translated.
/// A missing value is NaN. After fitting it can be run over a longer series; what it says at an
/// origin depends on the values before that only.
package struct SmoothedBase: Sendable, Hashable {
  /// Steps of the season it found enough values for; 1 for none.
  package let season: Int
  /// What makes working values of values.
  package let transform: ValueTransform
  /// The usual size of the error of a forecast 1, 2, … steps ahead, in working values; positive.
  package let errorScale: [Double]
  /// Stands in for the values missing at the start of a series: the working values' mean.
  let startValue: Double
  /// What it averages, by the form of the values that is worked on.
  let groups: [Group]

  /// Those of the forecasts that are averaged which work on one form of the values.
  struct Group: Sendable, Hashable {
    var form: ValueForm
    /// Stands in for what is missing at the start: the mean of the values in this form.
    var startValue: Double
    var members: [Member]
  }

  /// One of the forecasts that are averaged.
  struct Member: Sendable, Hashable {
    var model: Model
    /// Its part of the mean; those of all members add up to 1.
    var weight: Double
  }

  enum Model: Sendable, Hashable {
    case smoothing(ExponentialSmoothing)
    case drift(SeasonalDrift)
    case regression(Autoregression)
    case ets(ETS)
    case theta(Theta)
    case complex(ComplexSmoothing)
  }

  package var horizon: Int { errorScale.count }

  /// What is averaged: the kind of each member, and its part of the mean.
  package var composition: [(kind: String, weight: Double)] {
    groups.flatMap { $0.members.map { ($0.model.kind, $0.weight) } }
  }

  /// The mean of the error scale over the steps.
  package var meanErrorScale: Double {
    errorScale.reduce(0) { $0 + $1 / Double(errorScale.count) }
  }

  /// The values as the base sees them: NaN where they are missing, not finite or have no image.
  package func working(_ values: [Double]) -> [Double] { transform.working(values) }

  /// The value of a working value; one beyond those of all values has the least or the largest.
  package func value(ofWorking working: Double) -> Double { transform.inverse(working) }

  /// Working values with each missing one replaced by that of a season before, in the first season by
  /// the one before, at the start by the mean of those the base was fitted to.
  package func filled(_ working: [Double]) -> [Double] {
    Self.filled(working, season: season, startValue: startValue)
  }

  static func filled(_ working: [Double], season: Int, startValue: Double) -> [Double] {
    var result = working
    for place in result.indices where result[place].isNaN {
      result[place] =
        place >= season ? result[place - season] : place > 0 ? result[place - 1] : startValue
    }
    return result
  }

  /// For each origin o the forecasts of the working values o, o + 1, … from those before o; NaN where
  /// none of the models has anything to go by.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  package func forecasts(of values: [Double], origins: [Int]) -> [[Double]] {
    let flat = forecasts(of: values, origins: origins, horizon: horizon)
    return origins.indices.map { Array(flat[$0 * horizon..<($0 + 1) * horizon]) }
  }

  /// For each value its working value less the forecast from the values before it; 0 where it is
  /// missing and in the first season and one.
  package func oneStepResiduals(of values: [Double]) -> [Double] {
    let working = working(values)
    var result = [Double](repeating: 0, count: values.count)
    let first = min(season + 1, values.count)
    let forecasts = forecasts(of: values, origins: Array(first..<values.count), horizon: 1)
    for place in first..<values.count {
      let residual = working[place] - forecasts[place - first]
      if residual.isFinite { result[place] = residual }
    }
    return result
  }

  /// Row-major [origins, horizon].
  private func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    requireAscending(origins, of: values)
    var mean = WeightedMean(count: origins.count * horizon)
    for group in groups {
      let history = FormedHistory(
        values, as: group.form, season: season, startValue: group.startValue)
      for member in group.members {
        let forecasts = history.forecasts(of: member.model, origins: origins, horizon: horizon)
        mean.add(
          forecasts.translated(from: group.form.transform, to: transform), weight: member.weight)
      }
    }
    return mean.values
  }
}

extension SmoothedBase.Model {
  /// The method, of whose variants this is one.
  var kind: String {
    switch self {
    case .smoothing: "smoothing"
    case .drift: "drift"
    case .regression: "regression"
    case .ets: "ets"
    case .theta: "theta"
    case .complex: "complex"
    }
  }

  /// Row-major [origins, horizon].
  ///
  /// - Parameter filled: The values without missing ones.
  func forecasts(
    of values: [Double], filled: [Double], origins: [Int], horizon: Int
  ) -> [Double] {
    switch self {
    case .smoothing(let model): model.forecasts(of: values, origins: origins, horizon: horizon)
    case .drift(let model): model.forecasts(of: values, origins: origins, horizon: horizon)
    case .regression(let model): model.forecasts(of: filled, origins: origins, horizon: horizon)
    case .ets(let model): model.forecasts(of: values, origins: origins, horizon: horizon)
    case .theta(let model): model.forecasts(of: values, origins: origins, horizon: horizon)
    case .complex(let model): model.forecasts(of: values, origins: origins, horizon: horizon)
    }
  }
}

/// Weighted means of what is there: NaN and infinities are left out, place by place.
struct WeightedMean {
  private var sums: [Double]
  private var weights: [Double]

  init(count: Int) {
    sums = Array(repeating: 0, count: count)
    weights = sums
  }

  mutating func add(_ values: [Double], weight: Double) {
    for place in values.indices where values[place].isFinite {
      sums[place] += weight * values[place]
      weights[place] += weight
    }
  }

  /// NaN where there was none. Rounding at the end of what a Double can be stays there.
  var values: [Double] {
    let most = Double.greatestFiniteMagnitude
    return zip(sums, weights).map { $1 > 0 ? min(max($0 / $1, -most), most) : .nan }
  }
}
