/// How far the cycles of a season are alike, which a test of autocorrelations cannot say of a season
/// that is smooth: all lags before its length are correlated too, and make it expect less.
///
/// Each cycle is freed of the parabola through its mean and its neighbours', which no season moves. Without a season
/// two cycles then agree or disagree by chance, however alike neighbouring steps are: the
/// correlations r of all pairs are about 0, each as uncertain as it is large. So Σ r / √(Σ r²) is about
/// normal, and positive only by chance.
struct CycleAgreement {
  /// Σ r / √(Σ r²); nil where there are fewer than three pairs, or nothing in them.
  let score: Double?

  /// Whether the agreement is larger than chance would have it in 95 % of all cases.
  var isClear: Bool { score.map { $0 > 1.645 } ?? false }

  /// - Parameters:
  ///   - series: Each ends with its last cycle; NaN where missing. Cycles of several series are
  ///     averaged, counted from the end, since series may share what happens to them.
  ///   - season: Steps of a cycle.
  init(_ series: [[Double]], season: Int) {
    guard season > 1 else {
      score = nil
      return
    }
    let cycles = series.map { Self.deviations($0, season: season) }.filter { $0.count > 1 }
    let most = cycles.lazy.map(\.count).max() ?? 0
    var agreements: [Double]
    if most < 3 {
      // One pair of each is all there is.
      agreements = cycles.map { Self.correlation($0[0], $0[1]) }
    } else {
      agreements = Array(repeating: 0, count: most * (most - 1) / 2)
      for own in cycles {
        for late in 1..<own.count {
          for early in 0..<late {
            agreements[late * (late - 1) / 2 + early] += Self.correlation(own[late], own[early])
          }
        }
      }
    }
    let squares = agreements.reduce(0) { $0 + $1 * $1 }
    score =
      agreements.count < 3 || !(squares > 0)
      ? nil : agreements.reduce(0, +) / squares.squareRoot()
  }

  /// The last hundred cycles, the last one first; 0 where a value is missing.
  private static func deviations(_ values: [Double], season: Int) -> [[Double]] {
    let count = min(values.count / season, 100)
    guard count > 1 else { return [] }
    let cycles = (1...count).map { back in
      values[(values.count - back * season)..<(values.count - (back - 1) * season)]
    }
    let means = cycles.map { cycle in
      let observed = cycle.filter { $0.isFinite }
      return observed.reduce(0, +) / Double(observed.count)
    }
    let size = Double(season)
    return cycles.indices.map { index in
      // Of three neighbours in time, the first and the last cycle being beside the middle one.
      let middle = min(max(index, 1), max(count - 2, 1))
      let (later, earlier) = (means[middle - 1], means[min(middle + 1, count - 1)])
      let span = Double(min(middle + 1, count - 1) - middle + 1)
      let slope = (later - earlier) / (span * size)
      let curvature = span == 2 ? (later - 2 * means[middle] + earlier) / (size * size) : 0
      let trend = (0..<season).map { place in
        let time = Double(middle - index) * size + Double(place) - (size - 1) / 2
        return time * (slope + curvature / 2 * time)
      }
      let values = zip(cycles[index], trend).map { $0 - $1 }
      let observed = values.filter { $0.isFinite }
      let mean = observed.reduce(0, +) / Double(observed.count)
      var deviations = values.map { $0.isFinite ? $0 - mean : 0 }
      // Rounding alone is no deviation.
      let magnitude = cycles[index].lazy.filter(\.isFinite).map(abs).max() ?? 0
      if deviations.allSatisfy({ abs($0) <= 1e-9 * magnitude }) {
        deviations = Array(repeating: 0, count: season)
      }
      return deviations
    }
  }

  private static func correlation(_ one: [Double], _ other: [Double]) -> Double {
    var (products, squares, others) = (0.0, 0.0, 0.0)
    for (a, b) in zip(one, other) {
      products += a * b
      squares += a * a
      others += b * b
    }
    let size = squares.squareRoot() * others.squareRoot()
    return size > 0 && size.isFinite ? products / size : 0
  }
}
