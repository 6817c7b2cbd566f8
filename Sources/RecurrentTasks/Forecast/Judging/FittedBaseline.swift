/// A baseline with whatever it has learnt of a series: run on over later values, it learns no more.
///
/// Whatever the values: where the method has nothing to say the last value stands in, and a constant
/// is continued as it is.
package struct FittedBaseline: Sendable {
  private enum Model {
    case plain(PlainBaseline)
    case naive2(Naive2)
    case theta(Theta)
    case ets(ETS)
  }

  /// nil without a value to fit it to.
  private let model: Model?

  /// - Parameters:
  ///   - history: What its parameters are found from; NaN where missing.
  package init(_ baseline: Baseline, to history: [Double], season: Int) {
    switch baseline {
    case .naive: model = .plain(.naive)
    case .seasonalNaive: model = .plain(.seasonalNaive(season: season))
    case .drift: model = .plain(.drift)
    case .mean: model = .plain(.mean)
    case .naive2: model = .naive2(Naive2(fitting: history, season: season))
    case .theta: model = Theta(fitting: history, season: season).map(Model.theta)
    case .ets: model = ETS(fitting: history, season: season).map(Model.ets)
    }
  }

  /// The first origin of which it knows something: what it was fitted to begins there.
  var firstOrigin: Int {
    if case .ets(let model) = model { model.skipped } else { 0 }
  }

  /// Forecasts from before each origin, row-major [origins, horizon]; NaN before the first value.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  package func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    var result: [Double]
    switch model {
    case .plain(let model):
      return model.forecasts(of: values, origins: origins, horizon: horizon)
    case .naive2(let model):
      result = model.forecasts(of: values, origins: origins, horizon: horizon)
    case .theta(let model):
      result = model.forecasts(of: values, origins: origins, horizon: horizon)
    case .ets(let model):
      result = model.forecasts(of: values, origins: origins, horizon: horizon)
    case nil: result = Array(repeating: .nan, count: origins.count * horizon)
    }
    var place = 0
    var last = Double.nan
    var isConstant = true
    for (row, origin) in origins.enumerated() {
      while place < origin {
        if !values[place].isNaN {
          isConstant = isConstant && (last.isNaN || values[place] == last)
          last = values[place]
        }
        place += 1
      }
      for step in row * horizon..<(row + 1) * horizon where isConstant || !result[step].isFinite {
        result[step] = last
      }
    }
    return result
  }

  /// How far off each value may be as the method itself has it, in standard deviations, row-major
  /// [origins, horizon]; empty for a method that says nothing of it.
  func deviations(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    guard case .ets(let model) = model else { return [] }
    return model.variances(of: values, origins: origins, horizon: horizon).map { $0.squareRoot() }
  }
}
