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

  /// Whether forecasts from the end stay near the values: in their transform within five ranges; of the
  /// values themselves within one range and what a line through them would add.
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
