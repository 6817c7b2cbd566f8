extension SVGDrawing {
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
}
