import RecurrentCore
import RecurrentTasks
import TestSupport
import Testing

private let levels = [50.0, 80, 95]

/// Forecasts whose bands are those of a normal distribution, of values that are not.
private struct Synthetic {
  let horizon = 5
  var actual: [Double] = []
  var bounds = ForecastBounds(
    centre: [], lower: [[], [], []], upper: [[], [], []])

  /// Errors have an exponential distribution about the centre, grow with the step faster than the
  /// bands do, and are larger in some windows than in others, as the bands know.
  init(windows: Int, key: RandomKey) {
    let (sizes, centres, errors) = (
      key.folded("size"), key.folded("centre"), key.folded("error")
    )
    for window in 0..<windows {
      let size = 0.5 + Double(sizes.uniform(at: window))
      for step in 0..<horizon {
        let centre = 10 * Double(centres.uniform(at: window))
        let uniform = Double(errors.uniform(at: window * horizon + step))
        let error = -logarithm(1 - uniform) - logarithm(2)
        actual.append(centre + size * (1 + 0.2 * Double(step)) * error)
        bounds.centre.append(centre)
        for (index, width) in [0.6745, 1.2816, 1.96].enumerated() {
          bounds.lower[index].append(centre - 0.8 * size * width)
          bounds.upper[index].append(centre + 0.8 * size * width)
        }
      }
    }
  }

  /// The parts of the values below the lower and above the upper bounds of a level.
  func outside(_ bounds: ForecastBounds, _ level: Int) -> (below: Double, above: Double) {
    let count = Double(actual.count)
    return (
      Double(actual.indices.count { actual[$0] < bounds.lower[level][$0] }) / count,
      Double(actual.indices.count { actual[$0] > bounds.upper[level][$0] }) / count
    )
  }

  var calibration: ConformalCalibration {
    ConformalCalibration(levels: levels, horizon: horizon, actual: actual, bounds: bounds)
  }
}

@Suite struct ConformalCalibrationTests {
  private let fresh = Synthetic(windows: 4000, key: RandomKey(seed: 8))

  @Test func eachSideHoldsWhatItShould() {
    let key = RandomKey(seed: 3)
    let calibration = Synthetic(windows: 1500, key: key).calibration
    let calibrated = calibration.applied(to: fresh.bounds)
    for (index, level) in levels.enumerated() {
      let tail = 0.5 - level / 200
      let before = fresh.outside(fresh.bounds, index)
      let after = fresh.outside(calibrated, index)
      // It was far off on one side at least.
      #expect(max(abs(before.below - tail), abs(before.above - tail)) > 0.06, "\(level)")
      #expect(abs(after.below - tail) < 0.012, "\(level)")
      #expect(abs(after.above - tail) < 0.012, "\(level)")
    }
    // Later steps were narrower beside what happened.
    #expect(zip(calibration.above[1], calibration.above[1].dropFirst()).allSatisfy(<))
  }

  @Test func fewScoresHoldMoreOftenThanNot() {
    // Twelve windows at a time: the mean over many such calibrations.
    var inside = [0.0, 0, 0]
    for seed in 0..<40 {
      let key = RandomKey(seed: UInt64(100 + seed))
      let calibration = Synthetic(windows: 12, key: key).calibration
      let calibrated = calibration.applied(to: fresh.bounds)
      for index in levels.indices {
        let outside = fresh.outside(calibrated, index)
        inside[index] += (1 - outside.below - outside.above) / 40
      }
    }
    for (index, level) in levels.enumerated() {
      let outside = fresh.outside(fresh.bounds, index)
      let before = 1 - outside.below - outside.above
      #expect(abs(inside[index] - level / 100) < abs(before - level / 100), "\(level)")
      #expect(abs(inside[index] - level / 100) < 0.05, "\(level)")
    }
  }

  /// By hand: 19 scores 0.1, 0.2, … 1.9 of each of two steps, those of the second twice as large.
  @Test func factorsAreOrderedScoresDrawnTogether() {
    let scores = (1...19).flatMap { [Double($0) / 10, Double($0) / 5] }
    let bounds = ForecastBounds(
      centre: scores.map { _ in 0 }, lower: [scores.map { _ in -1 }],
      upper: [scores.map { _ in 1 }])
    func calibration(_ overlap: Double, _ prior: Double) -> ConformalCalibration {
      ConformalCalibration(
        levels: [80], horizon: 2, actual: scores, bounds: bounds, overlap: overlap, prior: prior)
    }
    // With a tail of 0.1 the 18th of 19 scores, 1.8 and 3.6, and the 36th of 38, 3.4: the largest are
    // 3.8, 3.6, 3.4.
    for (overlap, prior) in [(1.0, 1.0), (2, 1.3)] {
      // The variance of the logarithm is 0.9 / (0.1 n · 2.302585²).
      let all = 0.09 / (0.09 + 0.16975 * overlap / 3.8)
      let own = 0.09 / (0.09 + 0.16975 * overlap / 1.9)
      let common = all * logarithm(3.4) + (1 - all) * logarithm(prior)
      let expected = [1.8, 3.6].map {
        exponential(own * logarithm($0) + (1 - own) * common)
      }
      let found = calibration(overlap, prior)
      for (found, expected) in zip(found.above[0], expected) {
        #expect(abs(found - expected) < 1e-5)
      }
      // All scores for the lower bound are below 0.
      #expect(found.below[0].allSatisfy { $0 < prior && $0 >= 0.1 })
    }
  }

  @Test func nothingKnownLeavesThePrior() {
    let bounds = ForecastBounds(centre: [5, 5, 5], lower: [[4, 4, 4]], upper: [[7, 7, 7]])
    let calibration = ConformalCalibration(
      levels: [90], horizon: 3, actual: [.nan, .nan, .nan], bounds: bounds, prior: 1.5)
    #expect(calibration.below == [[1.5, 1.5, 1.5]] && calibration.above == [[1.5, 1.5, 1.5]])
    #expect(calibration.applied(to: bounds).lower == [[3.5, 3.5, 3.5]])
    #expect(calibration.applied(to: bounds).upper == [[8, 8, 8]])
  }

  @Test func missingValuesDoNotCount() {
    let key = RandomKey(seed: 3)
    let part = Synthetic(windows: 31, key: key)
    var longer = Synthetic(windows: 40, key: key)
    for place in part.actual.count..<longer.actual.count { longer.actual[place] = .nan }
    #expect(longer.calibration == part.calibration)
  }

  @Test func widerLevelsStayWider() {
    let key = RandomKey(seed: 5)
    let calibrated = Synthetic(windows: 3, key: key).calibration
      .applied(to: fresh.bounds)
    for place in fresh.actual.indices {
      #expect(calibrated.lower[1][place] <= calibrated.lower[0][place])
      #expect(calibrated.upper[2][place] >= calibrated.upper[1][place])
    }
  }

  @Test func boundsAtTheCentreAreNotANumberThatIsNone() {
    // Counts: the median 0 and its lower bound 0.
    let bounds = ForecastBounds(
      centre: [0, 0, 0, 0], lower: [[0, 0, 0, 0]], upper: [[0, 1, 1, 0]])
    let calibration = ConformalCalibration(
      levels: [50], horizon: 1, actual: [0, 1, 0, 2], bounds: bounds)
    let calibrated = calibration.applied(to: bounds)
    #expect(calibrated.lower == [[0, 0, 0, 0]])
    #expect(calibrated.upper[0].allSatisfy { $0.isFinite && $0 >= 0 })
  }
}
