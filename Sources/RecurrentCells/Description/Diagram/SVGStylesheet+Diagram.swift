extension SVGStylesheet {
  /// The rules of a diagram.
  static let diagram = SVGStylesheet(
    """
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
    """,
    colors: [
      .init(".paper", light: "fill:#ffffff", dark: "fill:#0f141a"),
      .init(".body", light: "fill:#f3f7f4;stroke:#a9bbae", dark: "fill:#17201d;stroke:#4d6155"),
      .init(".halo", light: "stroke:#f3f7f4", dark: "stroke:#17201d"),
      .init(".title,.label,.operator,.symbol", light: "fill:#1f2328", dark: "fill:#e9eef3"),
      .init(".note,.small,.sign,.subscript", light: "fill:#48525c", dark: "fill:#b7c0c9"),
      .init(".wire", light: "stroke:#48525c", dark: "stroke:#b7c0c9"),
      .init(".wire.head,.dot,.join", light: "fill:#48525c", dark: "fill:#b7c0c9"),
      .init(".belt", light: "stroke:#1f2328", dark: "stroke:#e9eef3"),
      .init(".belt.head", light: "fill:#1f2328", dark: "fill:#e9eef3"),
      .init(".peephole", light: "stroke:#0a66d8", dark: "stroke:#62a8ff"),
      .init(".peephole.head", light: "fill:#0a66d8", dark: "fill:#62a8ff"),
      .init(".layer", light: "fill:#ffecb3;stroke:#b58a1b", dark: "fill:#5a4713;stroke:#d9ad45"),
      .init(
        ".pointwise", light: "fill:#ffdcd3;stroke:#c0563d",
        dark: "fill:#5b2a1f;stroke:#ea8a70"),
    ])
}
