extension ForecastReport {
  /// How much of what happened lay below each bound, against how much should have.
  var calibration: String {
    guard let record = study.backtest, pair.contains(where: { !$0.intervals.isEmpty }) else {
      return ""
    }
    let observed = record.actual.indices.filter { !record.actual[$0].isNaN }
    guard !observed.isEmpty else { return "" }
    func below(_ bounds: [Double]) -> Double {
      Double(observed.count { record.actual[$0] <= bounds[$0] }) / Double(observed.count)
    }
    let shown = pair.filter { !$0.intervals.isEmpty }
    let lines = shown.reversed().map { method in
      let lower = method.intervals.reversed().map {
        (x: 0.5 - $0.level / 200, y: below($0.lower))
      }
      let upper = method.intervals.map { (x: 0.5 + $0.level / 200, y: below($0.upper)) }
      return LineChart.Line(
        classes: style(of: method.name) + (method.kind == .model ? " model" : ""),
        name: method.name, points: lower + [(0.5, below(method.values))] + upper, hasDots: true)
    }
    let ideal = LineChart.Line(
      classes: "ideal", name: "as it should be", points: [(0, 0), (1, 1)])
    let chart = LineChart(
      lines: [ideal] + lines, xLabel: "quantile", yLabel: "part of the values below it",
      xRange: 0...1, yRange: 0...1, height: 320)
    let levels = shown[0].intervals.map(\.level)
    let coverage = levels.map { level in
      LineChart.Line(
        classes: "m0 model", name: "\(PredictionInterval.label(level)) %",
        points: record.measures(of: shown[0]).enumerated().map {
          (Double($0.offset + 1), $0.element.coverage[level] ?? .nan)
        }, hasDots: record.horizon <= 14)
    }
    let targets = levels.map { level in
      LineChart.Line(
        classes: "ideal", name: "as it should be",
        points: [(1, level / 100), (Double(record.horizon), level / 100)])
    }
    var figures = [
      figure(
        "Part of the values below each quantile",
        legend(shown.map { ("l " + style(of: $0.name), $0.name) } + [("l ideal", "ideal")])
          + chart.svg)
    ]
    // The parts of few windows are steps of their own.
    if record.horizon > 1, record.windows.count >= 10 {
      let names = levels.map { PredictionInterval.label($0) + " %" }.joined(separator: ", ")
      figures.append(
        figure(
          "Part of the values within the bands of \(shown[0].name), by step: \(names)",
          legend([("l m0", shown[0].name), ("l ideal", "ideal")])
            + LineChart(
              lines: targets + coverage, xLabel: "step of the horizon", yLabel: "coverage",
              xRange: 1...Double(record.horizon), yRange: 0...1, height: 320
            ).svg))
    }
    return section(
      "Calibration", "Of \(observed.count) values in the backtest windows.",
      "<div class=\"grid\">\n\(figures.joined())</div>\n")
  }

  /// The losses of the networks.
  var training: String {
    let networks = curve.networks.filter { $0.points.count > 1 }
    guard let last = networks.last else { return "" }
    let fit = { (name: String) in String(name.prefix { $0 != " " }) }
    let lines = networks.map { network in
      LineChart.Line(
        classes: fit(network.name) == fit(last.name) ? "m0 thin" : "faint", name: network.name,
        points: network.points.map { ($0.step, $0.loss) })
    }
    let isMixed = networks.contains { fit($0.name) != fit(last.name) }
    let entries =
      [("l m0", isMixed ? "last fit" : "networks")] + (isMixed ? [("l faint", "others")] : [])
    let chart = LineChart(
      lines: lines, xLabel: "step", yLabel: "loss", width: 1040, height: 280)
    return section(
      "Training",
      "The loss of each network over its steps. A fit has its members, which forecast together, and "
        + "one network for its validation, which says how much they count.",
      "<div class=\"one\">\n"
        + figure(Self.kinds(of: networks.map(\.name)), legend(entries) + chart.svg) + "</div>\n")
  }

  /// How many networks there are, and what for: "4 networks: 3 members and 1 for validation".
  static func kinds(of names: [String]) -> String {
    let members = names.count { $0.contains(" member ") }
    let validations = names.count { $0.hasSuffix(" validation") }
    let others = names.count - members - validations
    let parts = [
      (members, members == 1 ? "member" : "members"), (validations, "for validation"),
      (others, "for the search"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return (names.count == 1 ? "1 network: " : "\(names.count) networks: ")
      + parts.dropLast().joined(separator: ", ") + (parts.count > 1 ? " and " : "")
      + (parts.last ?? "")
  }
}
