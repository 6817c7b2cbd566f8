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
  /// In the order they are written.
  private var items: [(name: String, content: Content)] = []
  private var names: Set<String> = []

  /// A tensor is kept as it is, so that its numbers exist once only.
  private enum Content: Sendable {
    case tensor(Tensor)
    case data(TensorData)

    var element: TensorElement {
      if case .data(let data) = self { data.element } else { .float32 }
    }

    var shape: [Int] {
      switch self {
      case .tensor(let tensor): tensor.shape
      case .data(let data): data.shape
      }
    }

    var byteCount: Int {
      switch self {
      case .tensor(let tensor): 4 * tensor.count
      case .data(let data): data.bytes.count
      }
    }
  }

  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor.
  ///
  /// - Precondition: No other tensor has the name.
  public mutating func append(_ name: String, _ tensor: Tensor) {
    append(name, .tensor(tensor.detached))
  }

  /// Adds a tensor of any type.
  ///
  /// - Precondition: No other tensor has the name.
  public mutating func append(_ name: String, _ data: TensorData) { append(name, .data(data)) }

  private mutating func append(_ name: String, _ content: Content) {
    precondition(
      names.insert(name).inserted && name != "__metadata__",
      "A safetensors file holds one tensor of a name, found another \(quotedForMessage(name))")
    items.append((name, content))
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
    for (name, content) in items {
      let end = begin + content.byteCount
      object[name] = [
        "dtype": .string(content.element.rawValue),
        "shape": .array(content.shape.map { .integer($0) }),
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
    for (_, content) in items {
      switch content {
      case .tensor(let tensor): try file.write(elementsOf: tensor)
      case .data(let data): try file.write(data.bytes)
      }
    }
    try file.commit()
  }

  /// The whole file, in memory.
  public var bytes: [UInt8] {
    var bytes = header
    bytes.reserveCapacity(bytes.count + items.reduce(0) { $0 + $1.content.byteCount })
    for (_, content) in items {
      switch content {
      case .tensor(let tensor): bytes += tensor.bytes
      case .data(let data): bytes += data.bytes
      }
    }
    return bytes
  }
}
