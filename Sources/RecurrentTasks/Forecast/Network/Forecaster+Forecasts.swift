import RecurrentCore

extension Forecaster {
  /// What comes after the given values, for each series.
  ///
  /// - Parameter series: Those it was fitted to, or their continuations, or others: the base is
  ///   fitted anew to each, the networks are as they are.
  public func forecast(_ series: [ForecastSeries]) -> [Expectation] {
    forecasts(series, origins: series.map { [$0.values.count] }).map { $0[0] }
  }

  /// What comes after each of some origins of each series, all of them in one pass.
  ///
  /// The base of a series is fitted to the values before its first origin; from there on it and the
  /// networks are as they are, and see at each origin the values before it.
  ///
  /// - Parameter origins: For each series ascending, each 0 … its count; o is the forecast of values
  ///   o, o + 1, … from those before o.
  /// - Returns: For each series an expectation for each of its origins.
  public func forecasts(_ series: [ForecastSeries], origins: [[Int]]) -> [[Expectation]] {
    precondition(
      series.count == origins.count, "\(series.count) series and origins of \(origins.count)")
    // As many series at a time as make some thousand windows, so that memory stays bounded.
    var result: [[Expectation]] = []
    var first = 0
    while first < series.count {
      var (next, windows) = (first, 0)
      while next < series.count, windows < 4000 || next == first {
        windows += origins[next].count
        next += 1
      }
      result += someForecasts(Array(series[first..<next]), origins: Array(origins[first..<next]))
      first = next
    }
    return result
  }

  private func someForecasts(
    _ series: [ForecastSeries], origins: [[Int]]
  ) -> [[Expectation]] {
    let cuts = zip(series, origins).map { $1.first ?? $0.values.count }
    let known = series.indices.map { series[$0].values(before: cuts[$0]) }
    let moving = known.map { !isConstant($0) }
    let movingIndices = series.indices.filter { moving[$0] }
    let bases = Self.bases(movingIndices.map { known[$0] }, configuration, on: context)
    var windows = ForecastWindows(
      season: configuration.season, seasons: seasons, horizon: configuration.horizon,
      features: configuration.features)
    for (index, base) in zip(movingIndices, bases) {
      windows.append(
        series[index], base: base, origins: origins[index], scalesBefore: cuts[index])
    }
    let answers = averaged(windows)
    var (row, base) = (0, 0)
    return series.indices.map { index in
      guard moving[index] else {
        return origins[index].map {
          constant(series[index].values(before: $0).last { !$0.isNaN } ?? 0)
        }
      }
      defer { base += 1 }
      return origins[index].map { _ in
        defer { row += 1 }
        return expectation(bases[base], windows.frame, answers, at: row)
      }
    }
  }

  /// The mean of what the networks say, with bands that hold as much as they should, in units of the
  /// base's errors; nothing but the base where there is no network.
  private func averaged(_ windows: ForecastWindows) -> ForecastBounds {
    let places = windows.count * configuration.horizon
    guard places > 0, !networks.isEmpty else {
      let zeros = [Double](repeating: 0, count: places)
      let bounds = configuration.levels.map { _ in zeros }
      return ForecastBounds(centre: zeros, lower: bounds, upper: bounds)
    }
    let answers = networks.map { windows.answers(of: $0, on: context) }
    func mean(_ part: (ForecastBounds) -> [Double]) -> [Double] {
      var sum = [Double](repeating: 0, count: places)
      for answer in answers {
        for (index, value) in part(answer).enumerated() { sum[index] += value }
      }
      return sum.map { $0 / Double(answers.count) }
    }
    let levels = configuration.levels.indices
    let all = ForecastBounds(
      centre: mean(\.centre), lower: levels.map { level in mean { $0.lower[level] } },
      upper: levels.map { level in mean { $0.upper[level] } })
    return calibration.applied(to: configuration.head.blended(all, part: blend))
  }

  /// - Parameter row: The window's.
  private func expectation(
    _ base: SmoothedBase, _ frame: ForecastFrame<[Double]>, _ answers: ForecastBounds, at row: Int
  ) -> Expectation {
    let places = row * configuration.horizon..<(row + 1) * configuration.horizon
    func values(_ answers: [Double]) -> [Double] {
      places.map { place in
        let working = frame.location[place] + frame.scale[place] * answers[place]
        let value = base.value(ofWorking: working)
        return configuration.lowest.map { max(value, $0) } ?? value
      }
    }
    return Expectation(
      values: values(answers.centre),
      intervals: configuration.levels.indices.map { level in
        PredictionInterval(
          level: configuration.levels[level], lower: values(answers.lower[level]),
          upper: values(answers.upper[level]))
      })
  }

  private func constant(_ value: Double) -> Expectation {
    let value = configuration.lowest.map { max(value, $0) } ?? value
    let values = [Double](repeating: value, count: configuration.horizon)
    return Expectation(
      values: values,
      intervals: configuration.levels.map {
        PredictionInterval(level: $0, lower: values, upper: values)
      })
  }
}
