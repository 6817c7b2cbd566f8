import RecurrentTasks
import Testing

private let gap = Double.nan

@Suite struct MetricsByHand {
  private let actual = [2.0, 4, gap, 8]
  private let forecast = [1.0, 6, 100, 8]

  @Test func errors() {
    // |2-1|, |4-6|, |8-8|
    #expect(Metrics.mae(actual: actual, forecast: forecast) == 1)
    #expect(Metrics.mse(actual: actual, forecast: forecast) == 5.0 / 3)
    #expect(Metrics.rmse(actual: actual, forecast: forecast) == (5.0 / 3).squareRoot())
    // 200·1/3, 200·2/10, 0
    let smape = Metrics.smape(actual: actual, forecast: forecast) ?? 0
    #expect(abs(smape - (200.0 / 3 + 40) / 3) < 1e-12)
    #expect(Metrics.smape(actual: [0, 1], forecast: [0, -1]) == 100)
    #expect(Metrics.pinball(actual: actual, forecast: forecast, quantile: 0.75) == 1.25 / 3)
    #expect(
      Metrics.coverage(actual: actual, lower: [2, 5, 0, 7], upper: [3, 6, 0, 8]) == 2.0 / 3)
  }

  @Test func scaledErrors() {
    // A season of 2: |5-1|, |4-2|, |5-5|, the pairs with a gap left out: mean 2.
    let training = [1.0, 2, 5, 4, 5, gap, gap, 9]
    #expect(
      Metrics.mase(actual: actual, forecast: forecast, training: training, season: 2) == 0.5)
    // Squares 16, 4, 0: mean 20/3.
    let rmsse = Metrics.rmsse(actual: actual, forecast: forecast, training: training, season: 2)
    #expect(abs((rmsse ?? 0) - (5.0 / 3 / (20.0 / 3)).squareRoot()) < 1e-12)
    // Too short for the season: neighbours instead, |4-1|, |6-4|.
    #expect(Metrics.mase(actual: [5], forecast: [0], training: [1, 4, 6], season: 12) == 2)
  }

  @Test func quantilesAndBands() throws {
    let bands = [
      PredictionInterval(level: 80, lower: [0, 5, 0, 7], upper: [3, 6, 0, 7.5]),
      PredictionInterval(level: 60, lower: [1, 5, 0, 7], upper: [1.5, 6, 0, 7.5]),
    ]
    // Median: 1/2, 2/2, 0. Quantile 0.1: 2 · 0.1, 1 · 0.9, 1 · 0.1; 0.9: 1 · 0.1, 2 · 0.1, 0.5 · 0.9;
    // 0.2: 1 · 0.2, 1 · 0.8, 1 · 0.2; 0.8: 0.5 · 0.8, 2 · 0.2, 0.5 · 0.8.
    let pinball = (1.5 + 1.2 + 0.75 + 1.2 + 1.2) / 3 / 5
    let found = Metrics.pinball(actual: actual, forecast: forecast, intervals: bands)
    #expect(abs(try #require(found) - pinball) < 1e-12)
    let crps = Metrics.crps(actual: actual, forecast: forecast, intervals: bands)
    #expect(abs(try #require(crps) - 2 * pinball) < 1e-12)
    #expect(Metrics.crps(actual: actual, forecast: forecast, intervals: []) == 1)

    // Widths 3, 1, 0.5; 4 is 1 below, 8 is 0.5 above: 2/0.2 times that. Seasonal differences 2.
    let msis = (4.5 + 10 * 1.5) / 3 / 2
    let score = Metrics.msis(
      actual: actual, interval: bands[0], training: [1, 2, 3, gap, 5], season: 2)
    #expect(abs(try #require(score) - msis) < 1e-12)
    let constant = Metrics.msis(actual: actual, interval: bands[0], training: [1, 1], season: 1)
    #expect(constant == nil)
  }

  /// From published numbers: M4's table of the hourly series has sMAPE and MASE of 13.912 and 1.193
  /// for seasonal naive, of 18.383 and 2.395 for Naive2, and an OWA of 0.627.
  @Test func owaOfM4() throws {
    let owa = Metrics.owa(smape: 13.912, mase: 1.193, naive2: (18.383, 2.395))
    #expect(abs(try #require(owa) - 0.627) < 0.0005)
    #expect(Metrics.owa(smape: 1, mase: nil, naive2: (1, 1)) == nil)
    #expect(Metrics.owa(smape: 1, mase: 1, naive2: (1, 0)) == nil)
  }

  @Test func whatHasNoMeaningIsNil() {
    #expect(Metrics.mae(actual: [gap], forecast: [1]) == nil)
    #expect(Metrics.rmse(actual: [], forecast: []) == nil)
    #expect(Metrics.coverage(actual: [gap], lower: [0], upper: [1]) == nil)
    let constant = [3.0, 3, 3]
    #expect(Metrics.mase(actual: [3], forecast: [3], training: constant, season: 1) == nil)
    #expect(Metrics.rmsse(actual: [3], forecast: [3], training: constant, season: 1) == nil)
    #expect(Metrics.mase(actual: [3], forecast: [3], training: [], season: 1) == nil)
  }
}

