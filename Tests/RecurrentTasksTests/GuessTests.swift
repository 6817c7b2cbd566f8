import RecurrentFormats
import RecurrentTasks
import Testing

/// What is made up where values are missing: by what is known, and never scored.
@Suite struct GuessTests {
  private static let horizon = 4

  /// Sixty values of season 4 with gaps around the beginnings of the last three windows, which are at
  /// 48, 52 and 56: one across, one across and longer, one up to it.
  private static func values(_ change: (Int, Double) -> Double = { $1 }) -> [Double] {
    (0..<60).map { step in
      if [5, 20, 46, 47, 48, 49, 51, 52, 53, 55].contains(step) { return .nan }
      return change(step, 30 + [0.0, 7, -4, 2][step % 4] + Double(step * step % 11) / 3)
    }
  }

  private static func table(_ fill: MissingFill, _ values: [[Double]]) throws -> SeriesTable {
    let rows = values.enumerated().flatMap { series, values in
      values.enumerated().map {
        "\(["A", "B"][series]),\($0.offset),\($0.element.isNaN ? "" : "\($0.element)")\n"
      }
    }
    var options = SeriesTable.Options()
    options.fill = fill
    return try SeriesTable(
      parsing: Array(("unique_id,ds,y\n" + rows.joined()).utf8), file: "t.csv", options: options)
  }

  private static func backtest(
    _ table: SeriesTable, refits: Bool, windows: Int = 3, season: Int = 4
  ) throws -> BacktestRecord {
    let configuration = ForecastConfiguration(
      frequency: "\(table.frequency)", horizon: horizon, season: season, levels: [80],
      hiddenSize: 3, epochs: 1, members: 1)
    var journal = try ForecastJournal(job: [:])
    return try #require(
      ForecastStudy.backtest(
        table, configuration, Backtest.Settings(windows: windows, refits: refits),
        journal: &journal
      ).backtest)
  }

  /// Everything after a cutoff becomes something else, and no method forecasts anything else.
  @Test(
    arguments: [MissingFill.mask, .zero, .ffill, .interpolate], [true, false])
  func whatComesAfterACutoffIsNotSeen(fill: MissingFill, refits: Bool) throws {
    let other = Self.values { $1 * 2 }
    let as0 = try Self.backtest(Self.table(fill, [Self.values(), other]), refits: refits)
    for (round, cutoff) in [48, 52, 56].enumerated() {
      let changed = Self.values { $0 < cutoff ? $1 : 500 - 3 * $1 }
      let record = try Self.backtest(
        Self.table(fill, [changed, other]), refits: refits)
      #expect(record.windows.map(\.cutoff) == [48, 52, 56, 48, 52, 56])
      for (method, before) in zip(record.methods, as0.methods) {
        let seen = 0..<(round + 1) * Self.horizon
        #expect(
          method.values[seen] == before.values[seen], "\(method.name), \(fill), from \(cutoff)")
        for (band, bandBefore) in zip(method.intervals, before.intervals) {
          #expect(band.lower[seen] == bandBefore.lower[seen], "\(method.name), \(fill)")
          #expect(band.upper[seen] == bandBefore.upper[seen], "\(method.name), \(fill)")
        }
      }
      // What was changed is there.
      #expect(record.actual.map(\.bitPattern) != as0.actual.map(\.bitPattern))
    }
  }

  /// 1, 2, … with one missing right before the only window: from the line to what follows seasonal
  /// naive would know 16.
  @Test(
    arguments: [
      (MissingFill.mask, 14), (.ffill, 15), (.interpolate, 15), (.zero, 0),
    ] as [(MissingFill, Double)])
  func theEndOfAHistory(fill: MissingFill, second: Double) throws {
    var values = (1...20).map(Double.init)
    values[15] = .nan
    let record = try Self.backtest(
      Self.table(fill, [values]), refits: true, windows: 1, season: 2)
    let naive = try #require(record.methods.first { $0.name == "seasonal-naive" })
    #expect(naive.values == [15, second, 15, second])
  }

  /// The last value before the window is 16, in it are 17, 18, nothing and 20.
  @Test(
    arguments: [
      (MissingFill.mask, 7, 3), (.ffill, 7, 3), (.interpolate, 7, 3), (.zero, 23, 4),
    ] as [(MissingFill, Double, Double)])
  func aGuessIsNotScored(fill: MissingFill, sum: Double, count: Double) throws {
    var values = (1...20).map(Double.init)
    values[18] = .nan
    let table = try Self.table(fill, [values])
    let record = try Self.backtest(table, refits: true, windows: 1, season: 1)
    let score = try #require(record.scores.first { $0.method == "naive" })
    let found = try #require(score.measures.mae)
    #expect(abs(found - sum / count) < 1e-12)
    #expect(record.actual[2].isNaN == (fill != .zero))
  }

  /// Guesses are no history either: windows and forecasts need values that were observed.
  @Test func aGuessIsNoValue() throws {
    let table = try Self.table(.ffill, [[1, .nan, .nan, .nan, 5, 6]])
    #expect(table.series[0].observedCount == 3)
    #expect {
      try Self.table(.ffill, [[.nan, .nan, .nan, .nan, 5]]).forecastable(minimum: 2)
    } throws: {
      "\($0)".hasSuffix("the series has 1")
    }
  }

  @Test func aCheckpointIsOfOneWayToGuess() throws {
    let prints = try [MissingFill.mask, .ffill, .interpolate, .zero].map {
      try Self.table($0, [Self.values()]).fingerprint
    }
    #expect(Set(prints).count == 4)
  }

  /// The prefix of a series has no line to what follows it; inside it lines stay as they are.
  @Test func prefixes() {
    let gap = Double.nan
    let series = ForecastSeries([gap, 1, gap, 3, gap, gap, gap, 11, gap]).guessing(.interpolate)
    #expect(series.values == [1, 1, 2, 3, 5, 7, 9, 11, 11])
    #expect(series.prefix(8).values == [1, 1, 2, 3, 5, 7, 9, 11])
    #expect(series.prefix(7).values == [1, 1, 2, 3, 3, 3, 3])
    #expect(series.prefix(3).values == [1, 1, 1])
    #expect(series.prefix(7).prefix(6).values == [1, 1, 2, 3, 3, 3])
    #expect(series.prefix(1).values.allSatisfy { $0.isNaN })
    #expect(series.guesses.map { $0 ? 1 : 0 } == [1, 0, 1, 0, 1, 1, 1, 0, 1])
    let carried = ForecastSeries([gap, 1, gap, 3, gap]).guessing(.ffill)
    #expect(carried.values.dropFirst() == [1, 1, 3, 3] && carried.values[0].isNaN)
    #expect(carried.guesses == [false, false, true, false, true])
  }
}
