import RecurrentCells

extension GateStudy {
  /// The gates as heat maps under the series, on one axis of time; units are in the order of how long
  /// they remember. The same study gives the same bytes.
  public var svg: String {
    let title = "What the gates do while the network reads \(series.id ?? valueName)"
    let maps = gates.flatMap { gate in (0..<gate.layers).map { HeatMap(self, gate, layer: $0) } }
    let layout = Layout(maps.map(\.height))
    var drawing = SVGDrawing(
      title: title, width: Layout.width, height: layout.height, stylesheet: Self.stylesheet)
    drawing.text(cut(title, 80), x: Layout.margin, y: 36, "title")
    for (line, note) in notes.enumerated() {
      drawing.text(cut(note, 140), x: Layout.margin, y: 58 + 18 * Double(line), "note")
    }
    drawSeries(&drawing)
    for (index, map) in maps.enumerated() {
      map.draw(at: layout.tops[index], &drawing)
      drawTimes(
        under: layout.tops[index] + map.height, hasLabels: index == maps.count - 1, &drawing)
    }
    return drawing.svg
  }

  private var notes: [String] {
    let network =
      "\(configuration.cell), \(quantity(configuration.hiddenSize, "unit")), "
      + "network \(network + 1) of \(configuration.members). "
    let window = "A column is the last step of a window that ends there, of \(steps)."
    let order = "The units that remember longest are on top; τ = 1 / (1 − mean kept), in steps."
    return [network + window] + (retainedState == nil ? [] : [order])
  }

  // MARK: The series

  /// The middle of a value's column.
  private func x(_ place: Double) -> Double {
    let part = (place + 0.5 - Double(places.lowerBound)) / Double(places.count)
    return Layout.left + part * Layout.mapWidth
  }

  private func drawSeries(_ drawing: inout SVGDrawing) {
    let axis = ValueAxis(holding: series.values[places], tickCount: 3)
    func y(_ value: Double) -> Double {
      Layout.seriesTop + (1 - axis.fraction(of: value)) * Layout.seriesHeight
    }
    let heading = series.id.map { "\(valueName) of \($0)" } ?? valueName
    drawing.text(cut(heading, 60), x: Layout.left, y: Layout.seriesTop - 10, "name")
    for tick in axis.ticks {
      drawing.path(
        "M\(point(Layout.left)) \(point(y(tick.value)))h\(point(Layout.mapWidth))", "grid")
      drawing.text(tick.label, x: Layout.left - 8, y: y(tick.value) + 4, "label end")
    }
    drawTimes(under: Layout.seriesTop + Layout.seriesHeight, hasLabels: false, &drawing)
    var path = ""
    var isBroken = true
    for place in places {
      let value = series.values[place]
      guard value.isFinite else {
        isBroken = true
        continue
      }
      path += (isBroken ? "M" : "L") + "\(point(x(Double(place)))) \(point(y(value)))"
      // A value between two that are missing is a dot.
      if isBroken, place + 1 == places.upperBound || !series.values[place + 1].isFinite {
        path += "h0"
      }
      isBroken = false
    }
    drawing.path(path, "history")
  }

  // MARK: The axis of time

  private func drawTimes(under bottom: Double, hasLabels: Bool, _ drawing: inout SVGDrawing) {
    let shown = places.lowerBound...max(places.lowerBound + 1, places.upperBound - 1)
    let axis = TimeAxis(series, steps: shown, tickLimit: Int(Layout.mapWidth / 62))
    for tick in axis.ticks {
      let position = x(tick.position)
      guard position <= Layout.left + Layout.mapWidth else { continue }
      drawing.path("M\(point(position)) \(point(bottom))v4", "axis")
      guard hasLabels else { continue }
      drawing.text(tick.label, x: position, y: bottom + 18, "label middle")
      if let context = tick.context {
        drawing.text(context, x: position, y: bottom + 33, "label middle")
      }
    }
  }

  /// The colours of the maps are the same by day and by night.
  private static let stylesheet = SVGStylesheet.plot(
    """
    .unit{font-size:8px}
    .map path{stroke-linecap:butt}
    .history{stroke-width:1.6}
    """,
    colors: [
      .init(".unit", light: "fill:#59636e", dark: "fill:#9aa5b1"),
      .init(".history", light: "stroke:#48525c", dark: "stroke:#b7c0c9"),
    ])
}

// MARK: - Layout

/// Panels under one another: the series, then the maps.
private struct Layout {
  static let width = 960.0
  static let margin = 28.0
  static let left = 84.0
  static let mapWidth = 780.0
  static let seriesTop = 118.0
  static let seriesHeight = 110.0
  private static let gap = 48.0

  /// Where each map begins.
  private(set) var tops: [Double] = []
  let height: Double

  init(_ heights: [Double]) {
    var top = Self.seriesTop + Self.seriesHeight + Self.gap
    for height in heights {
      tops.append(top)
      top += height + Self.gap
    }
    height = top
  }
}

