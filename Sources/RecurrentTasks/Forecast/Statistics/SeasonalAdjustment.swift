/// The season that a method without one takes out of a series first, as the M4 competition's
/// benchmarks do: if the data show it, by classical decomposition.
struct SeasonalAdjustment: Sendable, Hashable {
  /// nil where there is nothing to take out.
  let decomposition: ClassicalDecomposition?

  /// Divides by the season; where values are not positive, or a phase has next to nothing left,
  /// subtracts it.
  ///
  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none.
  init(_ values: [Double], season: Int) {
    guard isSeasonal(values, season: season) else {
      decomposition = nil
      return
    }
    if values.allSatisfy({ $0.isNaN || $0 > 0 }),
      let product = ClassicalDecomposition(values, season: season, kind: .multiplicative),
      product.seasonal.allSatisfy({ $0 >= 0.01 })
    {
      decomposition = product
    } else {
      decomposition = ClassicalDecomposition(values, season: season, kind: .additive)
    }
  }

  /// A value without its season.
  func adjusted(_ value: Double, at place: Int) -> Double {
    decomposition?.adjusted(value, at: place) ?? value
  }

  /// A value without season, with that of its place.
  func restored(_ value: Double, at place: Int) -> Double {
    decomposition?.restored(value, at: place) ?? value
  }
}

/// Whether the autocorrelation at the season's length is larger than chance would have it in 90 % of
/// all cases, given those before it: the test of the M4 competition (Makridakis et al. 2020), for
/// three seasons at least.
///
/// - Parameter values: NaN where missing; pairs with a missing value do not count.
func isSeasonal(_ values: [Double], season: Int) -> Bool {
  guard season > 1, values.count >= 3 * season else { return false }
  let observed = values.filter { !$0.isNaN }
  guard !observed.isEmpty else { return false }
  let mean = observed.reduce(0, +) / Double(observed.count)
  let centred = values.map { $0.isNaN ? 0 : $0 - mean }
  let variance = centred.reduce(0) { $0 + $1 * $1 }
  guard variance > 0, variance.isFinite else { return false }
  var squares = 0.0
  for lag in 1...season {
    var products = 0.0
    for place in lag..<centred.count { products += centred[place] * centred[place - lag] }
    let correlation = products / variance
    if lag == season {
      return abs(correlation) > 1.645 * ((1 + 2 * squares) / Double(observed.count)).squareRoot()
    }
    squares += correlation * correlation
  }
  return false
}
