import RecurrentCells
import RecurrentFormats

/// A study as one page of HTML that needs nothing else: no network, no script.
///
/// It shows the forecasts, the leaderboard, the errors by step, series and window, how many values
/// the bands held, and how the losses fell. The same study gives the same bytes.
public struct ForecastReport: Sendable {
  public let study: ForecastStudy
  public let curve: TrainingCurve

  /// - Parameter curve: The losses of the networks that were trained for it; empty for none.
  public init(_ study: ForecastStudy, curve: TrainingCurve = TrainingCurve()) {
    self.study = study
    self.curve = curve
  }

  /// The page.
  public var html: String {
    let sections = [
      verdict, forecasts, leaderboard, errors, calibration, training, remarks,
    ].joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(SVGDrawing.escaped(title))</title>
      <style>
      \(Self.stylesheet)
      </style>
      </head>
      <body>
      <main>
      <header>
      <h1>\(SVGDrawing.escaped(title))</h1>
      \(facts)
      </header>
      \(sections)</main>
      </body>
      </html>

      """
  }

  private var title: String {
    let what = study.forecasts.isEmpty ? "Backtest" : "Forecast"
    return "\(what) of \(study.table.columns.value)"
  }

  // MARK: What it is about

  private var facts: String {
    let table = study.table
    let configuration = study.configuration
    let values = table.series.reduce(0) { $0 + $1.observedCount }
    var facts = [
      ("Data", table.file), ("Series", "\(table.series.count)"), ("Values", "\(values)"),
      ("Frequency", "\(table.frequency)"),
    ]
    if table.series.count == 1, let only = table.series.first, !only.values.isEmpty {
      facts.append(("Span", "\(only.time(at: 0)) – \(only.time(at: only.values.count - 1))"))
    }
    facts.append(("Horizon", "\(configuration.horizon)"))
    facts.append(("Season", configuration.season > 1 ? "\(configuration.season)" : "none"))
    if let record = study.backtest {
      let windows = record.windowsPerSeries
      facts.append(
        (
          "Backtest",
          quantity(windows, "window") + (table.series.count > 1 ? " a series" : "")
        ))
    }
    let size = "\(configuration.numLayers) × \(configuration.hiddenSize)"
    facts.append(("Model", "\(configuration.cell), \(size)"))
    facts.append(("Seed", "\(configuration.seed)"))
    return "<dl class=\"facts\">\n"
      + facts.map {
        "<div><dt>\($0.0)</dt><dd>\(SVGDrawing.escaped($0.1))</dd></div>\n"
      }.joined() + "</dl>"
  }

  private var verdict: String {
    var lines: [String] = []
    var tone = "plain"
    if let comparison = study.leaderboard.comparison {
      tone =
        switch comparison.outcome {
        case .model: "good"
        case .baseline: "bad"
        case .tie: "plain"
        }
      lines.append("<p>\(SVGDrawing.escaped(comparison.description))</p>")
    }
    if let sentence = study.validation?.sentence {
      if lines.isEmpty { tone = "bad" }
      lines.append("<p class=\"small\">Before any test: \(SVGDrawing.escaped(sentence))</p>")
    }
    if lines.isEmpty { return "" }
    return "<aside class=\"verdict \(tone)\">\n\(lines.joined(separator: "\n"))\n</aside>\n"
  }

  /// A heading, a sentence on how to read what follows, and that.
  func section(_ heading: String, _ sentence: String = "", _ content: String) -> String {
    if content.isEmpty { return "" }
    let note = sentence.isEmpty ? "" : "<p class=\"note\">\(SVGDrawing.escaped(sentence))</p>\n"
    return "<section>\n<h2>\(heading)</h2>\n\(note)\(content)</section>\n"
  }

  func figure(_ caption: String, _ content: String) -> String {
    "<figure>\n<figcaption>\(SVGDrawing.escaped(caption))</figcaption>\n\(content)</figure>\n"
  }

  /// Names and how they are drawn.
  func legend(_ entries: [(classes: String, name: String)]) -> String {
    let items = entries.map {
      "<li><i class=\"\($0.classes)\"></i>\(SVGDrawing.escaped($0.name))</li>\n"
    }
    return "<ul class=\"legend\">\n\(items.joined())</ul>\n"
  }

  private var remarks: String {
    let warnings = study.table.warnings.map {
      "<li class=\"warning\">\(SVGDrawing.escaped($0))</li>\n"
    }
    let notes = (study.table.notes + study.notes).map { "<li>\(SVGDrawing.escaped($0))</li>\n" }
    if warnings.isEmpty, notes.isEmpty { return "" }
    return section("Notes", "", "<ul class=\"notes\">\n\((warnings + notes).joined())</ul>\n")
  }

  // MARK: What is compared

  /// The measure that the methods are ranked by.
  var measure: ForecastMeasures.Measure { study.leaderboard.measure }

  var measureName: String { measure.rawValue.uppercased() }

  /// The class that a method is drawn in, whatever it is drawn beside.
  func style(of method: String) -> String {
    guard let record = study.backtest,
      let place = record.methods.firstIndex(where: { $0.name == method })
    else { return "m0" }
    return "m\(min(place, 8))"
  }

  /// The model, and the baseline that does best beside it.
  var pair: [BacktestRecord.Method] {
    guard let record = study.backtest else { return [] }
    let rival = study.leaderboard.rows.first { $0.kind == .baseline }?.method
    return record.methods.filter { $0.kind == .model || $0.name == rival }
  }
}
