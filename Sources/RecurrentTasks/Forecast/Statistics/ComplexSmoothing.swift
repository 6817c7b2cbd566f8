/// Complex exponential smoothing of one series: beside its level it keeps an information potential,
/// and the two as one complex number are smoothed by a complex parameter α₀ + iα₁. It tells level
/// and trend apart by no rule, so that it follows series with and without a trend, and those between.
///
/// With ε_t = y_t − f_t and
///
///     next((ℓ, p), ε; α₀, α₁) = (ℓ − (1 − α₁) p + (α₀ − α₁) ε,  ℓ + (1 − α₀) p + (α₀ + α₁) ε)
///
/// a pair of level and potential goes on after each value, and m the season's steps:
///
/// | form | forecast f_t | what goes on |
/// |---|---|---|
/// | none | ℓ_{t−1} | the pair of the step before |
/// | simple | ℓ_{t−m} | the pair of a season before |
/// | partial | ℓ_{t−1} + s_{t−m} | the pair of the step before; s_t = s_{t−m} + β₀ ε_t |
/// | full | ℓ_{t−1} + s_{t−m} | the pair of the step before; (s, its potential) of a season before by β₀, β₁ |
///
/// A missing y_t counts as ε_t = 0. Svetunkov (2012) and Svetunkov, Kourentzes & Ord, "Complex
/// exponential smoothing", *Naval Research Logistics* (2022).
package struct ComplexSmoothing: Sendable, Hashable {
  /// Where a season stands.
  package enum Form: String, Sendable, Hashable, CaseIterable {
    case none = "N"
    case simple = "S"
    case partial = "P"
    case full = "F"
  }

  package internal(set) var form: Form
  /// α₀, α₁, and for the season β₀, β₁: 0 where the form has none.
  package internal(set) var weights: SIMD4<Double>
  /// −n/2 · (ln(2π Σ ε²/n) + 1) over the values it was fitted to.
  package internal(set) var logLikelihood: Double
  /// Akaike's criterion −2 · logLikelihood + 2k + 2k(k+1)/(n−k−1) of all ``parameterCount`` parameters;
  /// infinite for a series too short to count.
  package internal(set) var aicc: Double
  /// Before the first value that it was fitted to, in units of `scale`.
  var start: ComplexSmoothingState<Double>
  /// What the values are divided by, so that they are about 1.
  var scale: Double
  /// How many values come before the first it was fitted to, whole seasons.
  var skipped: Int

  /// How many numbers were found from the data: the weights and the variance. The states before the
  /// first value follow from the weights.
  package var parameterCount: Int { form.weightCount + 1 }

  /// As "CES(P)".
  package var name: String { "CES(\(form.rawValue))" }

  /// Forecasts from before each origin, row-major [origins, horizon]: the parameters stay as they
  /// are, the states go through the values before the origin.
  ///
  /// - Parameters:
  ///   - values: Those it was fitted to, perhaps with more behind them; NaN where missing.
  ///   - origins: Ascending, each 0 … values.count.
  package func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    requireAscending(origins, of: values)
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    let rule = ComplexSmoothingRule<Double>(form, weights)
    var state = start
    var time = 0
    for origin in origins {
      // What the model was not fitted to is gone through only for origins that lie there.
      if time < skipped, origin >= skipped {
        state = start
        time = skipped
      }
      while time < origin {
        // What is out of all proportion would overflow.
        let value = values[time] / scale
        _ = rule.advance(&state, at: time, by: abs(value) < 1e150 ? value : .nan)
        time += 1
      }
      // The start is the state where the fit began: what was before that, it says nothing of.
      guard origin >= skipped else {
        result.append(contentsOf: repeatElement(.nan, count: horizon))
        continue
      }
      var future = state
      var last = 0.0
      for step in 0..<horizon {
        let forecast = rule.expected(future, at: origin + step) * scale
        if !forecast.isNaN {
          last = min(max(forecast, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
        }
        result.append(last)
        _ = rule.advance(&future, at: origin + step, by: .nan)
      }
    }
    return result
  }
}

extension ComplexSmoothing.Form {
  /// How many of α₀, α₁, β₀ and β₁ it has.
  var weightCount: Int {
    switch self {
    case .none, .simple: 2
    case .partial: 3
    case .full: 4
    }
  }
}
