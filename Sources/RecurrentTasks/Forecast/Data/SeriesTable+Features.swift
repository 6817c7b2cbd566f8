import RecurrentFormats

extension SeriesTable {
  /// What a network reads of a series beside its values; the calendar's features come last of those
  /// that are known.
  ///
  /// - Parameter series: one of the table's, or the first steps of one: what was known beyond its
  ///   end stays known.
  /// - Returns: NaN where a value is missing, also in the horizon: ``requireKnown(horizon:of:)``
  ///   says beforehand whether one is.
  public func features(of series: TimeSeries, horizon: Int) -> SeriesFeatures {
    let steps = series.values.count + horizon
    var features = SeriesFeatures()
    for (column, values) in zip(schema.known, series.covariates.known) {
      let missing = repeatElement(Double.nan, count: max(0, steps - values.count))
      column.append(values.prefix(steps) + missing, to: &features.known)
    }
    if let calendar {
      features.known += calendar.features(of: series, steps: 0..<steps)
    }
    for (column, values) in zip(schema.past, series.covariates.past) {
      column.append(values, to: &features.past)
    }
    var statics: [[Float]] = []
    for (column, value) in zip(schema.statics, series.covariates.statics) {
      column.append(CollectionOfOne(value), to: &statics)
    }
    features.statics = statics.map { $0[0] }
    return features
  }

  /// The names of the features, in the order in which ``features(of:horizon:)`` gives them.
  public var featureNames: (known: [String], past: [String], statics: [String]) {
    schema.featureNames(with: calendar)
  }

  /// Makes sure that the horizon's known values are there.
  ///
  /// - Parameter indices: The series that are to be forecast; nil: all.
  /// - Throws: If a value is missing, naming the first five rows.
  public func requireKnown(horizon: Int, of indices: [Int]? = nil) throws(TableError) {
    if schema.known.isEmpty { return }
    var places = PlaceList()
    for index in indices ?? Array(series.indices) {
      let one = series[index]
      for step in one.values.count..<(one.values.count + horizon) {
        let isMissing = one.covariates.known.contains { step >= $0.count || $0[step].isNaN }
        if isMissing {
          places.add {
            (one.id.map { quotedForMessage($0) + ", " } ?? "") + "\(one.time(at: step))"
          }
        }
      }
    }
    if places.count == 0 { return }
    let names = schema.known.map { wordForMessage($0.name) }.joined(separator: ",")
    let rows = places.count == 1 ? "1 row" : "\(places.count) rows"
    throw TableError(
      file: futureFile ?? file,
      message: "values of \(names) are missing in \(rows) of the horizon: \(places.text); "
        + "\"lstm future \(wordForMessage(file)) --horizon \(horizon) --known \(names)\" writes "
        + "the table to fill in for --future")
  }
}

extension CovariateSchema {
  /// The names of the features that a series has by this schema; the calendar's come last of those
  /// that are known.
  func featureNames(
    with calendar: CalendarFeatures?
  ) -> (known: [String], past: [String], statics: [String]) {
    (
      known.flatMap(\.features) + (calendar?.names ?? []), past.flatMap(\.features),
      statics.flatMap(\.features)
    )
  }
}
