#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SmoothedBase {
  /// Fits every candidate to the values and to their logarithms, and keeps the form, the candidates
  /// and the weights that forecast the second half of the series well.
  ///
  /// With E_j the mean absolute error of candidate j over origins in the second half and all steps,
  /// in the unit of the values, times √((N + k)/(N − k)) for its k parameters and N values, its weight
  /// is w_j ∝ E_j⁻³: inverse errors as in Bates & Granger (1969), sharper.
  ///
  /// - Parameters:
  ///   - values: NaN where missing. Any number of them will do, also none.
  ///   - season: Steps after which a pattern repeats, 1 for none. It counts where the values hold
  ///     more than two of it.
  ///   - secondSeason: A longer one, as the week of hourly values.
  ///   - horizon: Steps to forecast.
  ///   - candidates: What may be averaged.
  ///   - transform: What the working values are; logarithms only where all values are positive.
  package init(
    fitting values: [Double], season: Int, secondSeason: Int?, horizon: Int,
    candidates: ForecastConfiguration.StatisticalBase = .combination,
    transform: ForecastConfiguration.Transform = .automatic
  ) {
    precondition(season >= 1 && horizon >= 1, "a season of \(season), a horizon of \(horizon)")
    func holdsTwo(_ season: Int) -> Bool { season > 1 && season <= (values.count - 1) / 2 }
    let season = holdsTwo(season) ? season : 1
    let task = FittingTask(
      values: values.map { $0.isFinite ? $0 : .nan }, season: season,
      secondSeason: season > 1 ? secondSeason.flatMap { holdsTwo($0) ? $0 : nil } : nil,
      horizon: horizon, candidates: candidates, transform: transform)
    self = task.best
  }
}

/// A series to be fitted to, and the origins at which candidates are judged.
private struct FittingTask {
  let values: [Double]
  let season: Int
  let secondSeason: Int?
  let horizon: Int
  /// Ascending.
  let origins: [Int]
  let observedCount: Int
  let largestMagnitude: Double
  let candidates: ForecastConfiguration.StatisticalBase
  let transform: ForecastConfiguration.Transform

  init(
    values: [Double], season: Int, secondSeason: Int?, horizon: Int,
    candidates: ForecastConfiguration.StatisticalBase, transform: ForecastConfiguration.Transform
  ) {
    self.candidates = candidates
    self.transform = transform
    self.values = values
    self.season = season
    self.secondSeason = secondSeason
    self.horizon = horizon
    let count = values.count
    let first = min(max(season > 1 ? 2 * season : 3, count / 2), max(count - horizon, 1))
    origins = (first..<max(count, first)).thinned(to: 120)
    observedCount = values.count { !$0.isNaN }
    largestMagnitude = values.lazy.filter { !$0.isNaN }.map(\.magnitude).max() ?? 0
  }

  var best: SmoothedBase {
    let plain = form(isLogarithmic: false)
    guard values.allSatisfy({ $0.isNaN || $0 > 0 }), let logarithmic = form(isLogarithmic: true)
    else { return base(plain ?? lastValue) }
    guard let plain else { return base(logarithmic) }
    let better =
      switch transform {
      case .automatic: logarithmic.score < plain.score ? logarithmic : plain
      case .none: plain
      case .log: logarithmic
      }
    return base(
      candidates == .smoothing || transform != .automatic
        ? better : union(plain, logarithmic, in: better))
  }

  /// All candidates of both forms, in the values of the one that forecasts better.
  private func union(_ first: Form, _ second: Form, in better: Form) -> Form {
    var form = better
    form.candidates = (first.candidates + second.candidates).map { candidate in
      var candidate = candidate
      candidate.forecasts = SmoothedBase.translated(
        candidate.forecasts, fromLogarithms: candidate.isLogarithmic, to: form.isLogarithmic)
      return candidate
    }
    weigh(&form)
    return form
  }

  /// Candidates in one form of the values.
  private struct Form {
    var isLogarithmic: Bool
    /// The working values.
    var values: [Double]
    var startValue: Double
    var candidates: [Candidate] = []
    /// One for each candidate; they add up to 1.
    var weights: [Double] = []
    /// How large the error of the combination will be if the candidates' errors are unrelated; in the
    /// unit of the values.
    var score = 0.0
  }

  private struct Candidate {
    var model: SmoothedBase.Model
    var isLogarithmic: Bool
    /// Row-major [origins, horizon], in working values.
    var forecasts: [Double]
    /// Mean absolute error times the penalty, in the unit of the values.
    var error: Double
    /// How much larger than on the values fitted to errors are likely to be on others.
    var penalty: Double

