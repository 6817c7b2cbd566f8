import RecurrentCore

/// Named arrays on their way into an `.npz` file; the same ones give the same bytes.
///
/// ```swift
/// var document = NPZDocument()
/// document.append(model)
/// try document.write(to: "model.npz")
/// ```
public struct NPZDocument: Sendable {
  private var items: [(name: String, data: TensorData)] = []
  private var names: Set<String> = []

  public init() {}

  /// Adds an array. NumPy has no bfloat16: such numbers become float32, which holds them all.
  ///
  /// - Precondition: No other array has the name.
  public mutating func append(_ name: String, _ data: TensorData) {
    precondition(
      names.insert(name).inserted,
      "An npz file holds one array of a name, found another \(quotedForMessage(name))")
    items.append((name, data.element.numpyType == nil ? data.asFloat32 : data))
  }

  /// Adds the tensors of a tree, each under its path; `prefix` and a dot in front, if there is one.
  ///
  /// - Precondition: No two tensors have the same path.
  public mutating func append(_ tree: some TensorTree, prefix: String = "") {
    for (path, tensor) in tree.namedTensors {
      append(prefix.isEmpty ? "\(path)" : "\(prefix).\(path)", TensorData(tensor))
    }
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: What the system refused; a file that was there before is then as it was.
  public func write(to path: String) throws(FileError) {
    var file = try AtomicFile(path: path)
    var zip = ZipWriter()
    for (name, data) in items {
      for part in parts(name, data, in: &zip) { try file.write(part) }
    }
    try file.write(zip.end())
    try file.commit()
  }

  /// The whole file, in memory.
  public var bytes: [UInt8] {
    var zip = ZipWriter()
    var bytes: [UInt8] = []
    for (name, data) in items {
      for part in parts(name, data, in: &zip) { bytes += part }
    }
    return bytes + zip.end()
  }

  private func parts(_ name: String, _ data: TensorData, in zip: inout ZipWriter) -> [[UInt8]] {
    let header = NPYHeader.bytes(data.element, shape: data.shape)
    var checksum = CRC32()
    checksum.update(header)
    checksum.update(data.bytes)
    let entry = zip.entry(
      name + ".npy", count: header.count + data.bytes.count, checksum: checksum.value)
    return [entry, header, data.bytes]
  }
}
