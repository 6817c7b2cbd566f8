import RecurrentCells

extension GradientPlot {
  /// The drawing as an SVG document.
  public var svg: String {
    var drawing = SVGDrawing(
      title: title, width: Layout.width, height: Layout.height, stylesheet: Self.stylesheet)
    drawing.text(cut(title, 80), x: Layout.margin, y: 36, "title")
    drawing.text(cut(subtitle, 130), x: Layout.margin, y: 58, "note")
    let legendEnd = drawLegend(&drawing)
    let axes = Axes(gradients)
    for (index, panel) in panels.enumerated() {
      let frame = Layout.frame(index, below: legendEnd)
      drawing.text(panel.name, x: frame.x, y: frame.y - 12, "name")
      axes.draw(in: frame, labelsPowers: index == 0, &drawing)
      for (line, norms) in panel.lines.enumerated() {
        drawing.path(axes.path(norms, in: frame), Self.line(line))
      }
    }
    return drawing.svg
  }

  private var panels: [(name: String, lines: [[Double]])] {
    [
      ("before training", gradients.map(\.atStart)), ("after training", gradients.map(\.atEnd)),
    ]
  }

  /// - Returns: Where it ends.
  private func drawLegend(_ drawing: inout SVGDrawing) -> Double {
    // Letters are about seven units wide; what does not fit goes to the next line.
    var (x, y) = (Layout.margin, 84.0)
    for (index, decay) in gradients.enumerated() {
      let name = cut(decay.cell, 60)
      let width = 50 + 7 * Double(name.count)
      if x + width > Layout.width - Layout.margin {
        (x, y) = (Layout.margin, y + 18)
      }
      drawing.path("M\(point(x)) \(point(y - 4))h22", Self.line(index))
      drawing.text(name, x: x + 30, y: y, "label")
      x += width
    }
    return y
  }

  /// The classes of a line: six colours, then the same dashed.
  private static func line(_ index: Int) -> String {
    "line c\(index % 6)" + (index / 6 % 2 == 1 ? " dashed" : "")
  }

  private static let stylesheet = SVGStylesheet.plot(
    """
    .line{stroke-width:2.2}
    .dashed{stroke-dasharray:6 5}
    """,
    colors: [
      ("#0a66d8", "#62a8ff"), ("#d9591c", "#ff9a5c"), ("#1a8f5a", "#4fd39a"),
      ("#9b3fb5", "#d58bea"), ("#a67c00", "#e3b341"), ("#c2255c", "#ff7eb0"),
    ].enumerated().map { place, color in
      SVGStylesheet.Color(".c\(place)", light: "stroke:\(color.0)", dark: "stroke:\(color.1)")
    })
}

// MARK: - Layout

/// The area within a panel's axes.
private struct Frame {
  var x: Double
  var y: Double
  var width: Double
  var height: Double
}

private enum Layout {
  static let width = 960.0
  static let height = 500.0
  static let margin = 28.0

  /// Two panels side by side, with one set of labels at their left.
  static func frame(_ index: Int, below legendEnd: Double) -> Frame {
    let (left, gap, top) = (92.0, 36.0, legendEnd + 48)
    let width = (Self.width - left - margin - gap) / 2
    return Frame(
      x: left + Double(index) * (width + gap), y: top, width: width,
      height: max(60, height - top - 58))
  }
}

// MARK: - Axes

/// Distances to the right, powers of ten upwards; both panels have the same.
private struct Axes {
  /// The largest distance.
  let reach: Int
  /// Exponents of ten at the ends.
  let powers: ClosedRange<Int>

  /// Below this power of ten there is nothing left to see.
  private static let floor = -12

  init(_ gradients: [GradientDecay]) {
    let profiles = gradients.flatMap { [$0.atStart, $0.atEnd] }
    reach = max(1, (profiles.map(\.count).max() ?? 0) - 1)
    let exponents = profiles.joined().filter { $0 > 0 && $0.isFinite }.map(decimalExponent)
    let lowest = max(Self.floor, min(exponents.min() ?? -1, -1))
    powers = lowest...min(max((exponents.max() ?? 0) + 1, 1), -Self.floor)
  }

  func draw(in frame: Frame, labelsPowers: Bool, _ drawing: inout SVGDrawing) {
    let step = powers.count > 10 ? 2 : 1
    for power in powers where power % step == 0 {
      let y = y(Double(power), frame)
      drawing.path("M\(point(frame.x)) \(point(y))h\(point(frame.width))", "grid")
      if labelsPowers { drawing.text(Self.label(power), x: frame.x - 8, y: y + 4, "label end") }
    }
    let bottom = frame.y + frame.height
    drawing.path("M\(point(frame.x)) \(point(bottom))h\(point(frame.width))", "axis")
    let ticks = ValueAxis(holding: [0, Double(reach)], tickCount: 6).ticks
    for tick in ticks where tick.value <= Double(reach) && tick.value.rounded() == tick.value {
      let x = x(tick.value, frame)
      drawing.path("M\(point(x)) \(point(bottom))v5", "axis")
      drawing.text(tick.label, x: x, y: bottom + 19, "label middle")
    }
    drawing.text(
      "distance in steps", x: frame.x + frame.width / 2, y: bottom + 40, "label middle")
    if labelsPowers {
      let (x, y) = (Layout.margin + 12, point(frame.y + frame.height / 2))
      drawing.add(
        "<text class=\"label middle\" transform=\"translate(\(point(x)) \(y)) rotate(-90)\">"
          + "gradient's norm, relative</text>")
    }
  }

  /// A line that ends where it leaves the axes.
  func path(_ norms: [Double], in frame: Frame) -> String {
    var path = ""
    var isBroken = true
    for (distance, norm) in norms.enumerated() {
      let power = norm > 0 && norm.isFinite ? decimalLogarithm(norm) : -.infinity
      guard power >= Double(powers.lowerBound), power <= Double(powers.upperBound) else {
        isBroken = true
        continue
      }
      path +=
        (isBroken ? "M" : "L") + "\(point(x(Double(distance), frame))) "
        + point(y(power, frame))
      isBroken = false
    }
    return path
  }

  private func x(_ distance: Double, _ frame: Frame) -> Double {
    frame.x + distance / Double(reach) * frame.width
  }

  private func y(_ power: Double, _ frame: Frame) -> Double {
    let part = (power - Double(powers.lowerBound)) / Double(powers.count - 1)
    return frame.y + (1 - part) * frame.height
  }

  private static func label(_ power: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    if power == 0 { return "1" }
    let exponent = String(abs(power)).map { String(digits[$0.wholeNumberValue!]) }.joined()
    return "10" + (power < 0 ? "⁻" : "") + exponent
  }
}

/// The logarithm of a positive number to the base of ten, exact to the dots of a drawing.
private func decimalLogarithm(_ value: Double) -> Double {
  // x = m 2ᵉ with m between 1 and 2; log₂ m = 2 artanh((m − 1) / (m + 1)) / log 2.
  let s = (value.significand - 1) / (value.significand + 1)
  let t = s * s
  let artanh = s * (1 + t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t / 11)))))
  return (Double(value.exponent) + artanh * 2.885_390_081_777_927) * 0.301_029_995_663_981_2
}
