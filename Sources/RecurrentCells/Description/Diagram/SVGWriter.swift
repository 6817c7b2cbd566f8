/// An SVG document as it is written.
struct SVGWriter {
  private var lines: [String] = []

  init(width: Double, height: Double, title: String) {
    let (width, height) = (number(width), number(height))
    add(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-labelledby=\"title\">")
    add("<title id=\"title\">\(Self.escaped(title))</title>")
    add("<style>\n\(Self.stylesheet)\n</style>")
    add("<rect class=\"paper\" width=\"100%\" height=\"100%\"/>")
  }

  var document: String { lines.joined(separator: "\n") + "\n</svg>\n" }

  mutating func add(_ line: String) { lines.append(line) }
  mutating func open(_ tag: String) { add(tag) }
  mutating func close(_ tag: String) { add(tag) }

  mutating func text(_ content: String, x: Double, y: Double, _ classes: String) {
    guard !content.isEmpty else { return }
    add(
      "<text class=\"\(classes)\" x=\"\(number(x))\" y=\"\(number(y))\">"
        + Self.escaped(content) + "</text>")
  }

  enum Anchor { case start, middle, end }

  /// A name with its subscripts: what stands behind an underscore, and the time.
  ///
  /// They are two texts, as renderers differ on where the parts of an anchored one stand.
  mutating func symbol(
    _ name: String, time: String, x: Double, y: Double, _ anchor: Anchor, _ size: String
  ) {
    let words = name.split(separator: "_").map(String.init)
    let base = words.first ?? name
    let subscripts = (words.dropFirst() + [time]).joined(separator: ",")
    let scale = size.isEmpty ? 1 : 14.0 / 17
    let baseWidth = base.reduce(0) { $0 + Self.width(of: $1) } * scale + 1.5
    let width = baseWidth + Double(subscripts.count) * 5.5
    let start =
      switch anchor {
      case .start: x
      case .middle: x - width / 2
      case .end: x - width
      }
    text(base, x: start, y: y, size.isEmpty ? "symbol" : "symbol \(size)")
    text(subscripts, x: start + baseWidth, y: y + 4, "subscript")
  }

  /// About the width of an italic letter of the larger size.
  private static func width(of letter: Character) -> Double {
    switch letter {
    case "i", "j", "l", "t", "f", "r", "I": 6.5
    case "m", "w", "M", "W": 14
    case let letter: letter.isUppercase ? 12 : 9
    }
  }

  /// XML has no place for control characters, not even as references.
  private static func escaped(_ content: String) -> String {
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

  /// Colours for light and for dark paper.
  private static let stylesheet = """
    text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    .title{font-size:20px;font-weight:600}
    .note{font-size:12px}
    .label{font-size:14px}
    .operator{font-size:18px}
    .small{font-size:10px}
    .sign{font-size:12px}
    .symbol{font-size:17px;font-style:italic;font-family:Georgia,"DejaVu Serif",serif}
    .name{font-size:14px}
    .subscript{font-size:10px}
    .end{text-anchor:end}
    .middle{text-anchor:middle}
    path{fill:none;stroke-linejoin:round}
    .wire{stroke-width:1.6}
    .belt{stroke-width:2.8}
    .peephole{stroke-width:1.5;stroke-dasharray:5 3}
    .halo{stroke-width:6}
    .head{stroke-width:.5;stroke-dasharray:none}
    .layer,.pointwise,.body{stroke-width:1.4}
    .paper{fill:#ffffff}
    .body{fill:#f3f7f4;stroke:#a9bbae}
    .halo{stroke:#f3f7f4}
    .title,.label,.operator,.symbol{fill:#1f2328}
    .note,.small,.sign,.subscript{fill:#48525c}
    .wire{stroke:#48525c}
    .wire.head,.dot,.join{fill:#48525c}
    .belt{stroke:#1f2328}
    .belt.head{fill:#1f2328}
    .peephole{stroke:#0a66d8}
    .peephole.head{fill:#0a66d8}
    .layer{fill:#ffecb3;stroke:#b58a1b}
    .pointwise{fill:#ffdcd3;stroke:#c0563d}
    @media (prefers-color-scheme:dark){
    .paper{fill:#0f141a}
    .body{fill:#17201d;stroke:#4d6155}
    .halo{stroke:#17201d}
    .title,.label,.operator,.symbol{fill:#e9eef3}
    .note,.small,.sign,.subscript{fill:#b7c0c9}
    .wire{stroke:#b7c0c9}
    .wire.head,.dot,.join{fill:#b7c0c9}
    .belt{stroke:#e9eef3}
    .belt.head{fill:#e9eef3}
    .peephole{stroke:#62a8ff}
    .peephole.head{fill:#62a8ff}
    .layer{fill:#5a4713;stroke:#d9ad45}
    .pointwise{fill:#5b2a1f;stroke:#ea8a70}
    }
    """
}

/// A coordinate with one decimal, which is finer than a screen's dots.
func number(_ value: Double) -> String {
  let tenths = Int((value * 10).rounded())
  let (whole, rest) = (tenths.magnitude / 10, tenths.magnitude % 10)
  return (tenths < 0 ? "-" : "") + "\(whole)" + (rest == 0 ? "" : ".\(rest)")
}
