import RecurrentCore
import RecurrentTasks
import Testing

/// What a forecaster says of itself before any test.
@Suite struct ForecastComparisonTests {
  /// From 20 down to 0, and there it stays.
  private let values = (0..<40).map { Double(max(20 - $0, 0)) }

  private func comparison(minimum: Double?) throws -> ForecastComparison {
    var configuration = ForecastConfiguration(
      frequency: "daily", horizon: 4, season: 1, hiddenSize: 3, epochs: 1, members: 1)
    configuration.minimum = minimum
    var journal = try ForecastJournal(job: [:])
    let forecaster = try Forecaster(
      fitting: [ForecastSeries(values)], configuration, journal: &journal, label: "test",
      on: ComputeContext(threadCount: 1))
    return try #require(forecaster.validation)
  }

  /// Eight values are held out: the line goes on falling, at k + 1 steps after o by 20 (k + 1)/(o − 1),
  /// where a usual step is 20/31.
  @Test func theDriftIsThatByHand() throws {
    let comparison = try comparison(minimum: nil)
    let errors = (32..<40).map { origin in
      let steps = 0..<min(4, 40 - origin)
      return steps.reduce(0) { $0 + 31 * Double($1 + 1) / Double(origin - 1) } / Double(steps.count)
    }
    let drift = try #require(comparison.rows.first { $0.method == "drift" })
    #expect(comparison.windowCount == 8)
    #expect(abs(drift.mase - errors.reduce(0, +) / 8) < 1e-12)
  }

  /// With a least value of 0 the line ends where the series does.
  @Test func noMethodIsBelowTheMinimum() throws {
    let comparison = try comparison(minimum: 0)
    let drift = try #require(comparison.rows.first { $0.method == "drift" })
    #expect(drift.mase == 0)
    #expect(comparison.rival?.method == "naive")
  }
}
