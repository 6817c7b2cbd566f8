import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reproducible numbers that look random, uniform in -1..<1.
private func noise(_ count: Int, seed: UInt64 = 1) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 52) - 1
  }
}

private func table(_ frequency: Frequency, from start: String, _ values: [Double]) -> SeriesTable {
  SeriesTable(
    frequency: frequency,
    series: [TimeSeries(start: Timestamp(start)!, frequency: frequency, values: values)])
}

private func sine(_ count: Int, period: Double) -> [Double] {
  (0..<count).map { sin(2 * .pi * Double($0) / period) }
}

@Suite struct Seasons {
  @Test(arguments: [8, 12, 25, 50]) func aSineOverIntegersIsSeen(period: Int) {
    let values = sine(200, period: Double(period))
    let season = table(Frequency(.step), from: "1", values).season()
    #expect(season.length == period)
    #expect(season.source == .detected)
  }

  @Test func aWeeklyPatternInNoiseAndTrend() {
    let pattern = [0.0, 1, 2, 1, 0, -3, -3]
    let values = noise(300).enumerated().map { 0.05 * Double($0) + pattern[$0 % 7] + $1 * 0.8 }
    #expect(table(Frequency(.step), from: "1", values).season().length == 7)
    let daily = table(Frequency(.day), from: "2024-01-01", values).season()
    #expect(daily == Season(length: 7, source: .usual, autocorrelation: daily.autocorrelation))
    #expect(daily.note == nil)
  }

  @Test func plainSeriesHaveNone() {
    let walk = noise(500, seed: 3).reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
    let series = [
      (0..<100).map { 0.1 * Double($0) }, Array(repeating: 5.0, count: 100), noise(400), walk,
      [1, 2, 3], [],
    ]
    for values in series {
      let season = table(Frequency(.step), from: "1", values).season()
      #expect(season == Season(length: 1, source: .none))
    }
  }

  @Test func whatIsNotThereIsNoted() {
    let flat = table(Frequency(.day), from: "2024-01-01", noise(400)).season()
    #expect(flat.length == 7)
    #expect(flat.note == "the data show no season of 7 steps")
    let short = table(Frequency(.month), from: "2024-01", [1, 2, 3]).season()
    #expect(short.length == 12)
    #expect(short.note == "the data are too short or too plain to show the season of 12 steps")
  }

  /// All lags of a smooth season are correlated, not only that of its length.
  @Test func smoothSeasonsAreSeen() {
    let quarters = zip(sine(12 * 96, period: 96), noise(12 * 96)).enumerated().map {
      200 + 0.02 * Double($0) + 10 * $1.0 + 3.5 * $1.1
    }
    let days = table(Frequency(.minute, count: 15), from: "2024-01-01 00:00", quarters).season()
    #expect((days.length, days.note) == (96, nil))
    let weekly = zip(sine(182, period: 52), noise(182)).enumerated().map {
      50 + 0.1 * Double($0) + 10 * $1.0 + 3.5 * $1.1
    }
    #expect(table(Frequency(.week), from: "2021-01-04", weekly).season(given: 52).note == nil)
    // Two years may be alike by chance.
    let years = table(Frequency(.week), from: "2021-01-04", noise(110)).season(given: 52)
    #expect(
      years.note == "the data are too short or too plain to show the season of 52 steps")
  }

  /// Of 60 series without a season some 5 % pass each of two tests.
  @Test(arguments: [(7, 300), (52, 182), (96, 960)])
  func chanceIsSeldomASeason(length: Int, count: Int) {
    for isWalk in [false, true] {
      let seen = (1...60).count { seed in
        var values = noise(count, seed: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        if isWalk { for place in 1..<count { values[place] += values[place - 1] } }
        return table(Frequency(.step), from: "1", values).season(given: length).isVisible
      }
      #expect(seen <= 12)
    }
  }

  @Test func theGivenOneIsTaken() {
    let series = table(Frequency(.day), from: "2024-01-01", sine(200, period: 30))
    let season = series.season(given: 30)
    #expect((season.length, season.source, season.note) == (30, .given, nil))
    #expect(series.season(given: 1).note == nil)
    #expect(series.season(given: .max).isVisible == false)
  }
}
