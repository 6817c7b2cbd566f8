import RecurrentFormats
import RecurrentTasks
import Testing

private func forecast(_ id: String?, from start: String, _ frequency: Frequency) -> SeriesForecast {
  let start = Timestamp(start)!
  return SeriesForecast(
    id: id, times: (0..<2).map { frequency.advanced(start, by: $0) }, values: [417, 0.1],
    intervals: [
      PredictionInterval(level: 90, lower: [400, 0], upper: [430.5, 1]),
      PredictionInterval(level: 97.5, lower: [390, .nan], upper: [440, 2]),
    ])
}

@Suite struct ForecastTables {
  @Test func oneSeries() {
    let table = ForecastTable(
      columns: SeriesTable.Columns(), method: "lstm",
      forecasts: [forecast(nil, from: "1961-01", Frequency(.month))])
    #expect(
      table.csv == """
        ds,lstm,lstm-lo-90,lstm-hi-90,lstm-lo-97.5,lstm-hi-97.5
        1961-01,417,400,430.5,390,440
        1961-02,0.1,0,1,,2

        """)
    #expect(table.json[0]?.object?.keys.first == "ds")
    #expect(table.json[1]?["lstm-lo-90"] == 0.0)
    #expect(table.json.text().contains("\"lstm-lo-97.5\":null"))
  }

  @Test func manySeries() {
    let table = ForecastTable(
      columns: SeriesTable.Columns(id: "sku", time: "t", value: "n"), method: "gru",
      forecasts: ["a,b", "007"].map { forecast($0, from: "9", Frequency(.step)) })
    #expect(table.csv.hasPrefix("sku,t,gru,gru-lo-90,"))
    #expect(table.csv.contains("\n\"a,b\",9,417,"))
    #expect(table.csv.contains("\n007,10,0.1,"))
    #expect(table.json[2]?["sku"] == "007")
    #expect(table.json[3]?["t"] == 10)
  }
}

/// Series that a drawing must survive.
private let shapes: [(String, [Double])] = [
  ("a ramp", (0..<50).map(Double.init)), ("a constant", Array(repeating: 3, count: 20)),
  ("zeros", [0, 0, 0]), ("two values", [1, 2]), ("one value", [1]),
  ("gaps", [1, .nan, 3, .nan, .nan, 6, .nan]), ("all missing", [.nan, .nan]),
  ("huge", [1e308, -1e308, 1e308]), ("tiny", [.leastNonzeroMagnitude, 0, .leastNormalMagnitude]),
  ("small steps", [1, 1 + 1e-15]),
  ("long", (0..<20_000).map { Double($0 % 97) }),
]

private let frequencies: [(Frequency, String)] = [
  (Frequency(.step, count: 1_000_000_000), "-5"), (Frequency(.second), "2024-02-28 23:59:30"),
  (Frequency(.minute, count: 15), "2024-02-28T00:00Z"), (Frequency(.hour), "1969-12-30 22:00"),
  (Frequency(.day), "2024-02-27"), (Frequency(.businessDay), "2024-02-27"),
  (Frequency(.week), "2024-02-28"), (Frequency(.month, dayOfMonth: 31), "2024-01-31"),
  (Frequency(.month), "1949-01"), (Frequency(.month, count: 3), "1970-01-01"),
  (Frequency(.month, count: 12), "1821"), (Frequency(.month, count: 1200), "0001-01-01"),
]

private func panel(
  _ id: String?, _ values: [Double], _ frequency: Frequency, _ start: String
) -> ForecastPlot.Panel {
  let series = TimeSeries(
    id: id, start: Timestamp(start)!, frequency: frequency, values: values)
  let steps = 7
  let last = values.last { !$0.isNaN } ?? 0
  let spread = (1...steps).map { Double($0) }
  let forecast = SeriesForecast(
    id: id, times: series.futureTimes(steps), values: Array(repeating: last, count: steps),
    intervals: [80, 95].map { level in
      PredictionInterval(
        level: level, lower: spread.map { last - $0 * level },
        upper: spread.map { last + $0 * level })
    })
  let backtest = SeriesForecast(id: id, times: [series.time(at: 0)], values: [last])
  return ForecastPlot.Panel(series: series, backtests: [backtest], forecast: forecast)
}

@Suite struct Drawings {
  @Test(arguments: shapes.indices, frequencies.indices)
  func everyShapeCanBeDrawn(shape: Int, frequency: Int) {
    let panel = panel(
      nil, shapes[shape].1, frequencies[frequency].0, frequencies[frequency].1)
    let svg = ForecastPlot(title: shapes[shape].0, method: "lstm", panels: [panel]).svg
    #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(svg.hasSuffix("</svg>\n"))
    #expect(svg.count < 100_000)
    #expect(!svg.contains("nan") && !svg.contains("\"inf"))

    let chart = TerminalChart(series: panel.series, forecast: panel.forecast, width: 60, height: 8)
    let lines = chart.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 11)
    for line in lines { #expect(line.count <= 60) }
  }

  @Test func theSameContentGivesTheSameBytes() {
    let values = (0..<144).map { Double($0 % 12) }
    let plots = (0..<2).map { _ in
      ForecastPlot(
        title: "T", subtitle: "S", method: "lstm",
        panels: [panel(nil, values, Frequency(.month), "1949-01")])
    }
    #expect(plots[0].svg == plots[1].svg)
    #expect(plots[0].svg.contains(">1949</text>"))
    #expect(plots[0].svg.contains("class=\"backtest\""))
    #expect(plots[0].svg.contains("prefers-color-scheme:dark"))
  }

  @Test func namesAreEscaped() {
    let svg = ForecastPlot(
      title: "a<b & \"c\" \u{07}", method: "<lstm>",
      panels: ["<x>", "y"].map { panel($0, [1, 2, 3], Frequency(.step), "1") }
    ).svg
    #expect(svg.contains("a&lt;b &amp; \"c\" \u{FFFD}</text>"))
    #expect(svg.contains("&lt;lstm&gt;</text>"))
    #expect(svg.contains("&lt;x&gt;</text>"))
  }

  @Test func manySeriesShareTheSpace() {
    let panels = (0..<40).map { panel("s\($0)", [1, 2, 3], Frequency(.step), "1") }
    let svg = ForecastPlot(title: "T", method: "lstm", panels: panels).svg
    #expect(svg.contains("the first 12 of 40 series"))
    #expect(svg.contains(">s11</text>"))
    #expect(!svg.contains(">s12</text>"))
    #expect(ForecastPlot(title: "T", method: "lstm", panels: []).svg.hasSuffix("</svg>\n"))
  }

  @Test func aChartInDots() {
    let panel = panel(nil, (0..<40).map(Double.init), Frequency(.step), "1")
    let plain = TerminalChart(series: panel.series, forecast: panel.forecast, width: 60, height: 6)
    #expect(plain.text.contains("░"))
    #expect(!plain.text.contains("\u{1B}"))
    var colored = plain
    colored.isColored = true
    #expect(colored.text.contains("\u{1B}[1;34m"))
    let stripped = colored.text
      .replacing("\u{1B}[1;34m", with: "").replacing("\u{1B}[34m", with: "")
      .replacing("\u{1B}[0m", with: "")
    #expect(stripped == plain.text)
  }
}
