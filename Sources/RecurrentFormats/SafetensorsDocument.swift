import RecurrentCore

/// Named tensors and strings on their way into a safetensors file; the same ones give the same
/// bytes.
///
/// ```swift
/// var document = SafetensorsDocument(metadata: ["made-by": "me"])
/// document.append(model)
/// try document.write(to: "model.safetensors")
/// ```
public struct SafetensorsDocument: Sendable {
  /// The strings of `__metadata__`; written in the order of their keys.
  public var metadata: [String: String]
  /// The tensors, in the order they are written.
  public private(set) var tensors: [(name: String, tensor: Tensor)] = []
  private var names: Set<String> = []

  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor.
  ///
  /// - Precondition: No other tensor has the name.
  public mutating func append(_ name: String, _ tensor: Tensor) {
    precondition(
      names.insert(name).inserted && name != "__metadata__",
      "A safetensors file holds one tensor of a name, found another \(quotedForMessage(name))")
    tensors.append((name, tensor.detached))
  }

  /// Adds the tensors of a tree, each under its path; `prefix` and a dot in front, if there is one.
  ///
  /// - Precondition: No two tensors have the same path.
  public mutating func append(_ tree: some TensorTree, prefix: String = "") {
    for (path, tensor) in tree.namedTensors {
      append(prefix.isEmpty ? "\(path)" : "\(prefix).\(path)", tensor)
    }
  }

  /// The 8 bytes of its length and the header, filled up with blanks so that the numbers behind it
  /// stand at a multiple of 8 bytes.
  private var header: [UInt8] {
    var object = JSONObject()
    if !metadata.isEmpty {
      var strings = JSONObject()
      for key in metadata.keys.sorted() { strings[key] = .string(metadata[key]!) }
      object["__metadata__"] = .object(strings)
    }
    var begin = 0
    for (name, tensor) in tensors {
      let end = begin + 4 * tensor.count
      object[name] = [
        "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(begin), .integer(end)],
      ]
      begin = end
    }
    var text = Array(JSONValue.object(object).text().utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    let length = UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: What the system refused; a file that was there before is then as it was.
  public func write(to path: String) throws(FileError) {
    var file = try AtomicFile(path: path)
    try file.write(header)
    for (_, tensor) in tensors { try file.write(elementsOf: tensor) }
    try file.commit()
  }

  /// The whole file, in memory.
  public var bytes: [UInt8] {
    var bytes = header
    bytes.reserveCapacity(bytes.count + tensors.reduce(0) { $0 + 4 * $1.tensor.count })
    for (_, tensor) in tensors {
      tensor.withElements { elements in
        for index in elements.indices {
          let bits = elements[index].bitPattern
          for shift in 0..<4 as Range<UInt32> {
            bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * shift)))
          }
        }
      }
    }
    return bytes
  }
}
