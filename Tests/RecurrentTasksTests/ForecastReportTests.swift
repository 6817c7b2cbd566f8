import RecurrentCore
import RecurrentFormats
import RecurrentTasks
import Testing

/// So many series of months, of unequal lengths, with a season and something like noise.
private func table(_ count: Int, names: (Int) -> String = { "s\($0)" }) -> SeriesTable {
  let frequency = Frequency(.month)
  return SeriesTable(
    file: "a<b.csv", columns: SeriesTable.Columns(id: count == 1 ? nil : "unique_id"),
    frequency: frequency,
    series: (0..<count).map { series in
      TimeSeries(
        id: count == 1 ? nil : names(series), start: Timestamp("2000-01")!, frequency: frequency,
        values: (0..<40 + series % 7).map { step in
          let season = [0.0, 3, 1, 7][step % 4]
          return Double(10 * (series + 1)) + season + Double((step * step + series) % 11) / 3
        })
    }, warnings: ["\"s1\" & others <look> odd"])
}

private func study(
  _ table: SeriesTable, horizon: Int = 3, windows: Int = 3, curve: inout TrainingCurve
) throws -> ForecastStudy {
  let configuration = ForecastConfiguration(
    frequency: "monthly", horizon: horizon, season: 4, hiddenSize: 3, epochs: 12, members: 1)
  var seen = TrainingCurve()
  var journal = try ForecastJournal(job: [:]) { seen.note($0) }
  let study = try ForecastStudy.forecast(
    table, configuration, backtest: Backtest.Settings(windows: windows, refits: false),
    journal: &journal, on: ComputeContext(threadCount: 1)
  ).study
  curve = seen
  return study
}

@Suite struct ForecastReports {
  private func page(_ table: SeriesTable, horizon: Int = 3, windows: Int = 3) throws -> String {
    var curve = TrainingCurve()
    let study = try study(table, horizon: horizon, windows: windows, curve: &curve)
    return ForecastReport(study, curve: curve).html
  }

  /// Elements that are opened are closed, in their order; nothing is fetched, nothing runs.
  private func expectWhole(_ page: String) {
    let void: Set = ["meta", "!DOCTYPE"]
    var open: [Substring] = []
    for part in page.split(separator: "<").dropFirst(page.hasPrefix("<") ? 0 : 1) {
      let tag = part.prefix { $0 != ">" }
      let name = tag.prefix { $0 != " " && $0 != "/" }
      if tag.hasPrefix("/") {
        #expect(open.popLast() == tag.dropFirst(), "</\(tag.dropFirst())>")
      } else if !tag.hasSuffix("/"), !void.contains(String(name)) {
        open.append(name)
      }
    }
    #expect(open.isEmpty, "\(open)")
    for word in ["<script", "nan", "\"inf", "url(", "@import", "src=", "<link"] {
      #expect(!page.contains(word), "\(word)")
    }
    let addresses = page.ranges(of: "http").map { page[$0.lowerBound...].prefix(26) }
    #expect(addresses.allSatisfy { $0 == "http://www.w3.org/2000/svg" })
  }

  private func headings(_ page: String) -> [String] {
    page.matches(of: /<h2>(.*?)<\/h2>/).map { String($0.1) }
  }

  @Test func oneSeries() throws {
    let page = try page(table(1))
    expectWhole(page)
    #expect(
      headings(page) == ["Forecast", "Leaderboard", "Errors", "Calibration", "Training", "Notes"])
    #expect(page.contains("MASE by window") && page.contains("MASE by step"))
    #expect(page.contains("a&lt;b.csv") && page.contains("&amp; others &lt;look&gt; odd"))
    #expect(page.contains("<tr class=\"model\"><th scope=\"row\">lstm</th>"))
    #expect(try self.page(table(1)) == page)
  }

  @Test func someSeries() throws {
    let page = try page(table(5) { "<\($0)>" })
    expectWhole(page)
    #expect(page.contains("MASE by series") && page.contains("The hardest series"))
    #expect(!page.contains("MASE by window"))
    #expect(page.ranges(of: "<title>&lt;").count == 10)
  }

  /// The six largest, and the six with the largest errors of the others.
  @Test func manySeries() throws {
    let page = try page(table(30), windows: 1)
    expectWhole(page)
    let drawn = page.matches(of: /<figcaption>(s[0-9]+)/).map { String($0.1) }
    #expect(drawn.count == 12)
    #expect(Array(drawn[..<6]) == ["s29", "s28", "s27", "s26", "s25", "s24"])
    #expect(Set(drawn).count == 12)
    #expect(page.contains("12 of 30 series."))
  }

  @Test func withoutABacktest() throws {
    let page = try page(table(1), horizon: 1, windows: 0)
    expectWhole(page)
    #expect(headings(page) == ["Forecast", "Training", "Notes"])
  }
}

@Suite struct TrainingCurves {
  @Test func neighbouringStepsAreOnePoint() {
    var curve = TrainingCurve()
    for step in 1...300 { curve.note("round 1 member 1", step: step, of: 300, loss: Double(step)) }
    curve.note("final member 1", step: 7, of: 10, loss: 3)
    #expect(curve.networks.map(\.name) == ["round 1 member 1", "final member 1"])
    let points = curve.networks[0].points
    #expect(points.count == 100)
    // Steps 1, 2, 3, then 4, 5, 6.
    #expect(points[0] == (1.5, 2) && points[1] == (4.5, 5))
    #expect(curve.networks[1].points.map(\.loss) == [3])
  }
}

@Suite struct WaitingTimes {
  @Test func fromWhatHasPassed() {
    var left = TimeLeft(networks: 4)
    #expect(left.note("a", step: 1, of: 100, after: .seconds(1)) == nil)
    // A quarter of one of four in 10 s: fifteen times that is to come.
    #expect(left.note("a", step: 25, of: 100, after: .seconds(10)) == "about 3 min left")
    #expect(left.note("a", step: 100, of: 100, after: .seconds(20)) == "about 60 s left")
    #expect(left.note("b", step: 50, of: 100, after: .seconds(18_000)) == "about 8.3 h left")
    // More networks than were announced.
    for name in ["c", "d", "e"] {
      #expect(left.note(name, step: 100, of: 100, after: .seconds(60)) != nil)
    }
    #expect(left.note("f", step: 1, of: 2, after: .seconds(60)) == "about 6 s left")
  }
}
