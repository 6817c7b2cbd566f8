import RecurrentCells

extension ForecastReport {
  // MARK: Overall

  /// The methods, best first, with every measure that a reader can take in.
  var leaderboard: String {
    let rows = study.leaderboard.rows
    guard !rows.isEmpty else { return "" }
    let levels = study.leaderboard.levels
    let worst = rows.compactMap { $0.measures[measure] }.filter(\.isFinite).max() ?? 0
    let measures = [.mase, .smape, .mae, .rmse, .owa, .crps].filter {
      (measure: ForecastMeasures.Measure) in rows.contains { $0.measures[measure] != nil }
    }
    // Of the scores of bands one says enough: that of the widest.
    let widest = levels.suffix(1)
    let names =
      ["method", ""] + measures.map(Self.name)
      + levels.map { "in \(PredictionInterval.label($0)) %" }
      + widest.map { "MSIS \(PredictionInterval.label($0)) %" }
    let head = names.map { "<th>\($0)</th>" }.joined()
    let body = rows.map { row in
      let part = worst > 0 ? max(0, min(1, (row.measures[measure] ?? 0) / worst)) : 0
      let bar =
        "<td class=\"bar\"><i class=\"\(style(of: row.method))\" "
        + "style=\"width:\(fixed(100 * part, 1))%\"></i></td>"
      let cells =
        measures.map { measure in
          row.measures[measure].map { significant($0, 4) } ?? "–"
        } + levels.map { row.coverage[$0].map { fixed(100 * $0, 0) + " %" } ?? "–" }
        + widest.map { row.msis[$0].map { significant($0, 3) } ?? "–" }
      let name = "<th scope=\"row\">\(SVGDrawing.escaped(row.method))</th>"
      return "<tr class=\"\(row.kind.rawValue)\">\(name)\(bar)"
        + cells.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
    }
    return section(
      "Leaderboard",
      "Means over windows and series; smaller is better, but a band should hold as much as it says.",
      "<div class=\"table\"><table>\n<thead><tr>\(head)</tr></thead>\n<tbody>\n\(body.joined())"
        + "</tbody>\n</table></div>\n")
  }

  private static func name(_ measure: ForecastMeasures.Measure) -> String {
    measure == .smape ? "sMAPE %" : measure.rawValue.uppercased()
  }

  // MARK: By step, series and window

  var errors: String {
    guard let record = study.backtest else { return "" }
    var figures: [String] = []
    if record.horizon > 1 { figures.append(errorsByStep(record)) }
    let boards = record.leaderboards
    if boards.count > 2 { figures.append(errorsBySeries(boards)) }
    if boards.count == 1, record.windows.count > 2 { figures.append(errorsByWindow(record)) }
    let grid = figures.isEmpty ? "" : "<div class=\"grid\">\n\(figures.joined())</div>\n"
    return section("Errors", "", grid + (boards.count > 2 ? hardest(boards) : ""))
  }

  /// Methods that are not far behind the first: beside one that is, the others look the same.
  private func comparable(_ record: BacktestRecord) -> (
    shown: [BacktestRecord.Method], left: [String]
  ) {
    let best = study.leaderboard.rows.first?.measures[measure] ?? 0
    let near = study.leaderboard.rows.filter { row in
      row.kind == .model || (row.measures[measure] ?? .infinity) <= 3 * best
    }.map(\.method)
    return (
      record.methods.filter { near.contains($0.name) },
      record.methods.map(\.name).filter { !near.contains($0) }
    )
  }

  private func errorsByStep(_ record: BacktestRecord) -> String {
    let (shown, left) = comparable(record)
    let lines = shown.reversed().map { method in
      LineChart.Line(
        classes: style(of: method.name) + (method.kind == .model ? " model" : ""),
        name: method.name,
        points: record.measures(of: method).enumerated().map {
          (Double($0.offset + 1), $0.element[measure] ?? .nan)
        }, hasDots: record.horizon <= 14)
    }
    let chart = LineChart(
      lines: lines, xLabel: "step of the horizon", yLabel: measureName,
      xRange: 1...Double(record.horizon))
    let note = left.isEmpty ? "" : "; out of sight: \(left.joined(separator: ", "))"
    return figure(
      "\(measureName) by step\(note)",
      legend(shown.map { ("l " + style(of: $0.name), $0.name) }) + chart.svg)
  }

  /// The windows of one series, by the last time they knew of.
  private func errorsByWindow(_ record: BacktestRecord) -> String {
    let lines = pair.reversed().map { method in
      LineChart.Line(
        classes: style(of: method.name) + (method.kind == .model ? " model" : ""),
        name: method.name,
        points: record.scores.filter { $0.method == method.name }.map {
          (Double($0.window.cutoff), $0.measures[measure] ?? .nan)
        }, hasDots: record.windows.count <= 40)
    }
    let series = study.table.series[record.windows[0].series]
    let cutoffs = record.windows.map(\.cutoff)
    let names = Set([cutoffs[0], cutoffs[cutoffs.count / 2], cutoffs[cutoffs.count - 1]]).sorted()
    var chart = LineChart(lines: lines, xLabel: "cutoff", yLabel: measureName)
    chart.xNames = names.map { (Double($0), series.time(at: $0 - 1).description) }
    return figure(
      "\(measureName) by window",
      legend(pair.map { ("l " + style(of: $0.name), $0.name) }) + chart.svg)
  }

  /// A dot for each series: below the line the model does better.
  private func errorsBySeries(_ boards: [(series: Int, leaderboard: Leaderboard)]) -> String {
    guard pair.count == 2 else { return "" }
    let dots = boards.compactMap { series, board -> (String, Double, Double)? in
      guard let own = board[pair[0].name]?.measures[measure],
        let other = board[pair[1].name]?.measures[measure], own.isFinite, other.isFinite
      else { return nil }
      return (study.table.series[series].id ?? "", other, own)
    }
    let better = dots.count { $0.2 < $0.1 }
    return figure(
      "\(measureName) by series: \(pair[0].name) does better on \(better) of \(dots.count)",
      SeriesScatter(
        dots: dots.prefix(2000).map { ($0.0, $0.1, $0.2) }, xLabel: "\(pair[1].name)",
        yLabel: "\(pair[0].name)"
      ).svg)
  }

  private func hardest(_ boards: [(series: Int, leaderboard: Leaderboard)]) -> String {
    guard let model = pair.first else { return "" }
    let rows = boards.compactMap { series, board -> (Int, Double, Leaderboard.Row)? in
      guard let own = board[model.name]?.measures[measure], own.isFinite,
        let best = board.rows.first(where: { $0.kind == .baseline })
      else { return nil }
      return (series, own, best)
    }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(10)
    let body = rows.map { series, own, best in
      "<tr><th scope=\"row\">\(SVGDrawing.escaped(study.table.series[series].id ?? ""))</th>"
        + "<td>\(study.table.series[series].observedCount)</td><td>\(significant(own, 3))</td>"
        + "<td>\(SVGDrawing.escaped(best.method))</td>"
        + "<td>\(significant(best.measures[measure] ?? .nan, 3))</td></tr>\n"
    }
    return "<h3>The hardest series</h3>\n<div class=\"table\"><table class=\"narrow\">\n<thead><tr>"
      + "<th>series</th><th>values</th><th>\(measureName) of \(SVGDrawing.escaped(model.name))</th>"
      + "<th>best baseline</th><th>its \(measureName)</th></tr></thead>\n<tbody>\n"
      + body.joined() + "</tbody>\n</table></div>\n"
  }
}