@Suite struct Baselines {
  private func forecast(_ baseline: Baseline, _ history: [Double], season: Int = 1) -> [Double] {
    baseline.forecast(history: history, horizon: 4, season: season)
  }

  @Test func byHand() {
    let history = [1.0, 2, 3, 7]
    #expect(forecast(.naive, history) == [7, 7, 7, 7])
    #expect(forecast(.seasonalNaive, history, season: 3) == [2, 3, 7, 2])
    #expect(forecast(.seasonalNaive, history) == [7, 7, 7, 7])
    #expect(forecast(.drift, history) == [9, 11, 13, 15])
    #expect(forecast(.mean, history) == [3.25, 3.25, 3.25, 3.25])
  }

  @Test func missingValues() {
    let history = [gap, 2, 3, 4, gap, 6, gap]
    #expect(forecast(.naive, history) == [6, 6, 6, 6])
    // Phases of a season of 3: after 7 values come the phases of indices 4, 5, 6; 4 was missing, so
    // its value at 1 stands in, and 6's at 3.
    #expect(forecast(.seasonalNaive, history, season: 3) == [2, 6, 4, 2])
    // From 2 at index 1 to 6 at index 5: one a step, and index 7 comes next.
    #expect(forecast(.drift, history) == [8, 9, 10, 11])
    #expect(forecast(.mean, history) == [3.75, 3.75, 3.75, 3.75])
  }

  @Test func shortHistories() {
    for baseline in Baseline.allCases {
      #expect(forecast(baseline, [5], season: 12) == [5, 5, 5, 5])
      #expect(forecast(baseline, [gap, gap]).allSatisfy { $0.isNaN })
      #expect(forecast(baseline, []).allSatisfy { $0.isNaN })
    }
    #expect(forecast(.seasonalNaive, [1, 2, 3], season: 5) == [3, 3, 1, 2])
  }

  /// All origins in one pass say what each history says alone, where nothing is fitted.
  @Test func manyOrigins() {
    let values = [gap, 2, 3, 0.1, gap, 6, gap, 2.7, 2.9, gap, 1]
    let origins = [0, 1, 2, 5, 6, 7, 10, 11]
    for baseline in Baseline.allCases where !baseline.isFitted {
      let batch = FittedBaseline(baseline, to: [], season: 3)
        .forecasts(of: values, origins: origins, horizon: 4)
      let alone = origins.flatMap { forecast(baseline, Array(values[..<$0]), season: 3) }
      #expect(batch.map(\.bitPattern) == alone.map(\.bitPattern), "\(baseline)")
    }
  }

  @Test func aConstantIsContinuedExactly() {
    for baseline in Baseline.allCases {
      #expect(
        forecast(baseline, Array(repeating: 0.1, count: 37), season: 7) == [0.1, 0.1, 0.1, 0.1])
    }
  }
}

/// Those that find parameters in the history.
@Suite struct FittedBaselines {
  private let fitted = Baseline.allCases.filter(\.isFitted)

  private func truth(_ place: Int) -> Double {
    let season = Double(place % 6) * 4
    return 33 + season + 0.3 * Double(place)
  }

  private var values: [Double] {
    var values = (0..<50).map { truth($0) + Double($0 * $0 % 7 - 3) }
    values[9] = gap
    return values
  }

