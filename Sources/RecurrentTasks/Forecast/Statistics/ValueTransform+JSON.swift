import RecurrentFormats

extension ValueTransform {
  /// As `{"kind":"box-cox","lambda":0.25}`; only Box–Cox has a λ.
  package var json: JSONValue {
    var object: JSONObject = ["kind": .string(kind.rawValue)]
    if case .boxCox(let lambda) = self { object["lambda"] = .number(lambda) }
    return .object(object)
  }

  /// nil for what ``json`` does not write.
  package init?(json: JSONValue) {
    switch json["kind"]?.string.flatMap(Kind.init) {
    case .none?: self = .none
    case .log: self = .log
    case .boxCox:
      guard let lambda = json["lambda"]?.number, lambda.isFinite else { return nil }
      self = .boxCox(lambda: lambda)
    case nil: return nil
    }
  }
}