// MARK: - One gate of one layer

private struct HeatMap {
  private let gate: GateStudy.Gate
  private let layer: Int
  private let name: String
  private let windowCount: Int
  private let scale: ColorScale
  /// From top to bottom the units that are drawn, with how long they remember.
  private let rows: [(unit: Int, memory: GateStudy.UnitMemory?)]
  private let rowHeight: Double

  var height: Double { rowHeight * Double(rows.count) }

  private static let usualHeight = 260.0
  private static let mostRows = 100

  init(_ study: GateStudy, _ gate: GateStudy.Gate, layer: Int) {
    self.gate = gate
    self.layer = layer
    windowCount = study.places.count
    scale = ColorScale(holding: gate.values)
    let order = study.order(of: gate, layer: layer)
    let shown = min(gate.units, Self.mostRows)
    rows = (0..<shown).map { row in
      // The first and the last are always among them.
      let place = shown == 1 ? 0 : row * (gate.units - 1) / (shown - 1)
      return (order[place]?.unit ?? place, order[place])
    }
    rowHeight = min(max((Self.usualHeight / Double(shown)).rounded(.down), 2), 16)
    var name = ([gate.name] + gate.alsoNamed).joined(separator: " = ")
    if gate.layers > 1 { name += ", layer \(layer)" }
    if shown < gate.units { name += ": \(shown) of \(gate.units) units" }
    self.name = name
  }

  func draw(at top: Double, _ drawing: inout SVGDrawing) {
    drawing.text(cut(name, 70), x: Layout.left, y: top - 10, "name")
    drawLegend(at: top - 20, &drawing)
    drawCells(at: top, &drawing)
    drawUnits(at: top, &drawing)
  }

  /// The scale, ending where the map does.
  private func drawLegend(at top: Double, _ drawing: inout SVGDrawing) {
    let width = 4.0
    let right = Layout.left + Layout.mapWidth - 24
    let left = right - width * Double(scale.colors.count)
    drawing.add("<g class=\"map\" stroke-width=\"10\" shape-rendering=\"crispEdges\">")
    for (level, color) in scale.colors.enumerated() {
      let x = left + width * Double(level)
      drawing.add(
        "<path stroke=\"\(color)\" d=\"M\(point(x)) \(point(top + 5))h\(point(width))\"/>")
    }
    drawing.add("</g>")
    drawing.text(Self.bound(scale.lower), x: left - 6, y: top + 9, "label end")
    drawing.text(Self.bound(scale.upper), x: right + 6, y: top + 9, "label")
  }

  private static func bound(_ value: Double) -> String {
    value == value.rounded() ? fixed(value, 0) : significant(value, 2)
  }

  /// A path for each colour: rows of cells that have it, as lines as thick as a row.
  private func drawCells(at top: Double, _ drawing: inout SVGDrawing) {
    var paths = [String](repeating: "", count: scale.colors.count)
    for (row, place) in rows.enumerated() {
      let y = point(top + (Double(row) + 0.5) * rowHeight)
      var start = 0
      while start < windowCount {
        let level = level(unit: place.unit, window: start)
        var end = start + 1
        while end < windowCount, self.level(unit: place.unit, window: end) == level { end += 1 }
        paths[level] += "M\(point(edge(start))) \(y)H\(point(edge(end)))"
        start = end
      }
    }
    drawing.add(
      "<g class=\"map\" stroke-width=\"\(point(rowHeight))\" shape-rendering=\"crispEdges\">")
    for (path, color) in zip(paths, scale.colors) where !path.isEmpty {
      drawing.add("<path stroke=\"\(color)\" d=\"\(path)\"/>")
    }
    drawing.add("</g>")
  }

  private func level(unit: Int, window: Int) -> Int {
    scale.level(of: Double(gate.value(layer: layer, window: window, unit: unit)))
  }

  /// A whole number of dots, so that no seam shows.
  private func edge(_ window: Int) -> Double {
    (Layout.left + Layout.mapWidth * Double(window) / Double(windowCount)).rounded()
  }

  /// The units' numbers at the left and their time constants at the right, as many as have room.
  private func drawUnits(at top: Double, _ drawing: inout SVGDrawing) {
    let right = Layout.left + Layout.mapWidth + 8
    drawing.text("unit", x: Layout.left - 8, y: top - 10, "label end")
    if rows[0].memory != nil { drawing.text("τ", x: right, y: top - 10, "label") }
    let every = Int((8 / rowHeight).rounded(.up))
    for row in stride(from: 0, to: rows.count, by: every) {
      let y = top + (Double(row) + 0.5) * rowHeight + 3
      drawing.text(String(rows[row].unit), x: Layout.left - 8, y: y, "unit end")
      if let memory = rows[row].memory {
        drawing.text(stepsText(memory.timeConstant), x: right, y: y, "unit")
      }
    }
  }
}
