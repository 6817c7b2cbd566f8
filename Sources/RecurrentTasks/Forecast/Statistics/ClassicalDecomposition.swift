/// What a season adds to a series or multiplies it by, by the classical decomposition of R's
/// `decompose`: the mean distance from the moving average over a season at each phase.
///
/// A missing value is NaN and counts nowhere; an average needs three fifths of its season.
struct ClassicalDecomposition: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case additive, multiplicative
  }

  let kind: Kind
  /// By phase, from that of the first value: what is added, 0 on average, or what is multiplied, 1
  /// on average.
  let seasonal: [Double]

  /// nil for less than two seasons, for a phase that was never seen with its average, and for an
  /// average of 0 or less that is to be divided by.
  init?(_ values: some RandomAccessCollection<Double>, season: Int, kind: Kind) {
    let values = Array(values)
    guard season > 1, values.count >= 2 * season else { return nil }
    let centre = movingAverage(values, season: season)
    if kind == .multiplicative, centre.contains(where: { $0 <= 0 }) { return nil }
    var sums = [Double](repeating: 0, count: season)
    var counts = sums
    for place in values.indices where !(values[place] + centre[place]).isNaN {
      sums[place % season] +=
        kind == .additive ? values[place] - centre[place] : values[place] / centre[place]
      counts[place % season] += 1
    }
    guard counts.allSatisfy({ $0 > 0 }) else { return nil }
    let means = zip(sums, counts).map { $0 / $1 }
    let mean = means.reduce(0, +) / Double(season)
    switch kind {
    case .additive: seasonal = means.map { $0 - mean }
    case .multiplicative:
      guard mean > 0 else { return nil }
      seasonal = means.map { $0 / mean }
    }
    self.kind = kind
  }

  /// A value without its season.
  func adjusted(_ value: Double, at place: Int) -> Double {
    switch kind {
    case .additive: value - seasonal[place % seasonal.count]
    case .multiplicative: value / seasonal[place % seasonal.count]
    }
  }

  /// A value without season, with that of its place.
  func restored(_ value: Double, at place: Int) -> Double {
    switch kind {
    case .additive: value + seasonal[place % seasonal.count]
    case .multiplicative: value * seasonal[place % seasonal.count]
    }
  }
}
