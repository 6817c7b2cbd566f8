import RecurrentCells

extension ForecastPlot {
  /// The drawing as an SVG document.
  public var svg: String {
    let shown = panels.prefix(Self.panelLimit)
    let layout = Layout(panelCount: max(1, shown.count))
    var drawing = SVGDrawing(
      title: title, width: Layout.width, height: layout.height, stylesheet: Self.stylesheet)
    drawing.text(cut(title, 80), x: Layout.margin, y: 36, "title")
    var subtitle = subtitle
    if panels.count > shown.count {
      let note = "the first \(shown.count) of \(panels.count) series"
      subtitle += (subtitle.isEmpty ? "" : " · ") + note
    }
    drawing.text(cut(subtitle, 110), x: Layout.margin, y: 58, "note")
    drawLegend(&drawing)
    for (index, panel) in shown.enumerated() {
      draw(panel, in: layout.frame(index), hasName: panels.count > 1, &drawing)
    }
    return drawing.svg
  }

  /// One series as a drawing for a page that has rules for its classes.
  func inline(_ panel: Panel, width: Double, height: Double) -> String {
    var drawing = SVGDrawing(inline: panel.series.id ?? title, width: width, height: height)
    let labels = Layout.labels
    draw(
      panel,
      in: Frame(
        x: labels.left, y: 10, width: width - labels.left - 10, height: height - labels.below - 10),
      hasName: false, &drawing)
    return drawing.svg
  }

  private func drawLegend(_ drawing: inout SVGDrawing) {
    let levels = panels.flatMap { $0.forecast?.intervals ?? [] }.levels
    var entries = [("history", "actual")]
    if panels.contains(where: { !$0.backtests.isEmpty }) {
      entries.append(("backtest", "backtest"))
    }
    if panels.contains(where: { $0.forecast != nil }) { entries.append(("forecast", method)) }
    if !levels.isEmpty {
      let names = levels.map(PredictionInterval.label).joined(separator: ", ")
      entries.append(("band", "\(names) % interval"))
    }
    // Letters are about seven units wide; the legend ends at the right margin.
    var x = Layout.width - Layout.margin
    for (kind, name) in entries.reversed() {
      x -= 7 * Double(name.count)
      drawing.text(name, x: x, y: 80, "label")
      x -= 30
      drawing.add(
        kind == "band"
          ? "<rect class=\"band\" x=\"\(point(x))\" y=\"70\" width=\"22\" height=\"12\"/>"
          : "<path class=\"\(kind)\" d=\"M\(point(x)) 76h22\"/>")
      x -= 20
    }
  }

  private func draw(
    _ panel: Panel, in frame: Frame, hasName: Bool, _ drawing: inout SVGDrawing
  ) {
    let series = panel.series
    let axes = Axes(panel, in: frame)
    if hasName {
      drawing.text(cut(series.id ?? "", 40), x: frame.x, y: frame.y - 10, "name")
    }
    axes.draw(&drawing)
    let history = (axes.first..<series.values.count).map { ($0, series.values[$0]) }
    let last = history.last.map { [$0] } ?? []
    let steps = panel.forecastSteps
    if let forecast = panel.forecast {
      drawBands(forecast, steps, after: last, axes, &drawing)
    }
    drawing.path(axes.line(history), "history")
    for backtest in panel.backtests {
      let points = panel.points(of: backtest).filter { $0.0 >= axes.first }
      drawing.path(axes.line(points), "backtest")
    }
    if let forecast = panel.forecast {
      drawing.path(axes.line(last + Array(zip(steps, forecast.values))), "forecast")
    }
  }

  /// The bands, and a rule where they begin; both start at the last known value.
  private func drawBands(
    _ forecast: SeriesForecast, _ steps: [Int], after last: [(Int, Double)], _ axes: Axes,
    _ drawing: inout SVGDrawing
  ) {
    let start = last.filter(\.1.isFinite)
    for interval in forecast.intervals.sorted(by: { $0.level > $1.level }) {
      let upper = start + Array(zip(steps, interval.upper))
      let lower = start + Array(zip(steps, interval.lower))
      let outline = (upper + lower.reversed()).filter(\.1.isFinite)
      guard outline.count > 2 else { continue }
      drawing.path(axes.line(outline) + "z", "band")
    }
    if let (step, _) = last.first {
      let frame = axes.frame
      drawing.path(
        "M\(point(axes.x(Double(step)))) \(point(frame.y))v\(point(frame.height))", "origin")
    }
  }

