import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The largest distance from what the formula goes on with, in values.
private func error(
  continuing count: Int, season: Int = 1, secondSeason: Int? = nil, horizon: Int = 12,
  _ value: (Double) -> Double
) -> Double {
  let values = series(count, value)
  let base = SmoothedBase(
    fitting: values, season: season, secondSeason: secondSeason, horizon: horizon)
  let forecasts = base.forecasts(of: values, origins: [count])[0]
  return forecasts.enumerated().map {
    abs(base.value(ofWorking: $1) - value(Double(count + $0)))
  }.max() ?? 0
}

@Suite struct SmoothingContinues {
  @Test(arguments: [8, 30, 200]) func ramps(count: Int) {
    #expect(error(continuing: count) { 5 - 3 * $0 } < 1e-6)
    #expect(error(continuing: count, season: 12) { 1000 + 0.5 * $0 } < 1e-6)
  }

  @Test(arguments: [7.3, 12, 17.3, 40]) func sinesOfUnknownPeriod(period: Double) {
    #expect(error(continuing: 200, horizon: 20) { wave($0, period) } < 0.01)
    #expect(error(continuing: 200, horizon: 20) { 80 + 3 * wave($0, period) } < 0.03)
  }

  @Test(arguments: [(30, 4), (36, 12), (300, 24)]) func seasons(count: Int, season: Int) {
    let pattern = { (t: Double) in cos(pow(t.truncatingRemainder(dividingBy: Double(season)), 2)) }
    #expect(error(continuing: count, season: season) { 7 * pattern($0) } < 0.01)
    #expect(error(continuing: count, season: season) { 0.2 * $0 + 7 * pattern($0) } < 0.2)
  }

  @Test func growthThatGrows() {
    let values = series(60) { exp(0.04 * $0 + 0.3 * wave($0, 12)) }
    let base = SmoothedBase(fitting: values, season: 12, secondSeason: nil, horizon: 6)
    #expect(base.transform == .log)
    #expect(error(continuing: 60, season: 12) { exp(0.04 * $0 + 0.3 * wave($0, 12)) } < 0.2)
  }

  @Test func weeksOfHours() {
    let value = { (t: Double) in
      10 + 3 * wave(t, 24) + (t.truncatingRemainder(dividingBy: 168) < 48 ? -4 : 0)
    }
    let known = error(continuing: 600, season: 24, secondSeason: 168, horizon: 168, value)
    let unknown = error(continuing: 600, season: 24, horizon: 168, value)
    #expect(known < 2)
    #expect(unknown > 2 * known)
  }
}

@Suite struct SmoothingInvariants {
  /// Trend, season, noise and gaps.
  static func plain(_ count: Int) -> [Double] {
    var values = series(count) { 60 + 0.2 * $0 + 9 * wave($0, 12) + 4 * cos($0 * $0) }
    for place in stride(from: 7, to: count, by: 13) { values[place] = .nan }
    return values
  }

  static func fitted(_ values: [Double], horizon: Int = 5) -> SmoothedBase {
    SmoothedBase(fitting: values, season: 12, secondSeason: 30, horizon: horizon)
  }

  @Test func laterValuesChangeNothing() {
    let values = Self.plain(120)
    let base = Self.fitted(values)
    let origins = [0, 1, 5, 13, 30, 61, 119]
    let forecasts = base.forecasts(of: values, origins: origins)
    for (place, origin) in origins.enumerated() {
      for other in [Double.nan, 1e9, 1] {
        let changed = values[..<origin] + Array(repeating: other, count: 120 - origin)
        #expect(
          base.forecasts(of: Array(changed), origins: [origin])[0].map(\.bitPattern)
            == forecasts[place].map(\.bitPattern))
      }
      #expect(
        base.forecasts(of: Array(values[..<origin]), origins: [origin])[0].map(\.bitPattern)
          == forecasts[place].map(\.bitPattern))
    }
  }

  @Test func missingAtTheStartIsFilledFromTheFit() {
    let base = Self.fitted(Self.plain(120))
    let early = [Double.nan, .nan] + Self.plain(20)
    let late = early + [1e6]
    #expect(
      base.forecasts(of: early, origins: [3, 9]) == base.forecasts(of: late, origins: [3, 9]))
    let filled = base.filled(base.working(early))
    #expect(filled.allSatisfy { $0.isFinite })
    #expect(filled[0] == filled[1])
    #expect(filled[2] == base.working(early)[2])
  }

  @Test func residualsAreOfTheFirstStep() {
    let values = Self.plain(90)
    let base = Self.fitted(values)
    let residuals = base.oneStepResiduals(of: values)
    let working = base.working(values)
    let first = base.season + 1
    #expect(residuals[..<first].allSatisfy { $0 == 0 })
    for origin in first..<90 {
      let forecast = base.forecasts(of: values, origins: [origin])[0][0]
      #expect(residuals[origin] == (working[origin].isNaN ? 0 : working[origin] - forecast))
    }
  }

  @Test(arguments: [1e-6, 1000]) func unitsDoNotMatter(scale: Double) {
    let values = Self.plain(100)
    let base = Self.fitted(values)
    let other = Self.fitted(values.map { $0 * scale })
    #expect(base.transform == other.transform)
    let forecasts = base.forecasts(of: values, origins: [100])[0]
    let others = other.forecasts(of: values.map { $0 * scale }, origins: [100])[0]
    for (a, b) in zip(forecasts, others) {
      let (a, b) = (base.value(ofWorking: a) * scale, other.value(ofWorking: b))
      #expect(abs(a - b) < 1e-5 * abs(a))
    }
  }

  @Test func theErrorScaleIsOfEachStep() {
    let values = Self.plain(100)
    let base = Self.fitted(values, horizon: 12)
    #expect(base.horizon == 12)
    #expect(base.errorScale.count == 12)
    #expect(zip(base.errorScale, base.errorScale.dropFirst()).allSatisfy { $1 > 0.5 * $0 })
    let mean = base.errorScale.reduce(0, +) / 12
    #expect(abs(base.meanErrorScale - mean) < 1e-12 * mean)
  }

  @Test func theSameEveryTime() {
    #expect(Self.fitted(Self.plain(100)) == Self.fitted(Self.plain(100)))
  }
}

