import RecurrentCells

/// A small drawing of lines over a numbered axis, for a page that has rules for its classes.
struct LineChart: Sendable {
  struct Line: Sendable {
    /// How it looks.
    var classes: String
    /// What a reader sees who points at it.
    var name: String
    /// Broken where a value is missing.
    var points: [(x: Double, y: Double)]
    var hasDots = false
  }

  var lines: [Line]
  var xLabel: String
  var yLabel: String
  /// Where x begins and ends; nil for as far as the points reach.
  var xRange: ClosedRange<Double>?
  var yRange: ClosedRange<Double>?
  var width = 520.0
  var height = 280.0
  /// Names of places on x, instead of numbers.
  var xNames: [(x: Double, name: String)]?

  /// The drawing as an SVG element.
  var svg: String {
    let points = lines.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let yAxis = ValueAxis(
      holding: yRange.map { [$0.lowerBound, $0.upperBound] } ?? points.map(\.y),
      tickCount: Int(height / 50))
    let low = xRange?.lowerBound ?? points.map(\.x).min() ?? 0
    let high = max(xRange?.upperBound ?? points.map(\.x).max() ?? 1, low + 1e-9)
    let xAxis = ValueAxis(holding: [low, high], tickCount: Int(width / 80))
    let (left, right, top, bottom) = (56.0, width - 14, 14.0, height - 44)
    let x = { (value: Double) in left + (value - low) / (high - low) * (right - left) }
    let y = { (value: Double) in top + (1 - yAxis.fraction(of: value)) * (bottom - top) }

    var drawing = SVGDrawing(inline: "\(yLabel) by \(xLabel)", width: width, height: height)
    for tick in yAxis.ticks {
      let place = point(y(tick.value))
      drawing.path("M\(point(left)) \(place)H\(point(right))", "grid")
      drawing.text(tick.label, x: left - 8, y: y(tick.value) + 4, "label end")
    }
    drawing.path("M\(point(left)) \(point(bottom))H\(point(right))", "axis")
    let names =
      xNames
      ?? xAxis.ticks.filter { low <= $0.value && $0.value <= high }
      .map { (x: $0.value, name: $0.label) }
    for tick in names {
      drawing.path("M\(point(x(tick.x))) \(point(bottom))v4", "axis")
      // A name in the middle of the last place would leave the drawing.
      let isLast = x(tick.x) + 3.5 * Double(tick.name.count) > width
      drawing.text(
        tick.name, x: isLast ? width - 2 : x(tick.x), y: bottom + 18,
        isLast ? "label end" : "label middle")
    }
    drawing.text(xLabel, x: (left + right) / 2, y: height - 6, "label middle")
    for line in lines {
      drawing.add("<g class=\"\(line.classes)\">")
      drawing.title(line.name)
      drawing.path(Self.path(line.points.map { ($0.x, $0.y) }, x, y), "line")
      if line.hasDots {
        for dot in line.points where dot.y.isFinite {
          drawing.add(
            "<circle cx=\"\(point(x(dot.x)))\" cy=\"\(point(y(dot.y)))\" r=\"3.2\"/>")
        }
      }
      drawing.add("</g>")
    }
    return drawing.svg
  }

  private static func path(
    _ points: [(Double, Double)], _ x: (Double) -> Double, _ y: (Double) -> Double
  ) -> String {
    var path = ""
    var isBroken = true
    for (place, value) in points {
      if value.isFinite {
        path += (isBroken ? "M" : "L") + "\(point(x(place))) \(point(y(value)))"
      }
      isBroken = !value.isFinite
    }
    return path
  }
}