    /// Whether this is smoothing with a season or without; nil where it is something else.
    var isSeasonalSmoothing: Bool? {
      if case .smoothing(let smoothing) = model { smoothing.season > 1 } else { nil }
    }
  }

  /// What is left where nothing else can be said.
  private var lastValue: Form {
    var form = emptyForm(isLogarithmic: false)
    let model = SmoothedBase.Model.drift(SeasonalDrift(season: 1))
    let forecasts = model.forecasts(
      of: values, filled: values, origins: origins, horizon: horizon)
    form.candidates = [
      Candidate(
        model: model, isLogarithmic: false, forecasts: forecasts, error: 0, penalty: 1)
    ]
    form.weights = [1]
    return form
  }

  private func emptyForm(isLogarithmic: Bool) -> Form {
    let working = SmoothedBase.working(values, isLogarithmic: isLogarithmic)
    let mean = working.observedMean ?? 0
    let first = working.first { !$0.isNaN } ?? 0
    return Form(
      isLogarithmic: isLogarithmic, values: working, startValue: mean.isFinite ? mean : first)
  }

  private func form(isLogarithmic: Bool) -> Form? {
    var form = emptyForm(isLogarithmic: isLogarithmic)
    for (model, parameters) in models(of: form.values, isLogarithmic: isLogarithmic) {
      if let candidate = judged(model, parameters: parameters, form) {
        form.candidates.append(candidate)
      }
    }
    dropUnseasonal(&form.candidates)
    weigh(&form)
    return form.score.isFinite ? form : nil
  }

  /// Gives the candidates of a form their weights and the form its score; infinite without candidates.
  private func weigh(_ form: inout Form) {
    guard let least = form.candidates.map(\.error).min() else {
      form.score = .infinity
      return
    }
    let rounding = 1e-12 * max(largestMagnitude, 1e-300)
    form.weights = form.candidates.map { candidate in
      let ratio = (least + rounding) / (candidate.error + rounding)
      return ratio * ratio * ratio
    }
    let sum = form.weights.reduce(0, +)
    form.weights = form.weights.map { $0 / sum }
    form.score = (least + rounding) / pow(sum, 1.0 / 3)
  }

  /// Whether a season may be multiplied.
  private var multipliesSeasons: Bool {
    candidates == .combination && values.allSatisfy { $0.isNaN || $0 > 0 }
  }

  /// The candidates, with the number of parameters each of them took from the values.
  private func models(
    of values: [Double], isLogarithmic: Bool
  ) -> [(SmoothedBase.Model, Int)] {
    var models: [(SmoothedBase.Model, Int)] = []
    func addSmoothing(
      _ season: Int, _ trend: ExponentialSmoothing.Trend, isMultiplicative: Bool = false,
      parameters: Int
    ) {
      let model = ExponentialSmoothing(
        fitting: values, season: season, isMultiplicative: isMultiplicative, trend: trend,
        horizon: horizon)
      models.append((.smoothing(model), parameters))
    }
    if values.count >= 4 {
      for (trend, parameters) in [
        (ExponentialSmoothing.Trend.none, 1), (.damped, 3), (.linear, 2),
      ] {
        if season > 1 { addSmoothing(season, trend, parameters: parameters + 1) }
        if season > 1, multipliesSeasons, !isLogarithmic {
          addSmoothing(season, trend, isMultiplicative: true, parameters: parameters + 1)
        }
        addSmoothing(1, trend, parameters: parameters)
      }
    }
    models.append((.drift(SeasonalDrift(season: season)), 1))
    if let secondSeason {
      models.append((.drift(SeasonalDrift(season: secondSeason)), 1))
      if secondSeason <= values.count / 3 { addSmoothing(secondSeason, .none, parameters: 2) }
    }
    if let model = Autoregression.best(
      fitting: values, season: season, secondSeason: secondSeason)
    {
      models.append((.regression(model), model.lags.count + 1))
    }
    guard candidates == .combination, !isLogarithmic, values.count >= 4 else { return models }
    // What is fitted to the end of a long series only cannot be judged beside the others.
    let first = origins.first ?? 0
    if ETS.skipped(of: values.count, season: season) <= first,
      let model = ETS(fitting: values, season: season)
    {
      models.append((.ets(model), model.smoothingCount))
    }
    if let model = Theta(fitting: values, season: season) { models.append((.theta(model), 2)) }
    if ComplexSmoothing.skipped(of: values.count, season: season) <= first,
      let model = ComplexSmoothing(fitting: values, season: season)
    {
      models.append((.complex(model), model.parameterCount - 1))
    }
    return models
  }

