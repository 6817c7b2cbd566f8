import RecurrentFormats

/// What the columns beside the values are: it is kept with a model, and a table for that model is
/// read by it.
public struct CovariateSchema: Sendable, Hashable {
  /// The columns, those known in the future first, then those of the past, then the static ones.
  public let columns: [Covariate]

  public init(_ columns: [Covariate] = []) {
    self.columns = Covariate.Role.allCases.flatMap { role in columns.filter { $0.role == role } }
  }

  public var isEmpty: Bool { columns.isEmpty }
  /// The columns known in the future too.
  public var known: [Covariate] { columns.filter { $0.role == .known } }
  /// The columns known only in the past.
  public var past: [Covariate] { columns.filter { $0.role == .past } }
  /// What is the same at all times of a series.
  public var statics: [Covariate] { columns.filter { $0.role == .fixed } }
}

// MARK: - JSON

extension CovariateSchema {
  /// For example `[{"name": "price", "role": "known", "kind": "number"}]`; a category has `levels`
  /// and `blank`, whether a blank is one of its meanings.
  public var json: JSONValue {
    .array(
      columns.map { column in
        var object: JSONObject = [
          "name": .string(column.name), "role": .string(column.role.rawValue),
        ]
        switch column.kind {
        case .number: object["kind"] = "number"
        case .category(let levels, let mayBeBlank):
          object["kind"] = "category"
          object["levels"] = .array(levels.map(JSONValue.string))
          object["blank"] = .bool(mayBeBlank)
        }
        return .object(object)
      })
  }

  /// Nil where the document is not that of a schema.
  public init?(json: JSONValue) {
    guard let objects = json.array else { return nil }
    var columns: [Covariate] = []
    for object in objects {
      guard let name = object["name"]?.string,
        let role = object["role"]?.string.flatMap(Covariate.Role.init),
        !columns.contains(where: { $0.name == name && $0.role == role })
      else { return nil }
      switch object["kind"]?.string {
      case "number": columns.append(Covariate(name: name, role: role, kind: .number))
      case "category":
        guard let texts = object["levels"]?.array, texts.count <= Covariate.levelLimit,
          let mayBeBlank = object["blank"]?.bool
        else { return nil }
        let levels = texts.compactMap(\.string)
        guard levels.count == texts.count, Set(levels).count == levels.count else { return nil }
        columns.append(
          Covariate(
            name: name, role: role, kind: .category(levels: levels, mayBeBlank: mayBeBlank)))
      default: return nil
      }
    }
    self.init(columns)
  }
}