  private static let stylesheet = SVGStylesheet.plot(
    """
    .origin{stroke-dasharray:2 4}
    .history{stroke-width:1.6}
    .backtest{stroke-width:1.8}
    .forecast{stroke-width:2.4}
    .band{fill-opacity:.18;stroke:none}
    """,
    colors: [
      .init(".origin", light: "stroke:#8b949e", dark: "stroke:#6b7580"),
      .init(".history", light: "stroke:#48525c", dark: "stroke:#b7c0c9"),
      .init(".backtest", light: "stroke:#d9591c", dark: "stroke:#ff9a5c"),
      .init(".forecast", light: "stroke:#0a66d8", dark: "stroke:#62a8ff"),
      .init(".band", light: "fill:#0a66d8", dark: "fill:#62a8ff"),
    ])
}

// MARK: - Axes

/// Steps of a series to the right, its values upwards.
private struct Axes {
  let frame: Frame
  /// The first step that is drawn, and the last.
  let first, last: Int
  private let values: ValueAxis
  private let times: TimeAxis

  init(_ panel: ForecastPlot.Panel, in frame: Frame) {
    self.frame = frame
    let series = panel.series
    let first = panel.firstVisibleStep(width: frame.width)
    self.first = first
    last = max(series.values.count - 1, panel.forecastSteps.max() ?? 0, first + 1)
    let backtests = panel.backtests.flatMap(panel.points).filter { $0.0 >= first }.map(\.1)
    let bounds = panel.forecast?.intervals.flatMap { $0.lower + $0.upper } ?? []
    let shown = series.values[first...] + backtests + (panel.forecast?.values ?? []) + bounds
    values = ValueAxis(holding: shown, tickCount: Int(frame.height / 50))
    times = TimeAxis(series, steps: first...last, tickLimit: Int(frame.width / 62))
  }

  func x(_ step: Double) -> Double {
    frame.x + (step - Double(first)) / Double(last - first) * frame.width
  }

  func y(_ value: Double) -> Double {
    frame.y + (1 - values.fraction(of: value)) * frame.height
  }

  func draw(_ drawing: inout SVGDrawing) {
    for tick in values.ticks {
      let y = y(tick.value)
      drawing.path("M\(point(frame.x)) \(point(y))h\(point(frame.width))", "grid")
      drawing.text(tick.label, x: frame.x - 8, y: y + 4, "label end")
    }
    let bottom = frame.y + frame.height
    drawing.path("M\(point(frame.x)) \(point(bottom))h\(point(frame.width))", "axis")
    for tick in times.ticks {
      let x = x(tick.position)
      drawing.path("M\(point(x)) \(point(bottom))v5", "axis")
      drawing.text(tick.label, x: x, y: bottom + 19, "label middle")
      if let context = tick.context {
        drawing.text(context, x: x, y: bottom + 34, "label middle")
      }
    }
  }

  /// A path through points, broken where a value is missing; a point alone becomes a dot.
  func line(_ points: [(Int, Double)]) -> String {
    var path = ""
    var isBroken = true
    for (index, (step, value)) in points.enumerated() {
      guard value.isFinite else {
        isBroken = true
        continue
      }
      path += (isBroken ? "M" : "L") + "\(point(x(Double(step)))) \(point(y(value)))"
      let isAlone = isBroken && (index + 1 == points.count || !points[index + 1].1.isFinite)
      if isAlone { path += "h0" }
      isBroken = false
    }
    return path
  }
}

// MARK: - Layout

/// The area of one series' axes.
private struct Frame {
  var x: Double
  var y: Double
  var width: Double
  var height: Double
}

private struct Layout {
  static let width = 960.0
  static let margin = 28.0
  private static let header = 104.0
  static let labels = (left: 56.0, below: 44.0, above: 26.0)

  let columns: Int
  let rows: Int

  init(panelCount: Int) {
    columns = panelCount == 1 ? 1 : panelCount <= 4 ? 2 : 3
    rows = (panelCount + columns - 1) / columns
  }

  private var panelHeight: Double { columns == 1 ? 340 : columns == 2 ? 200 : 150 }

  var height: Double {
    let above = columns == 1 ? 0 : Self.labels.above
    return Self.header + Double(rows) * (panelHeight + Self.labels.below + above) + 14
  }

  func frame(_ index: Int) -> Frame {
    let above = columns == 1 ? 0 : Self.labels.above
    let cell = (Self.width - 2 * Self.margin + 24) / Double(columns)
    return Frame(
      x: Self.margin + Double(index % columns) * cell + Self.labels.left - 12,
      y: Self.header + above
        + Double(index / columns) * (panelHeight + Self.labels.below + above),
      width: cell - Self.labels.left - 12, height: panelHeight)
  }
}
