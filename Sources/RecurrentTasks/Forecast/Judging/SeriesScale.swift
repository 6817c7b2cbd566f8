/// What the scaled errors of a series are measured in: how far apart the values of its training part
/// are that lie a season apart.
///
/// Where no two values a season apart are there, it is those a step apart.
public struct SeriesScale: Sendable, Hashable {
  /// The mean absolute difference; nil without two values to compare.
  public let absolute: Double?
  /// The mean squared difference.
  public let squared: Double?

  /// The root of the mean squared difference.
  var root: Double? { squared?.squareRoot() }

  /// - Parameter training: The values before the forecast; NaN where one is missing.
  public init(of training: [Double], season: Int) {
    self = Self.scales(of: training, origins: [training.count], season: season)[0]
  }

  init(absolute: Double?, squared: Double?) {
    self.absolute = absolute
    self.squared = squared
  }

  /// The scales of the values before each of some origins, in one pass.
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  static func scales(of values: [Double], origins: [Int], season: Int) -> [SeriesScale] {
    let seasonal = differences(of: values, origins: origins, lag: season)
    guard season > 1, seasonal.contains(where: { $0.absolute == nil }) else { return seasonal }
    let neighbouring = differences(of: values, origins: origins, lag: 1)
    return zip(seasonal, neighbouring).map { $0.absolute == nil ? $1 : $0 }
  }

  private static func differences(of values: [Double], origins: [Int], lag: Int) -> [SeriesScale] {
    var (absolute, squared, count) = (0.0, 0.0, 0.0)
    var place = lag
    return origins.map { origin in
      while place < origin {
        let difference = values[place] - values[place - lag]
        if !difference.isNaN {
          absolute += abs(difference)
          squared += difference * difference
          count += 1
        }
        place += 1
      }
      guard count > 0 else { return SeriesScale(absolute: nil, squared: nil) }
      return SeriesScale(absolute: absolute / count, squared: squared / count)
    }
  }
}
