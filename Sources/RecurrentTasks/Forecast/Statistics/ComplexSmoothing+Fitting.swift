#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ComplexSmoothing {
  /// The form with the least corrected criterion of Akaike, each with the weights of the least squared
  /// errors of one step.
  ///
  /// The weights are looked for within the usual bounds, 0.01 ≤ α₀ ≤ 1.8, 0.01 ≤ α₁ ≤ 1.9 and
  /// 0.01 ≤ β ≤ 1.5, and where old errors are forgotten; with form partial also β₀ ≤ 2 − α₀, so that
  /// level and season together take in no more than the error where α₁ is 1. A weak belief in the middle
  /// keeps few values from deciding for a bound: the log-odds of each weight within its bounds are
  /// normal with variance 1 about those of 1.3 + i. The states before the first value are cast
  /// back from the values behind it.
  ///
  /// Of a long series the last 500 values are used, or the last four seasons; what came before has been
  /// forgotten. A season needs two of them, and one of more than 200 steps is smoothed phase by phase
  /// only (form simple). Fewer than five values and a constant are continued from the last one.
  ///
  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none.
  /// - Returns: nil if all values are missing.
  package init?(fitting values: [Double], season: Int) {
    let fits = Self.fits(to: values, season: season)
    guard let best = fits.min(by: { $0.aicc < $1.aicc }) else { return nil }
    self = best
  }

  /// How many of so many values, at their beginning, it is not fitted to.
  static func skipped(of count: Int, season: Int) -> Int {
    let limit = max((500 + season - 1) / season, 4) * season
    return max(count - limit, 0) / season * season
  }

  /// The forms that the values allow, fitted.
  package static func fits(to values: [Double], season: Int) -> [ComplexSmoothing] {
    precondition(season >= 1, "a season of \(season)")
    // A season of which there are not two is none.
    let cycle = season <= values.count / 2 ? season : 1
    let skipped = skipped(of: values.count, season: cycle)
    let sample = values[skipped...].map { $0.isFinite ? $0 : .nan }
    let observed = sample.filter { !$0.isNaN }
    guard let least = observed.min(), let most = observed.max() else {
      return skipped > 0 ? fits(to: Array(values[..<skipped]), season: season) : []
    }
    let scale = max(abs(least), abs(most))
    let plain = ComplexSmoothing(continuing: observed[0], scale: scale, skipped: skipped)
    guard most / 2 - least / 2 > 1e-13 * scale else { return [plain] }
    let scaled = sample.map { $0 / scale }
    let found = Form.allCases.compactMap { form -> ComplexSmoothing? in
      let search = ComplexSmoothingSearch(form, scaled, season: form == .none ? 1 : cycle)
      return search?.fit(scale: scale, skipped: skipped)
    }
    return found.isEmpty ? [plain] : found
  }

  /// The model with known weights, whose states are cast back from the values; nil for values too few.
  package init?(
    _ form: Form, weights: SIMD4<Double>, values: [Double], season: Int
  ) {
    let search = ComplexSmoothingSearch(form, values, season: form == .none ? 1 : season)
    guard let search else { return nil }
    self = search.model(of: weights, scale: 1, skipped: 0)
  }

  /// Repeats the last value: with 2 + i the level is just that.
  private init(continuing first: Double, scale: Double, skipped: Int) {
    let divisor = scale > 0 ? scale : 1
    let pair = ComplexSmoothingPair(level: first / divisor, potential: first / divisor / 2)
    self.init(
      form: .none, weights: [2, 1, 0, 0], logLikelihood: -.infinity, aicc: .infinity,
      start: ComplexSmoothingState(levels: [pair], seasonal: []), scale: divisor, skipped: skipped)
  }
}

/// The way to one form's best weights.
struct ComplexSmoothingSearch {
  let form: ComplexSmoothing.Form
  let season: Int
  /// About 1.
  let values: [Double]
  let observedCount: Int
  /// Where the way through the values, there and back, begins.
  let guess: ComplexSmoothingState<Double>

  /// nil for a series too short for the form.
  init?(_ form: ComplexSmoothing.Form, _ values: [Double], season: Int) {
    self.form = form
    self.season = season
    self.values = values
    observedCount = values.count { !$0.isNaN }
    guard
      observedCount > form.weightCount + 2,
      let guess = ComplexSmoothingState(guessFor: form, values, season: season)
    else { return nil }
    self.guess = guess
  }

  func fit(scale: Double, skipped: Int) -> ComplexSmoothing? {
    var function = ComplexSmoothingFunction(self)
    let found = QuasiNewton(tolerance: 1e-4).minimize(&function, from: function.middle)
    guard found.value.isFinite else { return nil }
    return model(of: function.weights(at: found.point), scale: scale, skipped: skipped)
  }

  func model(of weights: SIMD4<Double>, scale: Double, skipped: Int) -> ComplexSmoothing {
    let rule = ComplexSmoothingRule<Double>(form, weights)
    let start = rule.backCast(values, from: guess)
    let n = Double(observedCount)
    let k = Double(form.weightCount + 1)
    let squares = max(rule.squares(values, from: start), ComplexSmoothingFunction.leastSquares)
    let logLikelihood = -n / 2 * (log(2 * Double.pi * squares / n) + 1) - n * log(scale)
    return ComplexSmoothing(
      form: form, weights: weights, logLikelihood: logLikelihood,
      aicc: -2 * logLikelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1),
      start: start, scale: scale, skipped: skipped)
  }
}

extension ComplexSmoothingState<Double> {
  /// The levels that come first, and a classical decomposition's season; nil for less than two seasons, and
  /// for phases that no value tells of.
  fileprivate init?(guessFor form: ComplexSmoothing.Form, _ values: [Double], season: Int) {
    func pair(_ level: Double) -> ComplexSmoothingPair<Double> {
      ComplexSmoothingPair(level: level, potential: level / 1.1)
    }
    func mean(ofFirst count: Int) -> Double {
      var observed = values.prefix(count).filter { !$0.isNaN }
      if observed.isEmpty { observed = values.filter { !$0.isNaN } }
      return observed.reduce(0, +) / Double(observed.count)
    }
    guard form == .none || (season > 1 && values.count >= 2 * season) else { return nil }
    switch form {
    case .none:
      self.init(levels: [pair(mean(ofFirst: 10))], seasonal: [])
    case .simple:
      var levels: [ComplexSmoothingPair<Double>] = []
      for phase in 0..<season {
        let places = stride(from: phase, to: values.count, by: season)
        guard let place = places.first(where: { !values[$0].isNaN }) else { return nil }
        levels.append(pair(values[place]))
      }
      self.init(levels: levels, seasonal: [])
    case .partial, .full:
      guard
        season <= ComplexSmoothing.Form.longestAddedSeason,
        let found = ClassicalDecomposition(values, season: season, kind: .additive)
      else { return nil }
      self.init(
        levels: [pair(mean(ofFirst: season))],
        seasonal: found.seasonal.map {
          form == .full ? pair($0) : ComplexSmoothingPair(level: $0, potential: 0)
        })
    }
  }
}
