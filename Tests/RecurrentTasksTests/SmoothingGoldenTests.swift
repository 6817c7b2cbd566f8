import RecurrentCore
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

/// Numbers from a numpy implementation of the same recipe that shares no code with this one (it finds
/// the smoothing parameters in arrays of all candidates, and solves the regressions with LAPACK).
@Suite struct SmoothingGolden {
  @Test func airPassengers() throws {
    let directory = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = "/\(directory)/Examples/air-passengers.csv"
    let table = try SeriesTable(parsing: readFile(file), file: file)
    let values = table.series[0].values
    let base = SmoothedBase(
      fitting: values, season: 12, secondSeason: nil, horizon: 12, candidates: .smoothing)
    #expect(base.transform == .log)
    #expect(kinds(base) == "smoothing smoothing smoothing drift regression")
    expectClose(weights(base), [0.037966365, 0.201344868, 0.363181294, 0.166842027, 0.230665447])
    expectClose(
      base.errorScale,
      [
        0.0258454850, 0.0284063921, 0.0300726396, 0.0320578295, 0.0329205419, 0.0348846533,
        0.0364277433, 0.0372518729, 0.0385552791, 0.0404786301, 0.0411887151, 0.0418169089,
      ])
    expectClose(
      base.forecasts(of: values, origins: [144])[0],
      [
        6.1117098007, 6.0536054067, 6.1505507291, 6.2127676994, 6.2418687335, 6.3661006760,
        6.5114800590, 6.4971638176, 6.3200217347, 6.2128283841, 6.0590419504, 6.1604914602,
      ])
    expectClose([sum(base.oneStepResiduals(of: values))], [3.975405593])
  }

  @Test func weeksWithGaps() {
    var values = series(120) { t in 50 + 0.3 * t + 8 * wave(t, 7) + 5 * cos(t * t) }
    for place in stride(from: 5, to: 120, by: 11) { values[place] = .nan }
    let base = SmoothedBase(
      fitting: values, season: 7, secondSeason: nil, horizon: 4, candidates: .smoothing)
    #expect(base.transform == .none)
    #expect(kinds(base) == "smoothing smoothing smoothing drift regression")
    expectClose(weights(base), [0.244426107, 0.283114654, 0.277499061, 0.101152194, 0.093807985])
    expectClose(base.errorScale, [3.303846328, 3.374000761, 3.404096036, 3.390992338])
    expectClose(
      base.forecasts(of: values, origins: [120])[0],
      [92.459326241, 92.825161375, 87.583635630, 80.422709529])
    expectClose([sum(base.oneStepResiduals(of: values))], [336.194948196])
  }

  @Test func aSineWithoutSeason() {
    let values = series(90) { t in 10 * sin(t / 3) + cos(t * t) }
    let base = SmoothedBase(
      fitting: values, season: 1, secondSeason: nil, horizon: 3, candidates: .smoothing)
    #expect(kinds(base) == "smoothing smoothing smoothing drift regression")
    expectClose(weights(base), [0.004182424, 0.012582585, 0.009761832, 0.004435509, 0.969037649])
    expectClose(base.errorScale, [0.721281719, 0.721919448, 0.735247859])
    expectClose(
      base.forecasts(of: values, origins: [90])[0], [-10.538544403, -9.370438033, -7.847837867])
    expectClose([sum(base.oneStepResiduals(of: values))], [76.560513037])
  }

  @Test func weeksOfHours() {
    let values = series(600) { t in 20 + 5 * wave(t, 24) + 3 * wave(t, 168) + cos(t * t) }
    let base = SmoothedBase(
      fitting: values, season: 24, secondSeason: 168, horizon: 3, candidates: .smoothing)
    #expect(kinds(base) == "smoothing smoothing smoothing drift drift smoothing regression")
    expectClose(
      weights(base),
      [
        0.121506448, 0.159921533, 0.160670792, 0.011199883, 0.099851552, 0.245156345, 0.201693447,
      ])
    expectClose(base.errorScale, [0.675714265, 0.639108857, 0.658222817])
    expectClose(
      base.forecasts(of: values, origins: [600])[0], [18.825629917, 19.801355897, 21.057467243])
    expectClose([sum(base.oneStepResiduals(of: values))], [342.958669269])
  }

  private func series(_ count: Int, _ value: (Double) -> Double) -> [Double] {
    (0..<count).map { value(Double($0)) }
  }

  private func wave(_ t: Double, _ period: Double) -> Double { sin(2 * Double.pi * t / period) }

  private func kinds(_ base: SmoothedBase) -> String {
    base.composition.map(\.kind).joined(separator: " ")
  }

  private func weights(_ base: SmoothedBase) -> [Double] {
    base.composition.map(\.weight)
  }

  private func sum(_ residuals: [Double]) -> Double { residuals.reduce(0) { $0 + abs($1) } }

  private func expectClose(
    _ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
      #expect(
        abs(found - expected) <= 1e-7 * abs(expected) + 1e-9, sourceLocation: sourceLocation)
    }
  }
}
