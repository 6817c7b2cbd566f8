/// A drawing of series and their forecasts, as SVG: history, backtests, forecast and bands.
///
/// Up to twelve series are drawn, side by side if they are several. The same content gives the same
/// bytes. Colours follow the reader's light or dark theme.
public struct ForecastPlot: Sendable {
  /// What is drawn of one series.
  public struct Panel: Sendable {
    public var series: TimeSeries
    /// Forecasts of times whose values are known.
    public var backtests: [SeriesForecast]
    /// What follows the last value.
    public var forecast: SeriesForecast?

    public init(
      series: TimeSeries, backtests: [SeriesForecast] = [], forecast: SeriesForecast? = nil
    ) {
      self.series = series
      self.backtests = backtests
      self.forecast = forecast
    }
  }

  public var title: String
  /// A line under the title.
  public var subtitle: String
  /// The name of what forecasts, in the legend.
  public var method: String
  public var panels: [Panel]

  public init(title: String, subtitle: String = "", method: String, panels: [Panel]) {
    self.title = title
    self.subtitle = subtitle
    self.method = method
    self.panels = panels
  }

  /// How many series are drawn at most.
  public static let panelLimit = 12
}

extension ForecastPlot.Panel {
  /// The first step that is drawn in so many dots: far enough back to see all backtests and a few
  /// horizons before them, near enough to tell one step from the next.
  func firstVisibleStep(width: Double) -> Int {
    let horizon = forecast?.times.count ?? 0
    let backtested = backtests.map(\.times.count).reduce(0, +)
    let wanted = max(
      backtested + 2 * horizon, min(backtested + 8 * horizon, Int(0.6 * width)), Int(0.19 * width))
    return max(0, series.values.count - wanted)
  }

  /// The steps of the forecast.
  var forecastSteps: [Int] { forecast?.times.compactMap(step) ?? [] }

  /// A forecast's values at their steps.
  func points(of forecast: SeriesForecast) -> [(Int, Double)] {
    zip(forecast.times, forecast.values).compactMap { time, value in
      step(of: time).map { ($0, value) }
    }
  }

  /// The step of the series' grid at a time.
  func step(of time: Timestamp) -> Int? { series.frequency.steps(from: series.start, to: time) }
}
