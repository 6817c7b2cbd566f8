extension BaseFitting {
  /// A model, and how many parameters it took from the values.
  typealias FittedModel = (model: SmoothedBase.Model, parameters: Int)

  /// The models that suit a form of the values.
  func models(of history: FormedHistory) -> [FittedModel] {
    let values = history.values
    guard !history.form.isDifferenced else {
      return regression(of: values) + (transform == .difference ? levels(of: values) : [])
    }
    let isPlain = history.form.transform == .none
    let combines = candidates == .combination && isPlain
    return smoothings(of: values, multipliesSeasons: combines && isPositive)
      + lastSeasons(of: values) + regression(of: values)
      + (combines ? statisticalModels(of: values) : [])
  }

  /// With and without a season, each without a trend, with a damped one and with one that goes on.
  private func smoothings(of values: [Double], multipliesSeasons: Bool) -> [FittedModel] {
    guard values.count >= 4 else { return [] }
    let trends: [(ExponentialSmoothing.Trend, Int)] = [(.none, 1), (.damped, 3), (.linear, 2)]
    return trends.flatMap { trend, parameters -> [FittedModel] in
      var models: [FittedModel] = []
      if season > 1 {
        models.append(smoothing(of: values, season, trend, parameters: parameters + 1))
        if multipliesSeasons {
          models.append(
            smoothing(
              of: values, season, trend, isMultiplicative: true, parameters: parameters + 1))
        }
      }
      return models + [smoothing(of: values, 1, trend, parameters: parameters)]
    }
  }

  /// Smoothing without a trend.
  private func levels(of values: [Double]) -> [FittedModel] {
    guard values.count >= 4 else { return [] }
    let seasonal = season > 1 ? [smoothing(of: values, season, .none, parameters: 2)] : []
    return seasonal + [smoothing(of: values, 1, .none, parameters: 1)]
  }

  private func smoothing(
    of values: [Double], _ season: Int, _ trend: ExponentialSmoothing.Trend,
    isMultiplicative: Bool = false, parameters: Int
  ) -> FittedModel {
    let model = ExponentialSmoothing(
      fitting: values, season: season, isMultiplicative: isMultiplicative, trend: trend,
      horizon: horizon)
    return (.smoothing(model), parameters)
  }

  /// The last season with its drift; the last of the longer ones too, and smoothing of these.
  private func lastSeasons(of values: [Double]) -> [FittedModel] {
    var models: [FittedModel] = [(.drift(SeasonalDrift(season: season)), 1)]
    if let secondSeason {
      models.append((.drift(SeasonalDrift(season: secondSeason)), 1))
      if secondSeason <= values.count / 3 {
        models.append(smoothing(of: values, secondSeason, .none, parameters: 2))
      }
    }
    return models
  }

  /// None where the values suffice for none.
  private func regression(of values: [Double]) -> [FittedModel] {
    Autoregression.best(fitting: values, season: season, secondSeason: secondSeason)
      .map { [(.regression($0), $0.lags.count + 1)] } ?? []
  }

  /// ETS, Theta and complex smoothing. What is fitted to the end of a long series only cannot be judged
  /// beside the others.
  private func statisticalModels(of values: [Double]) -> [FittedModel] {
    guard values.count >= 4 else { return [] }
    let first = origins.first ?? 0
    var models: [FittedModel] = []
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
}
