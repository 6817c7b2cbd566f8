/// A series to which a ``SmoothedBase`` is fitted: what is tried, and how well each does.
struct BaseFitting {
  /// NaN where missing.
  let values: [Double]
  let season: Int
  let secondSeason: Int?
  let horizon: Int
  /// Where candidates are judged, ascending.
  let origins: [Int]
  let observedCount: Int
  /// Whether logarithms can be taken, and a season be multiplied.
  let isPositive: Bool
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
    isPositive = values.allSatisfy { $0.isNaN || $0 > 0 }
    largestMagnitude = values.lazy.filter { !$0.isNaN }.map(\.magnitude).max() ?? 0
  }

  /// What the values may be turned into for the candidates.
  var forms: [ValueForm] {
    let plain = ValueForm(transform: .none)
    return switch transform {
    case .automatic: isPositive ? [plain, ValueForm(transform: .log)] : [plain]
    case .log where isPositive: [ValueForm(transform: .log)]
    case .boxCox where isPositive: [ValueForm(transform: boxCox)]
    case .difference: [ValueForm(transform: .none, isDifferenced: true)]
    case .none, .log, .boxCox: [plain]
    }
  }

  /// Differences that a regression is tried on beside these.
  var differencedForms: [ValueForm] {
    forms.map { ValueForm(transform: $0.transform, isDifferenced: true) }
  }

  /// Between the logarithm and the values themselves: outside of these a forecast may be the image of
  /// no value.
  private var boxCox: ValueTransform {
    .boxCox(lambda: min(max(guerreroLambda(values, season: season), 0), 1))
  }

  func startValue(in form: ValueForm) -> Double {
    let formed = form(values)
    let mean = formed.observedMean ?? 0
    return mean.isFinite ? mean : formed.first { !$0.isNaN } ?? 0
  }

  /// Calls with the place in [origins, horizon], the step and the value there, for values that are
  /// not missing.
  @inline(__always) func forEachTarget(
    _ values: [Double], _ body: (Int, Int, Double) -> Void
  ) {
    for (row, origin) in origins.enumerated() {
      for step in 0..<min(horizon, values.count - origin) where !values[origin + step].isNaN {
        body(row * horizon + step, step, values[origin + step])
      }
    }
  }
}
