#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Autoregression {
  /// The regression with the least AICc (Hurvich & Tsai 1989) of those on the last values and those
  /// on the last values and the values around one and two seasons ago; nil where the values suffice
  /// for none.
  static func best(
    fitting values: [Double], season: Int, secondSeason: Int?
  ) -> Autoregression? {
    var best: (regression: Autoregression, criterion: Double)?
    for lags in lagSets(season: season, secondSeason: secondSeason, count: values.count) {
      guard let fitted = fitted(values, lags: lags) else { continue }
      if fitted.criterion < best?.criterion ?? .infinity { best = fitted }
    }
    return best?.regression
  }

  static func lagSets(season: Int, secondSeason: Int?, count: Int) -> [[Int]] {
    let orders = Set([1, 2, 3, 4, 6, 8, 12, season, season + 1, 2 * season, 2 * season + 1])
    var sets = orders.filter { $0 <= min(count / 4, 50) }.sorted().map { Array(1...$0) }
    if season >= 4 {
      let around = [season, 2 * season] + (secondSeason.map { [$0] } ?? [])
      let lags = Set([1, 2, 3] + around.flatMap { [$0 - 1, $0, $0 + 1] }).sorted()
      if lags[lags.count - 1] <= count / 3, lags.count + 1 <= count / 4 { sets.append(lags) }
    }
    return sets
  }

  /// Least squares, with a touch of ridge so that lags which say the same share what they say, over
  /// all values that neither miss nor are preceded by a missing one at a lag.
  ///
  /// The criterion is ln(mean squared error) + 2k / (N − k − 1), of N values and k coefficients.
  private static func fitted(
    _ values: [Double], lags: [Int]
  ) -> (regression: Autoregression, criterion: Double)? {
    let size = lags.count + 1
    let times = (lags[lags.count - 1]..<values.count).filter { time in
      !values[time].isNaN && lags.allSatisfy { !values[time - $0].isNaN }
    }
    guard times.count >= size + 4 else { return nil }
    let count = Double(times.count)
    let mean = times.reduce(0) { $0 + values[$1] } / count
    let squares = times.reduce(0) { $0 + (values[$1] - mean) * (values[$1] - mean) }
    let deviation = (squares / count).squareRoot() + 1e-12
    let scaled = values.map { ($0 - mean) / deviation }

    var equations = NormalEquations(size: size)
    var row = [Double](repeating: 1, count: size)
    for time in times {
      for index in lags.indices { row[index] = scaled[time - lags[index]] }
      equations.add(row, target: scaled[time])
    }
    guard let solution = equations.solved(ridge: 1e-8 * count) else { return nil }
    var error = 0.0
    for time in times {
      var forecast = solution[size - 1]
      for index in lags.indices { forecast += solution[index] * scaled[time - lags[index]] }
      error += (scaled[time] - forecast) * (scaled[time] - forecast)
    }
    let criterion =
      log(error / count * deviation * deviation + 1e-300)
      + 2 * Double(size) / Double(max(times.count - size - 1, 1))
    guard criterion.isFinite else { return nil }
    let regression = Autoregression(
      lags: lags, coefficients: Array(solution.dropLast()), intercept: solution[size - 1],
      mean: mean, deviation: deviation)
    return (regression, criterion)
  }
}

/// XᵀX c = Xᵀy, summed up row by row.
private struct NormalEquations {
  let size: Int
  /// The lower triangle of XᵀX, row-major in a square.
  private var matrix: [Double]
  private var right: [Double]

  init(size: Int) {
    self.size = size
    matrix = Array(repeating: 0, count: size * size)
    right = Array(repeating: 0, count: size)
  }

  mutating func add(_ row: [Double], target: Double) {
    for i in 0..<size {
      let factor = row[i]
      for j in 0...i { matrix[i * size + j] += factor * row[j] }
      right[i] += factor * target
    }
  }

  /// c of (XᵀX + ridge · I) c = Xᵀy, by Cholesky's method; nil where rounding leaves no solution.
  consuming func solved(ridge: Double) -> [Double]? {
    var (lower, solution) = (matrix, right)
    for i in 0..<size {
      for j in 0...i {
        var sum = lower[i * size + j] + (i == j ? ridge : 0)
        for k in 0..<j { sum -= lower[i * size + k] * lower[j * size + k] }
        if i == j {
          guard sum > 0, sum.isFinite else { return nil }
          lower[i * size + i] = sum.squareRoot()
        } else {
          lower[i * size + j] = sum / lower[j * size + j]
        }
      }
    }
    for i in 0..<size {
      for k in 0..<i { solution[i] -= lower[i * size + k] * solution[k] }
      solution[i] /= lower[i * size + i]
    }
    for i in (0..<size).reversed() {
      for k in i + 1..<size { solution[i] -= lower[k * size + i] * solution[k] }
      solution[i] /= lower[i * size + i]
    }
    return solution.allSatisfy(\.isFinite) ? solution : nil
  }
}