/// What the statistics work on, where it is given.
@Suite struct SmoothingOfForms {
  private func base(
    _ values: [Double], _ transform: ForecastConfiguration.Transform
  ) -> SmoothedBase {
    SmoothedBase(
      fitting: values, season: 12, secondSeason: nil, horizon: 7, transform: transform)
  }

  /// The square root of these has a line, a season of one height and noise of one size: λ = ½ suits them
  /// better than the values themselves and their logarithms.
  @Test func boxCoxFindsTheSquareRoot() {
    let values = series(107) { pow(9 + 0.3 * $0 + 3 * wave($0, 12) + 0.5 * cos($0 * $0), 2) }
    let known = Array(values[..<100])
    let found = base(known, .boxCox)
    guard case .boxCox(let lambda) = found.transform else {
      Issue.record("\(found.transform) instead of Box-Cox")
      return
    }
    #expect(abs(lambda - 0.5) < 0.1)
    func error(_ base: SmoothedBase) -> Double {
      base.forecasts(of: known, origins: [100])[0].enumerated().map {
        abs(base.value(ofWorking: $1) - values[100 + $0])
      }.reduce(0, +)
    }
    #expect(error(found) < error(base(known, .none)))
    #expect(error(found) < error(base(known, .log)))
  }

  /// A walk whose steps depend on the steps before: differences are all there is to know.
  @Test func differencesGoOn() {
    var values = [100.0, 101]
    for time in 2..<90 {
      let step = 0.6 * (values[time - 1] - values[time - 2])
      values.append(values[time - 1] + step + 3 * wave(Double(time), 12))
    }
    let known = Array(values[..<80])
    let base = base(known, .difference)
    #expect(base.composition.allSatisfy { ["regression", "smoothing"].contains($0.kind) })
    let forecast = base.forecasts(of: known, origins: [80])[0]
    for (place, value) in forecast.enumerated() { #expect(abs(value - values[80 + place]) < 0.3) }
  }

  @Test(arguments: ForecastConfiguration.Transform.allCases)
  func unitsAndGapsAndLaterValues(transform: ForecastConfiguration.Transform) {
    let values = SmoothingInvariants.plain(101)
    let base = base(values, transform)
    switch transform {
    case .automatic: #expect([.none, .log].contains(base.transform))
    case .none, .difference: #expect(base.transform == .none)
    case .log: #expect(base.transform == .log)
    case .boxCox:
      #expect(
        base.transform
          == .boxCox(lambda: min(max(guerreroLambda(values, season: 12), 0), 1)))
    }
    let origins = [0, 1, 8, 9, 40, 101]
    let forecasts = base.forecasts(of: values, origins: origins)
    for (row, origin) in zip(forecasts, origins) where origin > 0 {
      let prefix = Array(values[..<origin])
      #expect(
        base.forecasts(of: prefix, origins: [origin])[0].map(\.bitPattern)
          == row.map(\.bitPattern))
    }
    #expect(forecasts[5].allSatisfy { (20...140).contains(base.value(ofWorking: $0)) })
    let other = self.base(values.map { $0 * 1000 }, transform)
    let others = other.forecasts(of: values.map { $0 * 1000 }, origins: [101])[0]
    for (a, b) in zip(forecasts[5], others) {
      let (a, b) = (base.value(ofWorking: a) * 1000, other.value(ofWorking: b))
      #expect(abs(a - b) < 1e-4 * abs(a))
    }
  }

  /// Over a gap before the origin differences add up to what the gap is filled with.
  @Test func differencesOverAGap() {
    var values = series(40) { 7 + 3 * $0 }
    for place in [11, 37, 38, 39] { values[place] = .nan }
    let forecast = base(values, .difference).forecasts(of: values, origins: [40])[0]
    for (step, value) in forecast.enumerated() {
      #expect(abs(value - (7 + 3 * Double(40 + step))) < 1e-6)
    }
  }

  /// Here and there a series of a table may not be positive after its cutoff moved.
  @Test(arguments: [ForecastConfiguration.Transform.log, .boxCox])
  func whatIsNotPositiveStaysAsItIs(transform: ForecastConfiguration.Transform) {
    #expect(base(series(40) { $0 - 3 }, transform).transform == .none)
  }
}

