import Recurrent
import RecurrentONNX

/// What is in an ONNX model.
struct OnnxDescription: FileDescription {
  private let contents: OnnxContents

  init(path: String) throws { contents = try OnnxContents(path: path) }

  private var operators: [(name: String, count: Int)] {
    contents.operators.map { ($0.key, $0.value) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  private var opsets: [(domain: String, version: Int)] {
    contents.opsets.map { ($0.key.isEmpty ? "ai.onnx" : $0.key, $0.value) }
      .sorted { $0.domain < $1.domain }
  }

  private var metadata: [(key: String, value: String)] {
    contents.metadata.sorted { $0.key < $1.key }
  }

  /// `file`, `format`, `producer`, `opsets`, `inputs`, `outputs`, `operators`, `unknown_operators`,
  /// `initializers`, `metadata`.
  var json: JSONObject {
    var opsets = JSONObject()
    for (domain, version) in self.opsets { opsets[domain] = .integer(version) }
    var counts = JSONObject()
    for (name, count) in operators { counts[name] = .integer(count) }
    var metadata = JSONObject()
    for (key, value) in self.metadata { metadata[key] = .string(value) }
    return [
      "file": .string(contents.file), "format": "onnx", "producer": .string(contents.producer),
      "opsets": .object(opsets), "inputs": .array(contents.inputs.map(described)),
      "outputs": .array(contents.outputs.map(described)), "operators": .object(counts),
      "unknown_operators": .array(contents.unknownOperators.map(JSONValue.string)),
      "initializers": .array(contents.initializers.map(described)),
      "metadata": .object(metadata),
    ]
  }

  private func described(_ port: OnnxPort) -> JSONValue {
    [
      "name": .string(port.name), "type": port.type.map(JSONValue.string) ?? .null,
      "shape": port.shape.map { shape in
        .array(
          shape.map { size in
            switch size {
            case .number(let number): .integer(number)
            case .named(let name): .string(name)
            case .any: .null
            }
          })
      } ?? .null,
    ]
  }

  var text: String {
    let versions = opsets.map { "\(singleLine($0.domain)) \($0.version)" }.joined(separator: ", ")
    var title = "\(contents.file): ONNX model, opset \(versions)"
    if !contents.producer.isEmpty { title += ", written by \(singleLine(contents.producer))" }
    var sections = [title + "\n"]
    if !metadata.isEmpty {
      let width = metadata.map { min($0.key.count, 32) }.max() ?? 0
      sections.append(
        metadata.map {
          leftAligned(singleLine($0.key), width) + "  " + wordForMessage($0.value) + "\n"
        }
        .joined())
    }
    sections.append(table("input", contents.inputs))
    sections.append(table("output", contents.outputs))
    sections.append(
      alignedRows(
        [["operator", "nodes"]]
          + operators.map { name, count in
            let note = contents.unknownOperators.contains(name) ? " (not known here)" : ""
            return [singleLine(name) + note, "\(count)"]
          }))
    if !contents.initializers.isEmpty {
      sections.append(table("initialiser", contents.initializers))
    }
    return sections.joined(separator: "\n")
  }

  private func table(_ title: String, _ ports: [OnnxPort]) -> String {
    alignedRows(
      [[title, "type", "shape"]]
        + ports.map { port in
          [
            singleLine(port.name), port.type ?? "?",
            port.shape.map { $0.map { singleLine($0.description) }.joined(separator: " × ") }
              ?? "?",
          ]
        })
  }
}
