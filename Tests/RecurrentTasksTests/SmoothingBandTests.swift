import RecurrentTasks
import Testing

/// Bands of exponential smoothing, which says itself how far off it may be.
@Suite struct SmoothingBandTests {
  /// By hand: of three values it takes each for the next, and the mean square of the changes, 2.5, for
  /// its variance. It was once seen to be 2 off, which counts a sixth; the normal distribution, five
  /// sixths: 2/6 ± 5/6 · 1.2816 · √2.5 about the last value.
  @Test func deviationsOfItsOwn() {
    let (forecasts, intervals) = Baseline.ets.judged(
      on: ForecastSeries([1, 2, 4]), origins: [3], horizon: 1, season: 1, levels: [80],
      refits: true, minimum: nil)
    let bounds = [forecasts[0], intervals[0].lower[0], intervals[0].upper[0]]
    expectClose(bounds, [4, 2.6447, 6.0219], within: 1e-4)
  }
}
