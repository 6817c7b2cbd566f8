import Recurrent

/// What is in a file of tensors, whoever wrote it.
struct ArchiveDescription: FileDescription {
  private let archive: TensorArchive

  init(_ archive: TensorArchive) { self.archive = archive }

  private var parameterCount: Int { archive.entries.reduce(0) { $0 + $1.count } }
  private var byteCount: Int { archive.entries.reduce(0) { $0 + $1.byteCount } }

  /// `file`, `format`, `parameters`, `bytes`, `tensors`, `metadata`.
  var json: JSONObject {
    var metadata = JSONObject()
    for (key, value) in archive.metadata.sorted(by: { $0.key < $1.key }) {
      metadata[key] = .string(value)
    }
    return [
      "file": .string(archive.file), "format": .string(archive.format.rawValue),
      "parameters": .integer(parameterCount), "bytes": .integer(byteCount),
      "tensors": .array(
        archive.entries.map { entry in
          [
            "name": .string(entry.name), "type": .string("\(entry.element)"),
            "shape": .array(entry.shape.map(JSONValue.integer)),
            "parameters": .integer(entry.count), "bytes": .integer(entry.byteCount),
          ]
        }),
      "metadata": .object(metadata),
    ]
  }

  var text: String {
    let count = archive.entries.count
    let title =
      "\(archive.file): \(archive.format.title), \(count) tensor\(count == 1 ? "" : "s")\n"
    return ([title] + metadataTable + [tensorTable]).joined(separator: "\n")
  }

  private var metadataTable: [String] {
    if archive.metadata.isEmpty { return [] }
    let width = archive.metadata.keys.map { min($0.count, 32) }.max() ?? 0
    let lines = archive.metadata.sorted { $0.key < $1.key }.map { key, value in
      leftAligned(singleLine(key), width) + "  " + wordForMessage(value) + "\n"
    }
    return [lines.joined()]
  }

  private var tensorTable: String {
    let rows = archive.entries.map { entry in
      [
        singleLine(entry.name), "\(entry.element)",
        entry.shape.map(String.init).joined(separator: " × "), String(entry.count),
        String(entry.byteCount),
      ]
    }
    return alignedRows(
      [["tensor", "type", "shape", "numbers", "bytes"]] + rows
        + [["in all", "", "", String(parameterCount), String(byteCount)]])
  }
}

extension TensorFormat {
  /// The format's name in a sentence.
  var title: String {
    switch self {
    case .safetensors: "safetensors"
    case .npy: "NumPy array"
    case .npz: "NumPy arrays"
    case .pytorch: "PyTorch checkpoint"
    }
  }
}
