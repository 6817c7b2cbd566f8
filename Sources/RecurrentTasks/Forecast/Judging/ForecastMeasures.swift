/// How good a forecast is, by every measure of ``Metrics``, or the mean of that over several; nil
/// where a measure has no meaning.
public struct ForecastMeasures: Sendable, Hashable {
  /// In units of the seasonal naive error; see ``Metrics/mase(actual:forecast:training:season:)``.
  public var mase: Double?
  /// In percent, 0 to 200.
  public var smape: Double?
  /// In the unit of the values.
  public var mae: Double?
  public var mse: Double?
  public var rmse: Double?
  /// In units of the seasonal naive error.
  public var rmsse: Double?
  /// Beside Naive2; only of means over windows, where Naive2 is there.
  public var owa: Double?
  /// Over the quantiles that there are, in the unit of the values.
  public var pinball: Double?
  public var crps: Double?
  /// The part of the values within each band, 0 to 1, by its percent.
  public var coverage: [Double: Double] = [:]
  /// The scaled score of each band, by its percent.
  public var msis: [Double: Double] = [:]

  /// Twice the pinball loss over the mean size of the values, both summed over all windows first.
  public var wql: Double? { size > 0 ? quantileLoss / size : nil }
  /// Sums over the observed steps: of the continuous ranked probability scores, of |y|.
  private var quantileLoss = 0.0
  private var size = 0.0

  /// The measures that are one number, in the order of tables.
  public enum Measure: String, Sendable, CaseIterable {
    case mase, smape, mae, mse, rmse, rmsse, owa, pinball, crps, wql
  }

  public subscript(measure: Measure) -> Double? {
    switch measure {
    case .mase: mase
    case .smape: smape
    case .mae: mae
    case .mse: mse
    case .rmse: rmse
    case .rmsse: rmsse
    case .owa: owa
    case .pinball: pinball
    case .crps: crps
    case .wql: wql
    }
  }

  /// The measures of one forecast.
  public init(
    actual: [Double], forecast: [Double], intervals: [PredictionInterval] = [], scale: SeriesScale
  ) {
    mae = Metrics.mae(actual: actual, forecast: forecast)
    mse = Metrics.mse(actual: actual, forecast: forecast)
    rmse = mse?.squareRoot()
    smape = Metrics.smape(actual: actual, forecast: forecast)
    mase = Metrics.mase(actual: actual, forecast: forecast, scale: scale)
    rmsse = Metrics.rmsse(actual: actual, forecast: forecast, scale: scale)
    pinball = Metrics.pinball(actual: actual, forecast: forecast, intervals: intervals)
    crps = Metrics.crps(actual: actual, forecast: forecast, intervals: intervals)
    for interval in intervals {
      coverage[interval.level] = Metrics.coverage(
        actual: actual, lower: interval.lower, upper: interval.upper)
      msis[interval.level] = Metrics.msis(actual: actual, interval: interval, scale: scale)
    }
    var observed = 0.0
    for value in actual where !value.isNaN {
      observed += 1
      size += abs(value)
    }
    quantileLoss = (crps ?? 0) * observed
  }

  /// The measures over values of several series, each with what its errors are measured in.
  init(
    actual: [Double], forecast: [Double], intervals: [PredictionInterval], scales: [SeriesScale]
  ) {
    self.init(
      actual: actual, forecast: forecast, intervals: intervals,
      scale: SeriesScale(absolute: nil, squared: nil))
    /// A value without a scale counts as missing.
    func scaled(_ values: [Double], _ path: KeyPath<SeriesScale, Double?>) -> [Double] {
      zip(values, scales).map { value, scale in
        scale[keyPath: path].flatMap { $0 > 0 ? value / $0 : nil } ?? .nan
      }
    }
    let values = scaled(actual, \.absolute)
    mase = Metrics.mae(actual: values, forecast: scaled(forecast, \.absolute))
    rmsse = Metrics.rmse(
      actual: scaled(actual, \.root), forecast: scaled(forecast, \.root))
    for interval in intervals {
      let band = PredictionInterval(
        level: interval.level, lower: scaled(interval.lower, \.absolute),
        upper: scaled(interval.upper, \.absolute))
      msis[interval.level] = Metrics.msis(
        actual: values, interval: band, scale: SeriesScale(absolute: 1, squared: 1))
    }
  }

  /// The means of some measures, each over those that have it.
  public init(meanOf parts: some Collection<ForecastMeasures>) {
    func mean(_ path: KeyPath<ForecastMeasures, Double?>) -> Double? {
      var (sum, count) = (0.0, 0.0)
      for part in parts {
        guard let value = part[keyPath: path] else { continue }
        sum += value
        count += 1
      }
      return count > 0 ? sum / count : nil
    }
    mase = mean(\.mase)
    smape = mean(\.smape)
    mae = mean(\.mae)
    mse = mean(\.mse)
    rmse = mean(\.rmse)
    rmsse = mean(\.rmsse)
    pinball = mean(\.pinball)
    crps = mean(\.crps)
    for level in Set(parts.flatMap(\.coverage.keys)) {
      coverage[level] = mean(\.coverage[level])
      msis[level] = mean(\.msis[level])
    }
    for part in parts {
      quantileLoss += part.quantileLoss
      size += part.size
    }
  }

  /// The percent of all bands, ascending.
  var levels: [Double] { coverage.keys.sorted() }
}
