extension ExponentialSmoothing.State {
  /// The state before the first value, from the first seasons or, without a season, the first ten
  /// values, as Hyndman & Khandakar (2008) find it: the season from a classical decomposition, level
  /// and slope from what is left, by a line through it.
  init(startOf values: [Double], season: Int, isMultiplicative: Bool = false, hasSlope: Bool) {
    guard season > 1 else {
      let first = Array(values.lazy.filter { !$0.isNaN }.prefix(10))
      self.init(through: first, flatOver: 5, hasSlope: hasSlope, seasonal: [0])
      return
    }
    let seasonal = Self.seasonal(
      Array(values.prefix(min(values.count / season, 3) * season)), season: season,
      isMultiplicative: isMultiplicative)
    let rest = values.prefix(2 * season).enumerated().map { place, value in
      isMultiplicative ? value / seasonal[place % season] : value - seasonal[place % season]
    }
    self.init(through: rest, flatOver: season, hasSlope: hasSlope, seasonal: seasonal)
  }

  /// Level and slope of the line through values, or the mean of so many of them without a slope.
  private init(through values: [Double], flatOver count: Int, hasSlope: Bool, seasonal: [Double]) {
    let line = LeastSquaresLine(through: values)
    let mean = values.prefix(count).observedMean ?? values.observedMean ?? 0
    self.init(
      level: hasSlope ? line.start : mean, slope: hasSlope ? line.slope : 0, seasonal: seasonal)
  }

  /// The mean distance from the moving average at each phase, with mean 0, or the mean ratio to it,
  /// with mean 1.
  private static func seasonal(
    _ values: [Double], season: Int, isMultiplicative: Bool
  ) -> [Double] {
    let centre = movingAverage(values, season: season)
    let means = (0..<season).map { phase in
      stride(from: phase, to: values.count, by: season).map {
        isMultiplicative ? values[$0] / centre[$0] : values[$0] - centre[$0]
      }.observedMean ?? (isMultiplicative ? 1 : 0)
    }
    let mean = means.reduce(0, +) / Double(season)
    return means.map { isMultiplicative ? $0 / mean : $0 - mean }
  }
}

extension Sequence<Double> {
  /// The mean of the values that are not missing (NaN); nil if all are.
  var observedMean: Double? {
    var sum = 0.0
    var count = 0.0
    for value in self where !value.isNaN {
      sum += value
      count += 1
    }
    return count > 0 ? sum / count : nil
  }
}
