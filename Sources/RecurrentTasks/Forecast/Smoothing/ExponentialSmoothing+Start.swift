extension ExponentialSmoothing.State {
  /// The state before the first value, from the first seasons or, without a season, the first ten
  /// values, as Hyndman & Khandakar (2008) find it: the season from a classical decomposition, level
  /// and slope from what is left, by a line through it.
  init(startOf values: [Double], season: Int, isMultiplicative: Bool = false, hasSlope: Bool) {
    guard season > 1 else {
      let first = Array(values.lazy.filter { !$0.isNaN }.prefix(10))
      let line = hasSlope ? Line(through: first) : Line(start: first.prefix(5).observedMean ?? 0)
      self.init(level: line.start, slope: line.slope, seasonal: [0])
      return
    }
    let seasonal = Self.seasonal(
      Array(values.prefix(min(values.count / season, 3) * season)), season: season,
      isMultiplicative: isMultiplicative)
    let rest = values.prefix(2 * season).enumerated().map { place, value in
      isMultiplicative ? value / seasonal[place % season] : value - seasonal[place % season]
    }
    let line =
      hasSlope
      ? Line(through: rest)
      : Line(start: rest.prefix(season).observedMean ?? rest.observedMean ?? 0)
    self.init(level: line.start, slope: line.slope, seasonal: seasonal)
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

  /// The mean over a season centred on each value, the ends of an even one counting half; NaN where
  /// the window reaches over an end or three fifths of it are not there.
  private static func movingAverage(_ values: [Double], season: Int) -> [Double] {
    let reach = season / 2
    let endWeight = season.isMultiple(of: 2) ? 0.5 : 1
    return values.indices.map { place in
      guard place >= reach, place + reach < values.count else { return .nan }
      var sum = 0.0
      var weight = 0.0
      for offset in -reach...reach where !values[place + offset].isNaN {
        let part = abs(offset) == reach ? endWeight : 1
        sum += part * values[place + offset]
        weight += part
      }
      return weight >= 0.6 * Double(season) ? sum / weight : .nan
    }
  }
}

/// y_t = start + slope · t, t = 1, 2, …
private struct Line {
  var start: Double
  var slope: Double

  init(start: Double, slope: Double = 0) {
    self.start = start
    self.slope = slope
  }

  /// The line of least squares through values at t = 1, 2, …; NaN is no value.
  init(through values: [Double]) {
    let times = values.indices.filter { !values[$0].isNaN }.map { Double($0 + 1) }
    let values = values.filter { !$0.isNaN }
    guard let time = times.observedMean, let value = values.observedMean else {
      self.init(start: 0)
      return
    }
    var products = 0.0
    var squares = 0.0
    for (t, y) in zip(times, values) {
      products += (t - time) * y
      squares += (t - time) * (t - time)
    }
    let slope = squares > 0 ? products / squares : 0
    self.init(start: value - slope * time, slope: slope)
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
