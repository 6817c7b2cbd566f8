/// The rules of a drawing, in the reader's light or dark theme.
///
/// Every colour stands in full twice, as not every renderer knows variables.
package struct SVGStylesheet: Sendable {
  /// What a class of elements is coloured in, as declarations: `fill:#ffffff`.
  package struct Color: Sendable {
    let selector, light, dark: String

    package init(_ selector: String, light: String, dark: String) {
      (self.selector, self.light, self.dark) = (selector, light, dark)
    }
  }

  private let shapes: String
  private let colors: [Color]

  /// - Parameter shapes: The rules that no theme changes, a line each.
  package init(_ shapes: String, colors: [Color]) {
    self.shapes = shapes
    self.colors = colors
  }

  var text: String {
    let light = colors.map { "\($0.selector){\($0.light)}" }
    let dark = colors.map { "\($0.selector){\($0.dark)}" }
    return
      ([shapes] + light + ["@media (prefers-color-scheme:dark){"] + dark + ["}"])
      .joined(separator: "\n")
  }
}
