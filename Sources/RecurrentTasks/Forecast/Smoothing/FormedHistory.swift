/// A series in the form of its values that some models work on, for them to forecast from.
struct FormedHistory {
  let form: ValueForm
  /// The values in this form, NaN where missing.
  let values: [Double]
  /// The same with nothing missing.
  let filled: [Double]
  /// Of differences the last value before each origin that they are from, 0 … count: the sum of what is
  /// known; NaN before the first. Empty where there are no differences.
  private let levels: [Double]

  /// - Parameters:
  ///   - values: Not in the form yet; NaN where missing.
  ///   - startValue: In the form; stands in for what is missing at the start.
  init(_ values: [Double], as form: ValueForm, season: Int, startValue: Double) {
    self.form = form
    self.values = form(values)
    let filled = SmoothedBase.filled(self.values, season: season, startValue: startValue)
    self.filled = filled
    var levels: [Double] = []
    if form.isDifferenced {
      levels.append(.nan)
      for (value, difference) in zip(form.transform.working(values), filled) {
        levels.append(value.isNaN ? levels[levels.count - 1] + difference : value)
      }
    }
    self.levels = levels
  }

  /// Forecasts of the transformed values, row-major [origins, horizon]; NaN where the model has nothing
  /// to go by.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  func forecasts(of model: SmoothedBase.Model, origins: [Int], horizon: Int) -> [Double] {
    var forecasts = model.forecasts(
      of: values, filled: filled, origins: origins, horizon: horizon)
    guard form.isDifferenced else { return forecasts }
    for (row, origin) in origins.enumerated() {
      var level = levels[origin]
      for place in row * horizon..<(row + 1) * horizon {
        level += forecasts[place]
        forecasts[place] = level
      }
    }
    return forecasts
  }
}
