/// A model that may be averaged with others, and how it did.
struct BaseCandidate {
  var model: SmoothedBase.Model
  var form: ValueForm
  /// Row-major [origins, horizon], transformed as in the form.
  var forecasts: [Double]
  /// Mean absolute error times the penalty, in the unit of the values.
  var error: Double
  /// How much larger than on the values fitted to errors are likely to be on others.
  var penalty: Double

  /// Whether another is a variant of the same method.
  func isVariant(of other: BaseCandidate) -> Bool { model.kind == other.model.kind }

  /// Whether this is smoothing with a season or without; nil where it is something else.
  fileprivate var isSeasonalSmoothing: Bool? {
    if case .smoothing(let smoothing) = model { smoothing.season > 1 } else { nil }
  }
}

extension BaseFitting {
  /// What is left where nothing else can be said.
  var lastValue: BaseCandidate {
    let model = SmoothedBase.Model.drift(SeasonalDrift(season: 1))
    return BaseCandidate(
      model: model, form: ValueForm(transform: .none),
      forecasts: model.forecasts(of: values, filled: values, origins: origins, horizon: horizon),
      error: 0, penalty: 1)
  }

  /// All that can be judged, fitted to the values in a form.
  func candidates(in form: ValueForm) -> [BaseCandidate] {
    let history = FormedHistory(
      values, as: form, season: season, startValue: startValue(in: form))
    var candidates = models(of: history).compactMap { model, parameters in
      judged(model, parameters: parameters, on: history)
    }
    dropUnseasonal(&candidates)
    return candidates
  }

  /// The models that suit a form, with the number of parameters each of them took from the values.
  private func models(of history: FormedHistory) -> [(SmoothedBase.Model, Int)] {
    let values = history.values
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
    func addRegression() {
      if let model = Autoregression.best(
        fitting: values, season: season, secondSeason: secondSeason)
      {
        models.append((.regression(model), model.lags.count + 1))
      }
    }
    if history.form.isDifferenced {
      // Smoothing of the values is of their differences already.
      addRegression()
      guard transform == .difference, values.count >= 4 else { return models }
      if season > 1 { addSmoothing(season, .none, parameters: 2) }
      addSmoothing(1, .none, parameters: 1)
      return models
    }
    let isPlain = history.form.transform == .none
    if values.count >= 4 {
      for (trend, parameters) in [
        (ExponentialSmoothing.Trend.none, 1), (.damped, 3), (.linear, 2),
      ] {
        if season > 1 { addSmoothing(season, trend, parameters: parameters + 1) }
        if season > 1, isPlain, isPositive, candidates == .combination {
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
    addRegression()
    guard candidates == .combination, isPlain, values.count >= 4 else { return models }
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
  private func judged(
    _ model: SmoothedBase.Model, parameters: Int, on history: FormedHistory
  ) -> BaseCandidate? {
    let transform = history.form.transform
    var forecasts = history.forecasts(
      of: model, origins: origins + [values.count], horizon: horizon)
    guard isPlausible(Array(forecasts.suffix(horizon)), in: transform) else { return nil }
    forecasts.removeLast(horizon)

    var sum = 0.0
    var count = 0.0
    forEachTarget(values) { place, _, target in
      guard !forecasts[place].isNaN else { return }
      sum += (transform.inverse(forecasts[place]) - target).magnitude
      count += 1
    }
    let penalty =
      (Double(observedCount + parameters) / Double(max(observedCount - parameters, 1)))
      .squareRoot()
    let error = sum / count * penalty
    guard error.isFinite else { return nil }
    return BaseCandidate(
      model: model, form: history.form, forecasts: forecasts, error: error, penalty: penalty)
  }

  /// Whether forecasts from the end are as far from the values as they may be: in their transform five
  /// times the range; of the values themselves the range, and what a line through them would add.
  private func isPlausible(_ future: [Double], in transform: ValueTransform) -> Bool {
    func stays(_ future: [Double], near values: [Double], ranges: Double) -> Bool {
      let observed = values.lazy.filter { !$0.isNaN }
      guard let least = observed.min(), let most = observed.max() else { return false }
      // A little further, for rounding.
      let margin = ranges * (most - least) + 1e-9 * max(least.magnitude, most.magnitude)
      return future.allSatisfy { $0.isFinite && $0 >= least - margin && $0 <= most + margin }
    }
    guard stays(future, near: transform.working(values), ranges: 5) else { return false }
    return candidates == .smoothing
      || stays(
        future.map(transform.inverse), near: values,
        ranges: 1 + Double(horizon) / Double(max(values.count - 1, 1)))
  }

  /// Unseasonal smoothing of seasonal values counts only where it does better.
  private func dropUnseasonal(_ candidates: inout [BaseCandidate]) {
    func least(isSeasonal: Bool) -> Double? {
      candidates.lazy.filter { $0.isSeasonalSmoothing == isSeasonal }.map(\.error).min()
    }
    guard let seasonal = least(isSeasonal: true), let unseasonal = least(isSeasonal: false),
      seasonal <= unseasonal
    else { return }
    candidates.removeAll { $0.isSeasonalSmoothing == false }
  }
}
