import RecurrentFormats

/// The covariates that a model reads: what they are, and for those that never change their scale,
/// which is that of all series together.
public struct ForecastCovariates: Sendable, Hashable {
  public let schema: CovariateSchema
  public let calendar: CalendarFeatures?
  /// Of each static feature what is taken from it and what the rest is divided by.
  let staticScales: [Scale]

  struct Scale: Sendable, Hashable {
    var mean: Double
    var deviation: Double
  }

  /// None.
  public init() {
    schema = CovariateSchema()
    calendar = nil
    staticScales = []
  }

  /// Those of a table.
  public init(of table: SeriesTable) {
    schema = table.schema
    calendar = table.calendar
    let rows = table.series.map { table.features(of: $0.prefix(0), horizon: 0).statics }
    staticScales = table.featureNames.statics.indices.map { column in
      let values = rows.map { Double($0[column]) }.filter { !$0.isNaN }
      let isBinary = values.allSatisfy { $0 == 0 || $0 == 1 }
      guard !isBinary, let mean = values.observedMean,
        let variance = values.map({ ($0 - mean) * ($0 - mean) }).observedMean, variance > 0
      else { return Scale(mean: 0, deviation: 1) }
      return Scale(mean: mean, deviation: variance.squareRoot())
    }
  }

  private init(
    schema: CovariateSchema, calendar: CalendarFeatures?, staticScales: [Scale]
  ) {
    self.schema = schema
    self.calendar = calendar
    self.staticScales = staticScales
  }

  /// Makes sure that a table has what is read, and was read as it is to be.
  func check(_ table: SeriesTable) throws(TableError) {
    let (found, own) = (table.featureNames, names)
    let missing =
      own.known.filter { !found.known.contains($0) } + own.past.filter { !found.past.contains($0) }
      + own.statics.filter { !found.statics.contains($0) }
    func list(_ names: [String]) -> String {
      names.prefix(5).map(wordForMessage).joined(separator: ", ")
        + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
    if !missing.isEmpty {
      throw TableError(
        file: table.file, message: "the model reads what the table lacks: \(list(missing))")
    }
    let more =
      found.known.filter { !own.known.contains($0) } + found.past.filter { !own.past.contains($0) }
      + found.statics.filter { !own.statics.contains($0) }
    if !more.isEmpty || found.known != own.known {
      throw TableError(
        file: table.file, message: "the model was not trained to read \(list(more))")
    }
    let lacksStatics = table.series.contains {
      $0.covariates.statics.count < schema.statics.count
    }
    if lacksStatics {
      throw TableError(
        file: table.file,
        message: "the model reads the static columns \(list(schema.statics.map(\.name))): "
          + "--static names their file")
    }
  }

  private var names: (known: [String], past: [String], statics: [String]) {
    schema.featureNames(with: calendar)
  }

  /// How many features of each kind there are.
  public var counts: FeatureCounts {
    let names = names
    return FeatureCounts(
      known: names.known.count, past: names.past.count, statics: names.statics.count)
  }

  /// A series of a table that was read by this schema, as a forecaster reads it.
  public func series(_ series: TimeSeries, of table: SeriesTable, horizon: Int) -> ForecastSeries {
    let features = table.features(of: series, horizon: horizon)
    var result = ForecastSeries(
      series.values, known: features.known, unitless: calendar?.names.count ?? 0,
      past: features.past,
      statics: zip(features.statics, staticScales).map { value, scale in
        Float(min(max((Double(value) - scale.mean) / scale.deviation, -8), 8))
      })
    result.name = series.id
    return result.guessing(table.fill)
  }
}

// MARK: - JSON

extension ForecastCovariates {
  var json: JSONObject {
    [
      "schema": schema.json, "calendar": calendar.map { .object($0.json) } ?? .null,
      "static_scales": .array(
        staticScales.map { .array([.number($0.mean), .number($0.deviation)]) }),
    ]
  }

  /// Nil where it is not what ``json`` gives.
  init?(json: JSONValue) {
    guard let schema = json["schema"].flatMap(CovariateSchema.init(json:)),
      let scales = json["static_scales"]?.array
    else { return nil }
    var calendar: CalendarFeatures?
    if let kept = json["calendar"], kept.object != nil {
      calendar = CalendarFeatures(json: kept)
      if calendar == nil { return nil }
    }
    let staticScales = scales.compactMap { scale -> Scale? in
      let numbers = scale.array?.compactMap(\.number) ?? []
      guard numbers.count == 2, numbers[1] > 0 else { return nil }
      return Scale(mean: numbers[0], deviation: numbers[1])
    }
    let features = schema.statics.reduce(0) { $0 + $1.features.count }
    guard staticScales.count == scales.count, staticScales.count == features else { return nil }
    self.init(schema: schema, calendar: calendar, staticScales: staticScales)
  }
}
