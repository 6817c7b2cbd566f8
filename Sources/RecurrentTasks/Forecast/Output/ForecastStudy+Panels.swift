extension ForecastStudy {
  /// What there is to draw of some series: the history, what the method said of the backtest's
  /// windows, and what it says of what comes next.
  ///
  /// - Parameter positions: In the table.
  package func panels(of positions: some Sequence<Int>) -> [ForecastPlot.Panel] {
    let futures = Dictionary(
      forecasts.map { ($0.id ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    let judged = backtest?.methods.first { $0.name == method }
    return positions.map { position in
      let series = table.series[position]
      return ForecastPlot.Panel(
        series: series,
        backtests: judged.flatMap { backtest?.sideBySide($0, series: position) } ?? [],
        forecast: futures[series.id ?? ""])
    }
  }
}
