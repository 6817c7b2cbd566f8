import RecurrentFormats

extension ForecastMeasures {
  /// Every measure by its name, null where it has no meaning; of a forecast with bands `coverage` and
  /// `msis` by level too.
  var json: JSONObject {
    var object = JSONObject()
    for measure in Measure.allCases {
      object[measure.rawValue] = self[measure].map(JSONValue.number) ?? .null
    }
    guard !coverage.isEmpty else { return object }
    for (name, values) in [("coverage", coverage), ("msis", msis)] {
      var byLevel = JSONObject()
      for level in levels {
        byLevel[PredictionInterval.label(level)] = values[level].map(JSONValue.number) ?? .null
      }
      object[name] = .object(byLevel)
    }
    return object
  }

  /// The names of the columns that ``fields(_:)`` fills, with `coverage-80` and `msis-80` for a level
  /// of 80.
  static func columns(_ levels: [Double]) -> [String] {
    let names = levels.map(PredictionInterval.label)
    return Measure.allCases.filter { $0 != .owa }.map(\.rawValue) + names.map { "coverage-\($0)" }
      + names.map { "msis-\($0)" }
  }

  /// One forecast's measures as fields of a table; empty where there is none.
  func fields(_ levels: [Double]) -> [String] {
    let values =
      Measure.allCases.filter { $0 != .owa }.map { self[$0] } + levels.map { coverage[$0] }
      + levels.map { msis[$0] }
    return values.map { CSVWriter.text(of: $0 ?? .nan) }
  }
}