  /// The model with its error; nil where it leaves what the values suggest or cannot be judged.
  private func judged(_ model: SmoothedBase.Model, parameters: Int, _ form: Form) -> Candidate? {
    var forecasts = model.forecasts(
      of: form.values,
      filled: SmoothedBase.filled(
        form.values, season: season, startValue: form.startValue),
      origins: origins + [values.count], horizon: horizon)
    let observed = form.values.lazy.filter { !$0.isNaN }
    guard let least = observed.min(), let most = observed.max() else { return nil }
    // As far as five times the range and, for rounding, a little further.
    let margin = 5 * (most - least) + 1e-9 * max(least.magnitude, most.magnitude)
    let future = forecasts.suffix(horizon)
    guard future.allSatisfy({ $0.isFinite && $0 >= least - margin && $0 <= most + margin })
    else { return nil }
    forecasts.removeLast(horizon)

    var sum = 0.0
    var count = 0.0
    forEachTarget(values) { place, _, target in
      guard !forecasts[place].isNaN else { return }
      let forecast = SmoothedBase.value(
        ofWorking: forecasts[place], isLogarithmic: form.isLogarithmic)
      sum += (forecast - target).magnitude
      count += 1
    }
    let penalty =
      (Double(observedCount + parameters) / Double(max(observedCount - parameters, 1)))
      .squareRoot()
    let error = sum / count * penalty
    guard error.isFinite else { return nil }
    return Candidate(
      model: model, isLogarithmic: form.isLogarithmic, forecasts: forecasts, error: error,
      penalty: penalty)
  }

  /// Unseasonal smoothing of seasonal values counts only where it does better.
  private func dropUnseasonal(_ candidates: inout [Candidate]) {
    func least(isSeasonal: Bool) -> Double? {
      candidates.lazy.filter { $0.isSeasonalSmoothing == isSeasonal }.map(\.error).min()
    }
    guard let seasonal = least(isSeasonal: true), let unseasonal = least(isSeasonal: false),
      seasonal <= unseasonal
    else { return }
    candidates.removeAll { $0.isSeasonalSmoothing == false }
  }

  private func base(_ form: Form) -> SmoothedBase {
    SmoothedBase(
      season: season, isLogarithmic: form.isLogarithmic, errorScale: errorScale(form),
      startValue: form.startValue,
      otherStartValue: emptyForm(isLogarithmic: !form.isLogarithmic).startValue,
      members: zip(form.candidates, form.weights).map {
        .init(model: $0.model, isLogarithmic: $0.isLogarithmic, weight: $1)
      })
  }

  /// For each step the mean absolute error of the combination, drawn a little to that of all steps,
  /// half-way to the largest of the steps before; not 0.
  private func errorScale(_ form: Form) -> [Double] {
    var mean = WeightedMean(count: origins.count * horizon)
    var penalty = 0.0
    for (candidate, weight) in zip(form.candidates, form.weights) {
      mean.add(candidate.forecasts, weight: weight)
      penalty += weight * candidate.penalty
    }
    let forecasts = mean.values
    var sums = [Double](repeating: 0, count: horizon)
    var counts = sums
    forEachTarget(form.values) { place, step, target in
      guard !forecasts[place].isNaN else { return }
      sums[step] += (forecasts[place] - target).magnitude * penalty
      counts[step] += 1
    }
    let count = counts.reduce(0, +)
    let overall = count > 0 ? sums.reduce(0, +) / count : 0
    let magnitudes = form.values.lazy.filter { !$0.isNaN }.map(\.magnitude)
    let floor = 1e-9 * max(magnitudes.max() ?? 1, 1e-6)
    var largest = 0.0
    return zip(sums, counts).map { sum, count in
      let error = (sum + 4 * overall) / (count + 4)
      largest = max(largest, error)
      return min(max(error / 2 + largest / 2, floor), .greatestFiniteMagnitude / 2)
    }
  }

  /// Calls with the place in [origins, horizon], the step and the value there, for values that are
  /// not missing.
  @inline(__always) private func forEachTarget(
    _ values: [Double], _ body: (Int, Int, Double) -> Void
  ) {
    for (row, origin) in origins.enumerated() {
      for step in 0..<min(horizon, values.count - origin) where !values[origin + step].isNaN {
        body(row * horizon + step, step, values[origin + step])
      }
    }
  }
}
