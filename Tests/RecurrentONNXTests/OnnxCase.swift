import RecurrentCore
import RecurrentFormats
import RecurrentONNX
import TestSupport

/// A model with what goes in and what comes out, as a script of `Fixtures` stored them.
struct OnnxCase: Sendable, CustomStringConvertible {
  let name: String
  let bytes: [UInt8]
  let inputs: [String: OnnxValue]
  let outputs: [(name: String, value: OnnxValue)]

  var description: String { name }

  /// The cases of a file, and how many were left out by which rule.
  static func read(_ fixture: String) -> (cases: [OnnxCase], leftOut: [String: Int]) {
    do {
      let file = try TensorArchive(path: fixturePath(fixture))
      let descriptions = try JSONValue(parsing: file.metadata["cases"] ?? "").array ?? []
      let leftOut = try JSONValue(parsing: file.metadata["left_out"] ?? "{}").object ?? JSONObject()
      let cases = try descriptions.map { try OnnxCase($0, file) }
      return (
        cases,
        Dictionary(uniqueKeysWithValues: leftOut.members.map { ($0.key, $0.value.integer ?? 0) })
      )
    } catch {
      fatalError("\(error)")
    }
  }

  private init(_ description: JSONValue, _ file: TensorArchive) throws {
    let name = description["name"]!.string!
    self.name = name
    bytes = try file.data("\(name)/model").bytes
    func values(_ kind: String, _ names: JSONValue) throws -> [(name: String, value: OnnxValue)] {
      try names.array!.enumerated().map { index, name in
        (
          name.string!,
          OnnxValue(try file.data("\(description["name"]!.string!)/\(kind)/\(index)"))!
        )
      }
    }
    inputs = Dictionary(
      uniqueKeysWithValues: try values("in", description["inputs"]!).map { ($0.name, $0.value) })
    outputs = try values("out", description["outputs"]!)
  }
}

/// Nil if two values are equal: whole numbers and truth values exactly, floats within a tolerance.
func mismatch(_ found: OnnxValue, _ expected: OnnxValue, tolerance: Double) -> String? {
  switch (found, expected) {
  case (.float32(let found), .float32(let expected)):
    return TestSupport.mismatch(found, expected, tolerance: tolerance)
  case (.int64(let found), .int64(let expected)):
    return found == expected ? nil : "expected \(expected), found \(found)"
  case (.int32(let found), .int32(let expected)):
    return found == expected ? nil : "expected \(expected), found \(found)"
  case (.bool(let found), .bool(let expected)):
    return found == expected ? nil : "expected \(expected), found \(found)"
  default: return "expected \(expected.type), found \(found.type)"
  }
}
