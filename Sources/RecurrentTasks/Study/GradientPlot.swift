/// A drawing of how gradients fade, as SVG: the norm against the distance in time on a logarithmic
/// axis, a line for each cell, before training and after it.
///
/// The same content gives the same bytes. Colours follow the reader's light or dark theme.
public struct GradientPlot: Sendable {
  public var title: String
  /// A line under the title.
  public var subtitle: String
  /// What is drawn, a line each.
  public var gradients: [GradientDecay]

  public init(title: String, subtitle: String = "", gradients: [GradientDecay]) {
    self.title = title
    self.subtitle = subtitle
    self.gradients = gradients
  }
}

extension LagStudy {
  /// The gradients of the longest lag, as a drawing.
  public var gradientPlot: GradientPlot {
    let longest = gradients.map(\.lag).max() ?? 0
    let seeds = Set(runs.map(\.seed)).count
    return GradientPlot(
      title: "How far the gradient reaches: \(task.name), lag \(longest)",
      subtitle: "norm of the loss's gradient with respect to the state so many steps before, "
        + "relative to distance 0; "
        + (seeds == 1 ? "one network" : "median of \(seeds) networks"),
      gradients: gradients.filter { $0.lag == longest })
  }
}
