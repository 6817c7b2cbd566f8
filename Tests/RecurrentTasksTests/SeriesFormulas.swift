import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// So many values of a function of time, from 0 on.
func series(_ count: Int, _ value: (Double) -> Double) -> [Double] {
  (0..<count).map { value(Double($0)) }
}

func wave(_ t: Double, _ period: Double) -> Double { sin(2 * Double.pi * t / period) }

/// Marsaglia's xorshift: the same numbers everywhere.
struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

/// A method with parameters, which forecasts from any origin of a series.
protocol FittedMethod {
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double]
}

extension ETS: FittedMethod {}
extension ComplexSmoothing: FittedMethod {}

extension FittedMethod {
  /// What it says at an origin depends on the values before it only.
  func expectIndependentOrigins(
    of values: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let origins = [0, 17, 17, 40, values.count]
    let together = forecasts(of: values, origins: origins, horizon: 5)
    for (row, origin) in origins.enumerated() {
      let alone = forecasts(of: Array(values[..<origin]), origins: [origin], horizon: 5)
      #expect(Array(together[row * 5..<row * 5 + 5]) == alone, sourceLocation: sourceLocation)
    }
  }
}

/// A season of 7 on a line, with something like noise and every eighth value missing.
enum SeasonWithGaps {
  static var values: [Double] {
    var values = series(93) { 40 + 0.2 * $0 + 9 * wave($0, 7) + 2 * cos($0 * $0) }
    for place in stride(from: 3, to: 93, by: 8) { values[place] = .nan }
    return values
  }

  /// A method fitted to them finds the season and the line, and one more missing value leaves its
  /// forecast of the time behind that as it was.
  static func expectNoErrors(
    of model: some FittedMethod, within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let truth = series(107) { 40 + 0.2 * $0 + 9 * wave($0, 7) }[93...]
    for (found, expected) in zip(model.forecasts(of: values, origins: [93], horizon: 14), truth) {
      #expect(abs(found - expected) < tolerance, sourceLocation: sourceLocation)
    }
    expectClose(
      model.forecasts(of: values + [.nan], origins: [94], horizon: 3),
      Array(model.forecasts(of: values, origins: [93], horizon: 4)[1...]), within: 1e-12,
      sourceLocation: sourceLocation)
  }
}