@Suite struct SmoothingOfAnything {
  static let hostile: [[Double]] = {
    let count = 60
    var one = [Double](repeating: .nan, count: count)
    one[31] = 4
    var spike = [Double](repeating: 1, count: count)
    spike[40] = 1e300
    var gap = series(count) { 10 + $0 }
    for place in 5..<45 { gap[place] = .nan }
    var halfMissing = series(count) { 3 + wave($0, 12) }
    for place in stride(from: 0, to: count, by: 2) { halfMissing[place] = .nan }
    let extremes: [Double] = [.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, -1]
    return [
      [], [7], [0], [.nan], [.nan, 3], [3, .nan], [1, 2], [-1, 1, -1], [5, 5, 5, 5],
      Array(repeating: .nan, count: count), one, spike, gap, halfMissing,
      Array(repeating: 0, count: count), Array(repeating: -0.1, count: count),
      Array(repeating: 1e300, count: count), Array(repeating: 1e-300, count: count),
      series(count) { 1e300 * (1 + wave($0, 12)) }, series(count) { 1e300 * wave($0, 12) },
      series(count) { 1e-300 * (2 + wave($0, 12)) },
      series(count) { 1e-300 * 1e-10 * cos($0 * $0) },
      series(count) { $0.truncatingRemainder(dividingBy: 2) == 0 ? 1 : -1 },
      series(count) { $0.truncatingRemainder(dividingBy: 2) == 0 ? 1.7e308 : -1.7e308 },
      series(count) { $0.truncatingRemainder(dividingBy: 2) == 0 ? 1e-300 : 1e300 },
      series(count) { exp($0 * 10) }, series(count) { exp(-$0 * 10) }, series(count) { -exp($0) },
      series(count) { $0 == 20 ? .infinity : $0 == 30 ? -.infinity : $0 },
      series(count) { extremes[Int($0) % 4] }, series(count) { 1e15 + cos($0 * $0) },
    ]
  }()

  @Test(arguments: hostile.indices) func isFinite(index: Int) throws {
    let values = Self.hostile[index]
    let longer = values + [0, -3, .nan, 1e300, 1e-300, 5] + values.prefix(20)
    for season in [1, 2, 4, 12, 24, 1000] {
      for horizon in [1, 3, 30] {
        let base = SmoothedBase(
          fitting: values, season: season, secondSeason: season == 4 ? 12 : nil, horizon: horizon)
        #expect(base.errorScale.allSatisfy { $0 > 0 && $0.isFinite })
        #expect(base.meanErrorScale.isFinite)
        let forecasts = base.forecasts(of: values, origins: [values.count])[0]
        #expect(forecasts.count == horizon)
        let isObserved = values.contains(where: \.isFinite)
        #expect(forecasts.allSatisfy { isObserved ? $0.isFinite : $0.isNaN })
        #expect(forecasts.allSatisfy { !isObserved || base.value(ofWorking: $0).isFinite })
        for row in base.forecasts(of: longer, origins: Array(0...longer.count)) {
          #expect(row.allSatisfy { $0.isFinite || $0.isNaN })
        }
        #expect(base.oneStepResiduals(of: longer).allSatisfy { $0.isFinite })
        #expect(base.filled(base.working(longer)).allSatisfy { $0.isFinite })
      }
    }
  }

  @Test func aConstantStaysItself() {
    for value in [0, 5, -0.1, 1e300] {
      let values = [Double](repeating: value, count: 40)
      let base = SmoothedBase(fitting: values, season: 12, secondSeason: nil, horizon: 3)
      for forecast in base.forecasts(of: values, origins: [40])[0] {
        #expect(abs(base.value(ofWorking: forecast) - value) <= 1e-9 * abs(value))
      }
    }
  }
}
