/// An SVG document as it is written.
struct SVGText {
  private(set) var text = ""
  let width: Double
  let height: Double

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func open(_ name: String, _ attributes: String...) {
    let size = "width=\"\(point(width))\" height=\"\(point(height))\""
    let box = "viewBox=\"0 0 \(point(width)) \(point(height))\""
    add(
      "<\(name) xmlns=\"http://www.w3.org/2000/svg\" \(size) \(box) "
        + attributes.joined(separator: " ") + ">")
  }

  mutating func add(_ line: String) { text += line + "\n" }

  mutating func style(_ rules: String) { add("<style>\n\(rules)\n</style>") }

  mutating func element(_ name: String, id: String, _ content: String) {
    add("<\(name) id=\"\(id)\">\(Self.escaped(content))</\(name)>")
  }

  /// A name for those who cannot see what is drawn, or point at it.
  mutating func element(_ name: String, _ content: String) {
    add("<\(name)>\(Self.escaped(content))</\(name)>")
  }

  mutating func text(_ content: String, x: Double, y: Double, _ classes: String) {
    guard !content.isEmpty else { return }
    add(
      "<text class=\"\(classes)\" x=\"\(point(x))\" y=\"\(point(y))\">"
        + Self.escaped(content) + "</text>")
  }

  mutating func path(_ data: String, _ name: String) {
    guard !data.isEmpty else { return }
    add("<path class=\"\(name)\" d=\"\(data)\"/>")
  }

  /// XML has no place for control characters, not even as references.
  static func escaped(_ content: String) -> String {
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
func point(_ value: Double) -> String {
  guard value.magnitude < 1e7 else { return "0" }
  let text = fixed(value, 1)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A text of at most so many characters, the last an ellipsis where it was longer.
func cut(_ text: String, _ count: Int) -> String {
  text.count > count ? text.prefix(count - 1) + "…" : text
}
