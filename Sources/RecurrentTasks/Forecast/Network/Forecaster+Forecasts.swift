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
    let moving = series.indices.map { !isConstant(series[$0].values[..<cuts[$0]]) }
    let movingIndices = series.indices.filter { moving[$0] }
    let bases = Self.bases(
      movingIndices.map { Array(series[$0].values[..<cuts[$0]]) }, configuration, on: context)
    var windows = ForecastWindows(
      season: configuration.season, seasons: seasons, horizon: configuration.horizon,
      features: configuration.features)
    for (index, base) in zip(movingIndices, bases) {
      windows.append(
        series[index], base: base, origins: origins[index], scalesBefore: cuts[index])
    }
    let outputs = averaged(windows)
    var (row, base) = (0, 0)
    return series.indices.map { index in
      guard moving[index] else {
        return origins[index].map {
          constant(series[index].values[..<$0].last { !$0.isNaN } ?? 0)
        }
      }
      defer { base += 1 }
      return origins[index].map { _ in
        defer { row += 1 }
        return expectation(bases[base], windows.bases[row], outputs, at: row)
      }
    }
  }

  private struct Outputs {
    var centre: [Double]
    var below: [Double]
    var above: [Double]
  }

  /// The mean of what the networks say, row by row.
  private func averaged(_ windows: ForecastWindows) -> Outputs? {
    guard windows.count > 0, !networks.isEmpty else { return nil }
    let outputs = networks.map { windows.answers(of: $0, on: context) }
    func mean(_ part: (ForecastWindows.Answers) -> [Float]) -> [Double] {
      var sum = [Double](repeating: 0, count: part(outputs[0]).count)
      for output in outputs {
        for (index, value) in part(output).enumerated() { sum[index] += Double(value) }
      }
      return sum.map { $0 / Double(outputs.count) }
    }
    return Outputs(centre: mean(\.centre), below: mean(\.below), above: mean(\.above))
  }

  private func expectation(
    _ base: SmoothedBase, _ forecast: [Double], _ outputs: Outputs?, at row: Int
  ) -> Expectation {
    let (horizon, levels) = (configuration.horizon, configuration.levels.count)
    func value(_ working: Double) -> Double {
      let value = base.value(ofWorking: working)
      return configuration.minimum.map { max(value, $0) } ?? value
    }
    var values: [Double] = []
    var lower = [[Double]](repeating: [], count: levels)
    var upper = lower
    for step in 0..<horizon {
      let place = row * horizon + step
      let scale = base.errorScale[step]
      let centre = forecast[step] + scale * blend * (outputs?.centre[place] ?? 0)
      values.append(value(centre))
      for level in 0..<levels {
        let width = place * levels + level
        lower[level].append(
          value(
            centre - scale * widening[level] * (outputs?.below[width] ?? 0)))
        upper[level].append(
          value(
            centre + scale * widening[level] * (outputs?.above[width] ?? 0)))
      }
    }
    return Expectation(
      values: values,
      intervals: configuration.levels.indices.map {
        PredictionInterval(
          level: configuration.levels[$0], lower: lower[$0], upper: upper[$0])
      })
  }

  private func constant(_ value: Double) -> Expectation {
    let values = [Double](repeating: value, count: configuration.horizon)
    return Expectation(
      values: values,
      intervals: configuration.levels.map {
        PredictionInterval(level: $0, lower: values, upper: values)
      })
  }
}
