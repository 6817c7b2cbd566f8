/// A small drawing of a series and its forecast in Unicode braille, for a terminal.
///
/// Each character is two dots wide and four high. The band is shaded where no line runs through it.
public struct TerminalChart: Sendable {
  public var series: TimeSeries
  public var forecast: SeriesForecast?
  /// Characters in a line, at least 40.
  public var width: Int
  /// Lines of the plot, without the axis, at least 4.
  public var height: Int
  /// Whether to colour the forecast with terminal escape codes.
  public var isColored: Bool

  public init(
    series: TimeSeries, forecast: SeriesForecast? = nil, width: Int = 80, height: Int = 12,
    isColored: Bool = false
  ) {
    self.series = series
    self.forecast = forecast
    self.width = max(40, width)
    self.height = max(4, height)
    self.isColored = isColored
  }

  /// The drawing, each line ending in a line feed.
  public var text: String {
    let forecastSteps =
      forecast?.times.compactMap { series.frequency.steps(from: series.start, to: $0) } ?? []
    let band = forecast?.intervals.max { $0.level < $1.level }
    // The gutter holds the labels; how many steps fit beside it sets what must be labelled.
    let first = max(
      0, series.values.count - max(2 * (width - 10) - forecastSteps.count, 2 * forecastSteps.count))
    let last = max(series.values.count - 1, forecastSteps.max() ?? 0, first + 1)
    let history = Array(series.values[first...])
    let axis = ValueAxis(
      holding: history + (forecast?.values ?? []) + (band.map { $0.lower + $0.upper } ?? []),
      tickCount: max(2, height / 3))
    let gutter = axis.ticks.map(\.label.count).max() ?? 0

    var canvas = BrailleCanvas(columns: width - gutter - 2, rows: height)
    let x = { (step: Int) in
      Int((Double(step - first) / Double(last - first) * Double(canvas.width - 1)).rounded())
    }
    let y = { (value: Double) in
      Int(((1 - axis.fraction(of: value)) * Double(canvas.height - 1)).rounded())
    }
    if let band, !forecastSteps.isEmpty {
      for (index, step) in forecastSteps.enumerated()
      where band.lower[index].isFinite && band.upper[index].isFinite {
        let end = index + 1 < forecastSteps.count ? x(forecastSteps[index + 1]) - 1 : x(step)
        let (top, bottom) = (y(band.upper[index]), y(band.lower[index]))
        canvas.shade(columns: x(step)...max(x(step), end), rows: top...max(top, bottom))
      }
    }
    if !forecastSteps.isEmpty, !series.values.isEmpty {
      canvas.rule(at: x(series.values.count - 1))
    }
    canvas.draw(history.enumerated().map { ($1.isFinite ? (x(first + $0), y($1)) : nil) }, .history)
    if let forecast {
      let joint = series.values.last.map { [(series.values.count - 1, $0)] } ?? []
      let points = joint + Array(zip(forecastSteps, forecast.values))
      canvas.draw(points.map { ($1.isFinite ? (x($0), y($1)) : nil) }, .forecast)
    }

    var labels = [String](repeating: "", count: height)
    for tick in axis.ticks { labels[y(tick.value) / 4] = tick.label }
    var text = ""
    for row in 0..<height {
      text += rightAligned(labels[row], gutter) + (labels[row].isEmpty ? " │" : " ┤")
      text += canvas.line(row, isColored: isColored) + "\n"
    }
    text += rightAligned("", gutter) + " └" + String(repeating: "─", count: canvas.columns) + "\n"
    return text + timeLabels(gutter: gutter, first: first, last: last, column: { x($0) / 2 })
  }

  /// The first time, the last known one and the last, where there is room.
  private func timeLabels(
    gutter: Int, first: Int, last: Int, column: (Int) -> Int
  ) -> String {
    var line = rightAligned("", gutter + 2) + series.time(at: first).description
    let end = series.time(at: last).description
    let origin = series.values.count - 1
    if origin > first, origin < last {
      let label = series.time(at: origin).description
      let start = gutter + 2 + column(origin) - label.count / 2
      if start > line.count + 1, start + label.count + 2 < width - end.count {
        line = leftAligned(line, start) + label
      }
    }
    if line.count + 2 + end.count <= width { line = leftAligned(line, width - end.count) + end }
    return line + "\n"
  }
}

/// Dots, two across and four down in a character.
private struct BrailleCanvas {
  enum Ink: Sendable {
    case history, forecast
  }

  private struct Cell {
    var dots: UInt32 = 0
    var isForecast = false
    var isShaded = false
    var isRule = false
  }

  let columns: Int
  let rows: Int
  private var cells: [Cell]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  /// The size in dots.
  var width: Int { 2 * columns }
  var height: Int { 4 * rows }

  /// Lines between neighbouring points; nil breaks the line.
  mutating func draw(_ points: [(Int, Int)?], _ ink: Ink) {
    var previous: (Int, Int)?
    for point in points {
      if let point {
        let start = previous ?? point
        let length = max(abs(point.0 - start.0), abs(point.1 - start.1))
        for step in 0...length {
          let part = length == 0 ? 0 : Double(step) / Double(length)
          dot(
            start.0 + Int((Double(point.0 - start.0) * part).rounded()),
            start.1 + Int((Double(point.1 - start.1) * part).rounded()), ink)
        }
      }
      previous = point
    }
  }

  /// Shades the characters whose middles lie in a rectangle of dots.
  mutating func shade(columns: ClosedRange<Int>, rows: ClosedRange<Int>) {
    for column in (columns.lowerBound / 2)...(columns.upperBound / 2) {
      for row in 0..<self.rows where rows.contains(4 * row + 1) || rows.contains(4 * row + 2) {
        cells[row * self.columns + column].isShaded = true
      }
    }
  }

  /// A dotted vertical line.
  mutating func rule(at x: Int) {
    for row in 0..<rows { cells[row * columns + x / 2].isRule = true }
  }

  private mutating func dot(_ x: Int, _ y: Int, _ ink: Ink) {
    // Bits of the Unicode block from U+2800 on: 1 to 3 and 7 down the left, 4 to 6 and 8 the right.
    let bits: [[UInt32]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
    let index = y / 4 * columns + x / 2
    cells[index].dots |= bits[x % 2][y % 4]
    if ink == .forecast { cells[index].isForecast = true }
  }

  /// The characters of a row, without blanks at the end.
  func line(_ row: Int, isColored: Bool) -> String {
    var line = ""
    var color = ""
    var cells = self.cells[(row * columns)..<((row + 1) * columns)]
    while let last = cells.last, last.dots == 0, !last.isShaded, !last.isRule {
      cells.removeLast()
    }
    for cell in cells {
      let next: String
      let character: Unicode.Scalar
      if cell.dots != 0 {
        next = cell.isForecast ? "\u{1B}[1;34m" : ""
        character = Unicode.Scalar(0x2800 + cell.dots) ?? " "
      } else {
        next = cell.isShaded ? "\u{1B}[34m" : ""
        character = cell.isShaded ? "░" : cell.isRule ? "┊" : " "
      }
      if isColored, next != color {
        line += next.isEmpty ? "\u{1B}[0m" : "\u{1B}[0m" + next
        color = next
      }
      line.unicodeScalars.append(character)
    }
    return isColored && !color.isEmpty ? line + "\u{1B}[0m" : line
  }
}
