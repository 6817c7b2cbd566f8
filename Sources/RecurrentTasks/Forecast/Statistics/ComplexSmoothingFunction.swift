#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the weights of ``ComplexSmoothing`` are to make small, n/2 · ln Σ ε² + Σ (o − õ)²/2, as a
/// function of numbers without bounds: the log-odds o of the weights within their bounds, õ in the middle.
package struct ComplexSmoothingFunction: SmoothFunction {
  /// Errors below that are those of rounding.
  static let leastSquares = 1e-28
  private static let lowest = 0.01

  /// What is believed before any value is seen.
  package let middle: [Double]
  private let search: ComplexSmoothingSearch
  private var slopes: [Double] = []

  init(_ search: ComplexSmoothingSearch) {
    self.search = search
    let weights: [Double] =
      switch search.form {
      case .none, .simple: [1.3, 1]
      case .partial: [1.3, 1, 0.1]
      case .full: [1.3, 1, 1.3, 1]
      }
    middle = weights.enumerated().map { place, weight in
      let highest = Self.highest(place, in: search.form, after: weights[0])
      return log((weight - Self.lowest) / (highest - weight))
    }
  }

  /// - Parameter values: About 1, NaN where missing.
  /// - Returns: nil for values too few.
  package init?(_ form: ComplexSmoothing.Form, of values: [Double], season: Int) {
    guard let search = ComplexSmoothingSearch(form, values, season: season) else { return nil }
    self.init(search)
  }

  private static func highest(
    _ place: Int, in form: ComplexSmoothing.Form, after first: Double
  ) -> Double {
    switch place {
    case 0: 1.8
    case 1: 1.9
    default: form == .partial ? 2 - first : 1.5
    }
  }

  private func share(_ odds: Double) -> Double { 1 / (1 + exp(-odds)) }

  /// α₀, α₁, β₀ and β₁; 0 for those that the form has not.
  func weights(at point: [Double]) -> SIMD4<Double> {
    var weights = SIMD4<Double>.zero
    for (place, odds) in point.enumerated() {
      let highest = Self.highest(place, in: search.form, after: weights[0])
      weights[place] = Self.lowest + (highest - Self.lowest) * share(odds)
    }
    return weights
  }

  package mutating func value(at point: [Double]) -> Double {
    let weights = weights(at: point)
    guard search.form.forgets(weights, season: search.season) else { return .infinity }
    let rule = ComplexSmoothingRule<ComplexSmoothingTangent>(search.form, weights)
    let start = rule.backCast(search.values, from: ComplexSmoothingState(search.guess))
    let sum = rule.squares(search.values, from: start)
    let squares = max(sum.value, Self.leastSquares)
    let half = Double(search.observedCount) / 2
    var byWeight = half / squares * sum.slopes
    // The highest β₀ falls as α₀ rises.
    if search.form == .partial { byWeight[0] -= byWeight[2] * share(point[2]) }
    var value = half * log(squares)
    slopes = []
    for (place, odds) in point.enumerated() {
      let highest = Self.highest(place, in: search.form, after: weights[0])
      let part = share(odds)
      let distance = odds - middle[place]
      value += distance * distance / 2
      slopes.append(
        byWeight[place] * (highest - Self.lowest) * part * (1 - part) + distance)
    }
    return value.isFinite ? value : .infinity
  }

  package mutating func gradient() -> [Double] { slopes }
}
