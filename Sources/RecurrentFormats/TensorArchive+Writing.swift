import RecurrentCore

extension TensorArchive {
  /// What a file of another format does not hold of this one.
  public struct Losses: Sendable, Hashable {
    /// Values beside the tensors.
    public var metadata: [String] = []
    /// Tensors whose type the format does not have; it has another that holds all their numbers.
    public var retyped: [String] = []
  }

  /// Writes tensors of this file into one of another format, whole or not at all. Numbers keep their
  /// type and every bit; bfloat16, which NumPy does not have, becomes float32.
  ///
  /// - Parameters:
  ///   - format: One that is written; see ``TensorFormat/isWritten``.
  ///   - names: The tensors, in the order to write them; nil for all.
  ///   - prefix: Taken off the front of names, with the dot behind it.
  /// - Returns: What the new file does not hold.
  /// - Throws: ``TensorFileError`` for a name that is not there or that the format cannot have, for
  ///   more than one tensor in an `.npy`, and for damage; `FileError` for what the system refused.
  @discardableResult
  public func write(
    to path: String, as format: TensorFormat, tensors names: [String]? = nil,
    withoutPrefix prefix: String = ""
  ) throws -> Losses {
    let front = prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + "."
    func newName(_ name: String) -> String {
      name.hasPrefix(front) ? String(name.dropFirst(front.count)) : name
    }
    let names = names ?? entries.map(\.name)
    guard Set(names.map(newName)).count == names.count else {
      throw TensorFileError(file: file, message: "without the prefix, two tensors have one name")
    }
    var losses = Losses()
    if format != .safetensors {
      losses.metadata = metadata.keys.sorted()
      losses.retyped = names.filter { entry($0)?.element.numpyType == nil && entry($0) != nil }
    }
    switch format {
    case .safetensors:
      var document = SafetensorsDocument(metadata: metadata)
      for name in names {
        guard newName(name) != "__metadata__" else {
          throw TensorFileError(
            file: file, tensor: name, message: "safetensors has another use for the name")
        }
        document.append(newName(name), try data(name))
      }
      try document.write(to: path)
    case .npz:
      var document = NPZDocument()
      for name in names {
        guard NPZDocument.canHave(newName(name)) else {
          throw TensorFileError(file: file, tensor: name, message: "no name for an entry of an npz")
        }
        document.append(newName(name), try data(name))
      }
      try document.write(to: path)
    case .npy:
      guard names.count == 1 else {
        throw TensorFileError(
          file: file,
          message: "an .npy file holds one array, \(names.count) are asked for: name the one")
      }
      try NPYFile.write(try data(names[0]), to: path)
    case .pytorch:
      preconditionFailure("PyTorch's format is read, not written; it reads safetensors")
    }
    return losses
  }
}

extension NPZDocument {
  /// Whether an array may have the name: it is that of an entry of a zip file, which some programs
  /// take for a path.
  public static func canHave(_ name: String) -> Bool {
    ZipEntry.isName(Array((name + ".npy").utf8))
  }
}
