import Recurrent

/// What a model file says of itself.
struct ModelDescription: FileDescription {
  private let path: String
  private let configuration: JSONObject
  private let entries: [TensorEntry]

  /// - Throws: What opening the model for its task throws, so that what is described can be used.
  init(path: String) throws {
    let file = try ModelFile(path: path)
    self.path = path
    configuration = file.configuration
    entries = file.tensors.entries
    if configuration["task"]?.string == "forecast" { _ = try Forecaster(path: path) }
  }

  private func count(_ entry: TensorEntry) -> Int { entry.shape.reduce(1, *) }

  private var parameterCount: Int { entries.reduce(0) { $0 + count($1) } }

  /// `file`, `parameters`, `tensors`, `configuration`.
  var json: JSONObject {
    [
      "file": .string(path), "parameters": .integer(parameterCount),
      "tensors": .array(
        entries.map { entry in
          [
            "name": .string(entry.name), "shape": .array(entry.shape.map(JSONValue.integer)),
            "parameters": .integer(count(entry)),
          ]
        }),
      "configuration": .object(configuration),
    ]
  }

  var text: String {
    let task = configuration["task"]?.string
    var sections = ["\(path): a model" + (task.map { " for the task \($0)" } ?? "") + "\n"]
    let facts = facts(of: configuration)
    let width = facts.map(\.name.count).max() ?? 0
    if !facts.isEmpty {
      sections.append(facts.map { leftAligned($0.name, width) + "  \($0.value)\n" }.joined())
    }
    if let scores { sections.append(scores) }
    sections.append(tensorTable)
    return sections.joined(separator: "\n")
  }

  /// The configuration a line each, without the task, which stands above, and the scores, which have
  /// a table of their own.
  private func facts(of object: JSONObject) -> [(name: String, value: String)] {
    object.members.flatMap { key, value -> [(name: String, value: String)] in
      if key == "task" || key == "leaderboard" { return [] }
      let missing = key == "minimum" ? "none" : "chosen by the data"
      return value.object.map(facts) ?? [(key, value == .null ? missing : Self.words(value))]
    }
  }

  private static func words(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .number(let number):
      number == number.rounded() ? fixed(number, 0) : significant(number, 4)
    case .bool(let flag): flag ? "yes" : "no"
    case .null: "none"
    case .array(let elements): elements.map(words).joined(separator: ", ")
    case .object: value.text()
    }
  }

  /// The backtest that was made when the model was trained.
  private var scores: String? {
    guard let rows = configuration["training"]?["leaderboard"]?.array, !rows.isEmpty else {
      return nil
    }
    let columns = [("MASE", "mase"), ("sMAPE %", "smape"), ("MAE", "mae"), ("RMSE", "rmse")]
    let cells =
      [["backtest"] + columns.map(\.0)]
      + rows.map { row in
        [row["method"]?.string ?? ""]
          + columns.map { column in
            row[column.1]?.number.map { significant($0, 3) } ?? "–"
          }
      }
    return alignedRows(cells)
  }

  private var tensorTable: String {
    let rows = entries.map { entry in
      [entry.name, entry.shape.map(String.init).joined(separator: " × "), String(count(entry))]
    }
    return alignedRows(
      [["tensor", "shape", "parameters"]] + rows
        + [["in all", "", String(parameterCount)]])
  }
}
