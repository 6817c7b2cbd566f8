import RecurrentFormats

/// A fault in the JSON of a ``SmoothedBase``: where, and what is expected there.
package struct SmoothedBaseError: Error, Sendable, Hashable, CustomStringConvertible {
  /// For example `members[2].alpha`.
  package var place: String
  package var message: String

  package var description: String { "\(place): \(message)" }
}

extension SmoothedBase {
  /// All of it; ``init(json:)`` makes the same base of it, to the bit.
  package var json: JSONValue {
    [
      "season": .integer(season),
      "logarithmic": .bool(isLogarithmic),
      "error_scale": .numbers(errorScale),
      "start_value": .number(startValue),
      "members": .array(
        members.map {
          var object = $0.model.json
          object["weight"] = .number($0.weight)
          return .object(object)
        }),
    ]
  }

  /// The base of a JSON object as ``json`` writes it.
  package init(json: JSONValue) throws(SmoothedBaseError) {
    let reader = PlacedJSON(place: "base", value: json)
    season = try reader["season"].count()
    isLogarithmic = try reader["logarithmic"].truth()
    errorScale = try reader["error_scale"].numbers()
    startValue = try reader["start_value"].number()
    var members: [Member] = []
    for reader in try reader["members"].elements() {
      members.append(
        Member(model: try Model(reader), weight: try reader["weight"].number(in: 0...1)))
    }
    self.members = members
    try reader["error_scale"].check(
      !errorScale.isEmpty && errorScale.allSatisfy { $0 > 0 }, "positive numbers are expected")
    try reader["members"].check(!members.isEmpty, "one member at least is expected")
  }
}

extension SmoothedBase.Model {
  fileprivate var json: JSONObject {
    switch self {
    case .smoothing(let model):
      [
        "kind": "smoothing", "trend": .string(model.trend.rawValue),
        "alpha": .number(model.alpha), "beta": .number(model.beta),
        "gamma": .number(model.gamma), "phi": .number(model.phi),
        "level": .number(model.start.level), "slope": .number(model.start.slope),
        "seasonal": .numbers(model.start.seasonal),
      ]
    case .drift(let model):
      ["kind": "drift", "season": .integer(model.season)]
    case .regression(let model):
      [
        "kind": "regression", "lags": .array(model.lags.map(JSONValue.integer)),
        "coefficients": .numbers(model.coefficients), "intercept": .number(model.intercept),
        "mean": .number(model.mean), "deviation": .number(model.deviation),
      ]
    }
  }

  fileprivate init(_ reader: PlacedJSON) throws(SmoothedBaseError) {
    switch try reader["kind"].string() {
    case "smoothing":
      let trend = ExponentialSmoothing.Trend(rawValue: try reader["trend"].string())
      try reader["trend"].check(trend != nil, "none, damped or linear is expected")
      let model = ExponentialSmoothing(
        trend: trend ?? .none,
        alpha: try reader["alpha"].number(), beta: try reader["beta"].number(),
        gamma: try reader["gamma"].number(), phi: try reader["phi"].number(),
        start: .init(
          level: try reader["level"].number(), slope: try reader["slope"].number(),
          seasonal: try reader["seasonal"].numbers()))
      try reader["seasonal"].check(model.season > 0, "one number at least is expected")
      self = .smoothing(model)
    case "drift":
      self = .drift(SeasonalDrift(season: try reader["season"].count()))
    case "regression":
      var lags: [Int] = []
      for reader in try reader["lags"].elements() { lags.append(try reader.count()) }
      let model = Autoregression(
        lags: lags, coefficients: try reader["coefficients"].numbers(),
        intercept: try reader["intercept"].number(), mean: try reader["mean"].number(),
        deviation: try reader["deviation"].number())
      try reader["lags"].check(
        !lags.isEmpty && zip(lags, lags.dropFirst()).allSatisfy(<), "ascending lags are expected")
      try reader["coefficients"].check(
        model.coefficients.count == lags.count,
        "\(lags.count) numbers are expected, there are \(model.coefficients.count)")
      try reader["deviation"].check(model.deviation > 0, "a positive number is expected")
      self = .regression(model)
    case let kind:
      throw SmoothedBaseError(
        place: reader["kind"].place, message: "no kind \(quotedForMessage(kind)) is known")
    }
  }
}

extension JSONValue {
  fileprivate static func numbers(_ numbers: [Double]) -> JSONValue {
    .array(numbers.map(JSONValue.number))
  }
}

/// A JSON value, which may not be there, and how one gets to it.
private struct PlacedJSON {
  var place: String
  var value: JSONValue?

  subscript(key: String) -> PlacedJSON {
    PlacedJSON(place: "\(place).\(key)", value: value?[key])
  }

  func elements() throws(SmoothedBaseError) -> [PlacedJSON] {
    try require(value?.array, "an array is expected").enumerated().map {
      PlacedJSON(place: "\(place)[\($0)]", value: $1)
    }
  }

  func numbers() throws(SmoothedBaseError) -> [Double] {
    var numbers: [Double] = []
    for element in try elements() { numbers.append(try element.number()) }
    return numbers
  }

  func number(
    in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  ) throws(SmoothedBaseError) -> Double {
    let number = try require(value?.number, "a number is expected")
    try check(range.contains(number), "a number in \(range) is expected")
    return number
  }

  /// A number of steps: positive, and small enough to make an array of.
  func count() throws(SmoothedBaseError) -> Int {
    let count = try require(value?.integer, "a whole number is expected")
    try check(1...1_000_000 ~= count, "a number from 1 to a million is expected, not \(count)")
    return count
  }

  func string() throws(SmoothedBaseError) -> String {
    try require(value?.string, "a string is expected")
  }

  func truth() throws(SmoothedBaseError) -> Bool {
    try require(value?.bool, "true or false is expected")
  }

  func check(_ condition: Bool, _ message: String) throws(SmoothedBaseError) {
    guard condition else { throw SmoothedBaseError(place: place, message: message) }
  }

  private func require<Value>(
    _ value: Value?, _ message: String
  ) throws(SmoothedBaseError) -> Value {
    guard let value else { throw SmoothedBaseError(place: place, message: message) }
    return value
  }
}
