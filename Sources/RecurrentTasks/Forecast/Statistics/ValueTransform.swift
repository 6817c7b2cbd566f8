#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What values are turned into before they are modelled, and back from afterwards. All but none need
/// positive values.
///
///     none       w = y
///     log        w = ln y
///     box-cox    w = (y^λ − 1)/λ, ln y for λ = 0        (Box & Cox 1964)
package enum ValueTransform: Sendable, Hashable {
  case none
  case log
  case boxCox(lambda: Double)

  /// NaN for NaN, and for what has no image.
  package func callAsFunction(_ value: Double) -> Double {
    switch self {
    case .none: return value
    case .log: return value > 0 ? Self.logarithm(value) : .nan
    case .boxCox(let lambda):
      guard value > 0 else { return .nan }
      let logarithm = Self.logarithm(value)
      // exp(λ ln y) − 1 loses nothing for a λ near 0.
      return lambda == 0 ? logarithm : expm1(lambda * logarithm) / lambda
    }
  }

  /// The value of an image. An image beyond those of all values, as a forecast may be, has the least or
  /// the largest value.
  package func inverse(_ image: Double) -> Double {
    switch self {
    case .none: return image
    case .log: return min(exp(image), .greatestFiniteMagnitude)
    case .boxCox(let lambda):
      if image.isNaN { return image }
      guard lambda != 0 else { return min(exp(image), .greatestFiniteMagnitude) }
      guard lambda * image > -1 else { return lambda > 0 ? 0 : .greatestFiniteMagnitude }
      return min(exp(log1p(lambda * image) / lambda), .greatestFiniteMagnitude)
    }
  }

  private static func logarithm(_ value: Double) -> Double {
    #if canImport(Glibc)
      Glibc.log(value)
    #elseif canImport(Musl)
      Musl.log(value)
    #else
      Darwin.log(value)
    #endif
  }
}

/// Guerrero's λ (1993): that with which the deviation of each season from its mean, over the mean to
/// the power of 1 − λ, varies least from season to season, between −1 and 2. Without a season, pairs
/// of values take its place. 1 for two seasons or less and where nothing varies.
///
/// As R's `BoxCox.lambda`.
///
/// - Parameter values: Positive, NaN where missing.
package func guerreroLambda(_ values: [Double], season: Int) -> Double {
  let period = max(season, 2)
  let count = values.count / period
  guard values.count > 2 * season, count > 1 else { return 1 }
  // The last seasons that are whole.
  let skipped = values.count - count * period
  let seasons = (0..<count).compactMap { index -> (mean: Double, deviation: Double)? in
    let part = values[(skipped + index * period)..<(skipped + (index + 1) * period)]
    let observed = part.filter { !$0.isNaN }
    guard observed.count > 1 else { return nil }
    let moments = Moments(observed)
    return moments.mean > 0 ? (moments.mean, moments.deviation) : nil
  }
  guard seasons.count > 1, seasons.contains(where: { $0.deviation > 0 }) else { return 1 }
  func variation(_ lambda: Double) -> Double {
    let ratios = Moments(seasons.map { $0.deviation / pow($0.mean, 1 - lambda) })
    return ratios.deviation / ratios.mean
  }
  // There may be more than one hollow: the deepest of a grid, then golden sections.
  let grid = (0...30).map { -1 + 0.1 * Double($0) }
  let heights = grid.map(variation)
  let deepest = heights.indices.min { (heights[$0], $0) < (heights[$1], $1) }!
  var (low, high) = (grid[max(deepest - 1, 0)], grid[min(deepest + 1, grid.count - 1)])
  let golden = (5.0.squareRoot() - 1) / 2
  for _ in 0..<60 {
    let (left, right) = (high - golden * (high - low), low + golden * (high - low))
    if variation(left) <= variation(right) { high = right } else { low = left }
  }
  return min(max((low + high) / 2, -1), 2)
}

/// Mean, and deviation with one off the count.
private struct Moments {
  let mean, deviation: Double

  init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    self.mean = mean
    deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
  }
}
