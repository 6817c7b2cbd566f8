import RecurrentFormats
import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct ThetaTests {
  /// statsforecast's forecasts for its parameters, and as good a fit but for ℓ_0, which there is free
  /// to lie anywhere.
  @Test func besideStatsforecast() throws {
    for series in StatisticsGolden.cases("theta") {
      let values = series["values"]!.numbers
      let expected = series["forecasts"]!.numbers
      let theirs = Theta(
        alpha: series.number("alpha"), theta: series.number("theta"),
        level: series.number("level"))
      expectClose(
        theirs.forecasts(of: values, origins: [values.count], horizon: expected.count), expected,
        within: 1e-9)
      expectClose([error(of: theirs, values)], [series.number("error")], within: 1e-9)
      let ours = try #require(Theta(fitting: values, season: 1))
      #expect(error(of: ours, values) <= series.number("error") * 1.01)
      #expect(ours.alpha >= 0.1 && ours.alpha <= 0.99 && ours.theta >= 1)
    }
  }

  /// The mean squared error of one step from the fourth value on.
  private func error(of theta: Theta, _ values: [Double]) -> Double {
    let origins = Array(3..<values.count)
    let forecasts = theta.forecasts(of: values, origins: origins, horizon: 1)
    let squares = zip(forecasts, values[3...]).map { ($0 - $1) * ($0 - $1) }
    return squares.reduce(0, +) / Double(squares.count)
  }

  @Test func aRampIsContinued() throws {
    let ramp = (0..<41).map { 5 + 3 * Double($0) }
    let theta = try #require(Theta(fitting: ramp, season: 1))
    expectClose(
      theta.forecasts(of: ramp, origins: [41], horizon: 3), [128, 131, 134], within: 1e-3)
  }

  @Test func seasonsAndGaps() throws {
    func truth(_ t: Int) -> Double {
      (60 + 0.5 * Double(t)) * (1 + [0.3, 0, -0.2, 0.1, -0.2][t % 5])
    }
    var values = (0..<77).map { truth($0) * (1 + 0.01 * cos(Double($0 * $0))) }
    for place in [0, 1, 14, 33, 34, 76] { values[place] = .nan }
    let theta = try #require(Theta(fitting: values, season: 5))
    let forecasts = theta.forecasts(of: values, origins: [0, 2, 60, 77], horizon: 7)
    #expect(forecasts[..<14].allSatisfy { $0.isNaN })
    for (step, forecast) in forecasts[21...].enumerated() {
      #expect(abs(forecast / truth(77 + step) - 1) < 0.05)
    }
    // What it says depends on the values before the origin only.
    let alone = theta.forecasts(of: Array(values[..<60]), origins: [60], horizon: 7)
    #expect(alone == Array(forecasts[14..<21]))
  }

  @Test func fewValues() throws {
    #expect(Theta(fitting: [.nan], season: 3) == nil)
    for (values, last): ([Double], Double) in [([4], 4), ([1, 2], 2), ([.nan, 0, 0, 0, 0], 0)] {
      let theta = try #require(Theta(fitting: values, season: 12))
      expectClose(
        theta.forecasts(of: values, origins: [values.count], horizon: 2), [last, last],
        within: 0.01)
    }
  }
}

@Suite struct SeasonalAdjustmentTests {
  /// M4's test of seasonality and R's decomposition, by statsmodels.
  @Test func naive2() {
    for series in StatisticsGolden.cases("adjusted") {
      let values = series["values"]!.numbers
      let expected = series["naive2"]!.numbers
      let found = Naive2(fitting: values, season: series["season"]!.integer!)
        .forecasts(of: values, origins: [values.count], horizon: expected.count)
      expectClose(found, expected, within: 1e-9)
      #expect((Set(found).count > 1) == series["isSeasonal"]!.bool!)
    }
  }

  /// Without its gaps the series would repeat exactly; they take nothing from the season.
  @Test func missingValues() {
    let pattern = [3.0, 8, 5, 1, 9, 4, 5]
    var values = (0..<49).map { pattern[$0 % 7] }
    for place in [4, 20, 29, 48] { values[place] = .nan }
    let found = Naive2(fitting: values, season: 7)
      .forecasts(of: values, origins: [49], horizon: 8)
    for (step, forecast) in found.enumerated() {
      #expect(abs(forecast - pattern[step % 7]) < 0.8)
    }
  }
}
