import RecurrentCore
import RecurrentFormats
import RecurrentTasks
import TestSupport
import Testing

/// The numbers of `statistics.json`, which `make_statistics_fixtures.py` made.
enum StatisticsGolden {
  static let document: JSONValue = {
    do {
      let bytes = try readFile(fixturePath("statistics.json"))
      return try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      fatalError("\(error)")
    }
  }()

  /// The cases of a part.
  static func cases(_ part: String) -> [JSONValue] { document[part]!.array! }
}

extension JSONValue {
  var numbers: [Double] { array!.map { $0.number ?? .nan } }

  func number(_ key: String) -> Double { self[key]!.number! }
}

extension ETS.Form {
  init(_ json: JSONValue) {
    let letters = json.array!.map { $0.string! }
    self.init(
      errors: ETS.Errors(rawValue: letters[0])!, trend: ETS.Trend(rawValue: letters[1])!,
      seasonality: ETS.Seasonality(rawValue: letters[2])!)
  }
}

extension ETS.Parameters {
  init(_ json: JSONValue) {
    let shares = json["parameters"]!.numbers
    self.init(
      alpha: shares[0], beta: shares[1], gamma: shares[2], phi: shares[3],
      start: ETS.State(
        level: json.number("level"), slope: json.number("slope"),
        seasonal: json["seasonal"]!.numbers))
  }
}

func expectClose(
  _ found: [Double], _ expected: [Double], within tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(found, expected) {
    #expect(
      abs(found - expected) <= tolerance * (1 + abs(expected)), sourceLocation: sourceLocation)
  }
}
