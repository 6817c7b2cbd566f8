extension ForecastReport {
  /// Series drawn at most: all of them, or the largest and those that were hardest to forecast.
  private static let seriesLimit = 12

  /// The history of the series, what was forecast of it, and what comes next.
  var forecasts: String {
    let drawn = study.table.series.indices.filter { study.table.series[$0].observedCount > 0 }
    guard !drawn.isEmpty else { return "" }
    let levels = study.forecasts.flatMap(\.intervals).levels
    var entries = [("k history", "actual")]
    if study.backtest != nil { entries.append(("k backtest", "backtest by \(study.method)")) }
    if !study.forecasts.isEmpty { entries.append(("k forecast", study.method)) }
    if !levels.isEmpty {
      let names = levels.map(PredictionInterval.label).joined(separator: ", ")
      entries.append(("k band", "\(names) % bands"))
    }
    let legend = legend(entries)
    let heading = study.forecasts.isEmpty ? "Backtest" : "Forecast"
    if drawn.count <= Self.seriesLimit {
      return section(heading, "", legend + panels(drawn))
    }
    let largest = drawn.sorted {
      (size(of: $1), $0) < (size(of: $0), $1)
    }.prefix(Self.seriesLimit / 2)
    let errors = errorsBySeries
    let hardest = drawn.filter { !largest.contains($0) && errors[$0] != nil }.sorted {
      (errors[$1] ?? 0, $0) < (errors[$0] ?? 0, $1)
    }.prefix(Self.seriesLimit / 2)
    return section(
      heading, "\(largest.count + hardest.count) of \(drawn.count) series.",
      legend + "<h3>The largest</h3>\n" + panels(Array(largest))
        + (hardest.isEmpty ? "" : "<h3>The hardest</h3>\n" + panels(Array(hardest))))
  }

  /// The mean size of the values.
  private func size(of series: Int) -> Double {
    let values = study.table.series[series].values.filter { !$0.isNaN }
    return values.isEmpty ? 0 : values.reduce(0) { $0 + abs($1) } / Double(values.count)
  }

  /// The error by series of what forecasts.
  private var errorsBySeries: [Int: Double] {
    guard let record = study.backtest else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: record.leaderboards.compactMap { series, leaderboard in
        leaderboard[study.method]?.measures[measure].map { (series, $0) }
      })
  }

  private func panels(_ series: [Int]) -> String {
    let isAlone = series.count == 1
    let plot = ForecastPlot(title: study.table.columns.value, method: study.method, panels: [])
    let errors = errorsBySeries
    let figures = zip(series, study.panels(of: series)).map { index, panel in
      let drawing = plot.inline(
        panel, width: isAlone ? 1040 : 510, height: isAlone ? 400 : 250)
      let error = errors[index].map { "\(measureName) \(significant($0, 3))" } ?? ""
      let name = [panel.series.id ?? "", error].filter { !$0.isEmpty }.joined(separator: " · ")
      return figure(name, drawing)
    }
    return "<div class=\"\(isAlone ? "one" : "grid")\">\n\(figures.joined())</div>\n"
  }
}
