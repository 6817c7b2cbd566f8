import RecurrentCells

extension SVGStylesheet {
  /// The rules of a drawing of values over an axis, with a title and names above it.
  ///
  /// - Parameters:
  ///   - shapes: The drawing's own, a line each.
  ///   - colors: The drawing's own.
  static func plot(_ shapes: String, colors: [Color]) -> SVGStylesheet {
    SVGStylesheet(commonShapes + "\n" + shapes, colors: commonColors + colors)
  }

  private static let commonShapes = """
    text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    .title{font-size:20px;font-weight:600}
    .note,.name{font-size:13px}
    .name{font-weight:600}
    .label{font-size:12px}
    .end{text-anchor:end}
    .middle{text-anchor:middle}
    path{fill:none;stroke-linejoin:round;stroke-linecap:round}
    """

  private static let commonColors = [
    Color(".paper", light: "fill:#ffffff", dark: "fill:#0f141a"),
    Color(".title,.name", light: "fill:#1f2328", dark: "fill:#e9eef3"),
    Color(".note,.label", light: "fill:#59636e", dark: "fill:#9aa5b1"),
    Color(".grid", light: "stroke:#e4e8ec", dark: "stroke:#262d35"),
    Color(".axis", light: "stroke:#8b949e", dark: "stroke:#6b7580"),
  ]
}
