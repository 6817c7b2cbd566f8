/// A drawing in SVG as it is written, element by element.
package struct SVGDrawing {
  private var text = ""
  package let width: Double
  package let height: Double

  /// A document of its own, on paper.
  ///
  /// - Parameter title: For those who cannot see it.
  package init(title: String, width: Double, height: Double, stylesheet: SVGStylesheet) {
    self.init(width: width, height: height, attributes: "role=\"img\" aria-labelledby=\"title\"")
    add("<title id=\"title\">\(Self.escaped(title))</title>")
    add("<style>\n\(stylesheet.text)\n</style>")
    add("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>")
  }

  /// A part of a page that has rules for its classes.
  package init(inline title: String, width: Double, height: Double) {
    self.init(width: width, height: height, attributes: "role=\"img\"")
    self.title(title)
  }

  private init(width: Double, height: Double, attributes: String) {
    self.width = width
    self.height = height
    let size = (point(width), point(height))
    add(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(size.0)\" height=\"\(size.1)\" "
        + "viewBox=\"0 0 \(size.0) \(size.1)\" \(attributes)>")
  }

  /// The whole of it.
  package var svg: String { text + "</svg>\n" }

  package mutating func add(_ line: String) { text += line + "\n" }

  /// A name for those who cannot see what is drawn, or point at it.
  package mutating func title(_ content: String) {
    add("<title>\(Self.escaped(content))</title>")
  }

  /// Nothing where there is nothing to say.
  package mutating func text(_ content: String, x: Double, y: Double, _ classes: String) {
    guard !content.isEmpty else { return }
    add(
      "<text class=\"\(classes)\" x=\"\(point(x))\" y=\"\(point(y))\">"
        + Self.escaped(content) + "</text>")
  }

  /// Nothing where there is nothing to draw.
  package mutating func path(_ data: String, _ classes: String) {
    guard !data.isEmpty else { return }
    add("<path class=\"\(classes)\" d=\"\(data)\"/>")
  }

  /// XML has no place for control characters, not even as references.
  package static func escaped(_ content: String) -> String {
    var result = ""
    for scalar in content.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default:
        if scalar.value < 0x20 {
          result += "\u{FFFD}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}

/// A coordinate with one decimal, which is finer than a screen's dots.
package func point(_ value: Double) -> String {
  guard value.magnitude < 1e7 else { return "0" }
  let tenths = Int((value * 10).rounded())
  let (whole, rest) = (tenths.magnitude / 10, tenths.magnitude % 10)
  return (tenths < 0 ? "-" : "") + "\(whole)" + (rest == 0 ? "" : ".\(rest)")
}

/// A text of at most so many characters, the last an ellipsis where it was longer.
package func cut(_ text: String, _ count: Int) -> String {
  text.count > count ? text.prefix(count - 1) + "…" : text
}
