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
  /// How many steps of history are drawn at most.
  private static let historyLimit = 1500

  /// The first step that is drawn: far enough back to see several horizons and all backtests.
  var firstVisibleStep: Int {
    let horizon = forecast?.times.count ?? 0
    let backtested = backtests.map(\.times.count).reduce(0, +)
    let wanted = max(160, 8 * horizon + backtested)
    return max(0, series.values.count - min(wanted, Self.historyLimit))
  }

  /// The step of the series' grid at a time.
  func step(of time: Timestamp) -> Int? { series.frequency.steps(from: series.start, to: time) }
}