  @Test func followTheSeason() {
    #expect(fitted.map(\.name) == ["naive2", "theta", "ets"])
    for baseline in fitted {
      let forecast = baseline.forecast(history: values, horizon: 9, season: 6)
      for (step, value) in forecast.enumerated() {
        #expect(abs(value - truth(50 + step)) < 7, "\(baseline)")
      }
    }
  }

  /// Fitted once, to what comes before the first origin; the first says the same as fitted anew.
  @Test func oneFitForManyOrigins() {
    for baseline in fitted {
      let model = FittedBaseline(baseline, to: Array(values[..<30]), season: 6)
      let once = model.forecasts(of: values, origins: [30, 41, 50], horizon: 3)
      func anew(_ origin: Int) -> [Double] {
        baseline.forecast(history: Array(values[..<origin]), horizon: 3, season: 6)
      }
      #expect(Array(once[..<3]) == anew(30))
      #expect(Array(once[3...]) != anew(41) + anew(50))
      let short = model.forecasts(of: Array(values[..<41]), origins: [30, 41], horizon: 3)
      #expect(short == Array(once[..<6]), "\(baseline) does not look ahead")
    }
  }
}

/// Bands that a baseline's own errors give.
@Suite struct BaselineBandTests {
  /// Sums of steps that are ±1, with equal chance, from a fixed rule.
  private func walk(_ count: Int) -> [Double] {
    var state: UInt64 = 1
    var value = 0.0
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      value += state >> 63 == 0 ? 1 : -1
      return value
    }
  }

  /// After h steps a random walk is √h away, in root mean square: the band of 80 % is 1.28 of it.
  @Test func thoseOfARandomWalk() throws {
    let values = walk(2000)
    let origins = Array(1000..<1991)
    let (forecasts, intervals) = Baseline.naive.judged(
      on: ForecastSeries(values), origins: origins, horizon: 9, season: 1, levels: [50, 80],
      refits: false,
      minimum: nil)
    #expect(forecasts.count == 991 * 9)
    for step in [0, 3, 8] {
      let width = intervals[1].upper[step] - intervals[1].lower[step]
      let expected = 2 * 1.2816 * Double(step + 1).squareRoot()
      #expect(abs(width / expected - 1) < 0.3, "\(step): \(width), not \(expected)")
    }
    var inside = 0
    for (row, origin) in origins.enumerated() {
      for step in 0..<9 {
        let place = row * 9 + step
        let value = values[origin + step]
        if intervals[1].lower[place] <= value, value <= intervals[1].upper[place] { inside += 1 }
      }
    }
    let coverage = Double(inside) / Double(991 * 9)
    #expect(0.72 < coverage && coverage < 0.88, "\(coverage)")
  }

  @Test func nothingToGoBy() {
    for values in [[3, 3, 3, 3], [3], [1, .nan, .nan, 4]] as [[Double]] {
      for baseline in Baseline.allCases {
        let (forecasts, intervals) = baseline.judged(
          on: ForecastSeries(values), origins: [values.count], horizon: 3, season: 4, levels: [90],
          refits: true, minimum: nil)
        for (step, value) in forecasts.enumerated() {
          #expect(intervals[0].lower[step] <= value && value <= intervals[0].upper[step])
        }
      }
    }
    let (counts, bands) = Baseline.drift.judged(
      on: ForecastSeries([9, 5, 6, 2, 1]), origins: [5], horizon: 4, season: 1, levels: [90],
      refits: true, minimum: 0)
    #expect(counts == [0, 0, 0, 0] && bands[0].lower == counts)
  }

  /// Fitted once, the bands of all origins are as wide; fitted anew they follow the errors.
  @Test func refitting() {
    let values = walk(60) + walk(60).map { 20 * $0 }
    func widths(_ refits: Bool) -> [Double] {
      let (_, intervals) = Baseline.naive.judged(
        on: ForecastSeries(values), origins: [60, 110], horizon: 1, season: 1, levels: [80],
        refits: refits, minimum: nil)
      return zip(intervals[0].upper, intervals[0].lower).map { $0 - $1 }
    }
    #expect(abs(widths(false)[0] - widths(false)[1]) < 1e-12)
    #expect(widths(true)[0] == widths(false)[0])
    #expect(widths(true)[1] > 5 * widths(true)[0])
  }
}
