import RecurrentCells

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A dot for each series, at the errors that two methods make: on a line where they are the same.
///
/// Both axes are logarithms where no error is zero, so that series of all sizes are seen.
struct SeriesScatter: Sendable {
  var dots: [(name: String, x: Double, y: Double)]
  var xLabel: String
  var yLabel: String
  var width = 520.0
  var height = 320.0

  /// The drawing as an SVG element.
  var svg: String {
    let values = dots.flatMap { [$0.x, $0.y] }
    let isLogarithmic = values.allSatisfy { $0 > 0 } && !values.isEmpty
    let position = { (value: Double) in isLogarithmic ? log10(value) : value }
    let axis = ValueAxis(holding: values.map(position), tickCount: 5)
    let ticks = isLogarithmic ? Self.ticks(axis.lower, axis.upper) : axis.ticks
    let (left, right, top, bottom) = (56.0, width - 14, 14.0, height - 44)
    let x = { (value: Double) in left + axis.fraction(of: value) * (right - left) }
    let y = { (value: Double) in top + (1 - axis.fraction(of: value)) * (bottom - top) }

    var drawing = SVGDrawing(inline: "\(yLabel) by \(xLabel)", width: width, height: height)
    for tick in ticks {
      drawing.path("M\(point(left)) \(point(y(tick.value)))H\(point(right))", "grid")
      drawing.path("M\(point(x(tick.value))) \(point(top))V\(point(bottom))", "grid")
      drawing.text(tick.label, x: left - 8, y: y(tick.value) + 4, "label end")
      drawing.text(tick.label, x: x(tick.value), y: bottom + 18, "label middle")
    }
    drawing.path(
      "M\(point(left)) \(point(bottom))L\(point(right)) \(point(top))", "diagonal")
    drawing.text(xLabel, x: (left + right) / 2, y: height - 6, "label middle")
    drawing.text(yLabel, x: left + 6, y: top + 12, "label")
    for dot in dots {
      drawing.add(
        "<circle class=\"dot\" cx=\"\(point(x(position(dot.x))))\" "
          + "cy=\"\(point(y(position(dot.y))))\" r=\"3.2\"><title>\(SVGDrawing.escaped(dot.name))"
          + "</title></circle>")
    }
    return drawing.svg
  }

  /// 1, 2 and 5 times powers of ten, at their logarithms.
  private static func ticks(_ lower: Double, _ upper: Double) -> [(value: Double, label: String)] {
    guard upper - lower < 12 else { return [] }
    let factors = upper - lower < 2.5 ? [1.0, 2, 5] : [1.0]
    return (Int(lower.rounded(.down))...Int(upper.rounded(.up))).flatMap { power in
      factors.map { factor in
        let value = power < 0 ? factor / powerOfTen(-power) : factor * powerOfTen(power)
        return (log10(value), significant(value, 1))
      }
    }.filter { lower <= $0.0 && $0.0 <= upper }
  }
}
