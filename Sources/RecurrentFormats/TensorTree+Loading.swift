import RecurrentCore

/// Where the tensors of a file and those of a tree do not fit together, all of it at once.
public struct TensorMismatch: Error, Sendable, Hashable {
  /// The file as the user named it.
  public var file: String
  /// Names the tree has and the file has not.
  public var missing: [String] = []
  /// Names the file has and the tree has not.
  public var unexpected: [String] = []
  /// Tensors whose shapes differ.
  public var mismatched: [Shapes] = []

  /// The two shapes of one tensor.
  public struct Shapes: Sendable, Hashable {
    public var name: String
    public var expected: [Int]
    public var found: [Int]
  }
}

extension TensorMismatch: CustomStringConvertible {
  /// For example `a.safetensors does not fit: missing: bias; weight has shape [3, 2], expected
  /// [2, 3]`.
  public var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing: " + missing.joined(separator: ", ")) }
    if !unexpected.isEmpty { parts.append("unexpected: " + unexpected.joined(separator: ", ")) }
    parts += mismatched.map { "\($0.name) has shape \($0.found), expected \($0.expected)" }
    return "\(file) does not fit: " + parts.joined(separator: "; ")
  }
}

extension TensorTree {
  /// The same tree with the file's numbers: each tensor takes those stored under its path.
  ///
  /// - Parameters:
  ///   - prefix: Stands in front of the paths in the file, with a dot; the file's other tensors are
  ///     not looked at. Empty: the file must hold this tree and nothing else.
  /// - Throws: ``TensorMismatch`` with everything that is missing, unexpected or of another shape.
  public func loaded(
    from file: SafetensorsFile, prefix: String = ""
  ) throws(TensorMismatch) -> Self {
    let front = prefix.isEmpty ? "" : prefix + "."
    var mismatch = TensorMismatch(file: file.file)
    var wanted: Set<String> = []
    for (path, tensor) in namedTensors {
      let name = "\(front)\(path)"
      wanted.insert(name)
      if let entry = file.entry(name) {
        if entry.shape != tensor.shape {
          mismatch.mismatched.append(
            .init(name: name, expected: tensor.shape, found: entry.shape))
        }
      } else {
        mismatch.missing.append(name)
      }
    }
    mismatch.unexpected = file.entries.map(\.name).filter {
      $0.hasPrefix(front) && !wanted.contains($0)
    }
    guard mismatch.missing.isEmpty, mismatch.unexpected.isEmpty, mismatch.mismatched.isEmpty
    else { throw mismatch }
    return mapTensors { path, tensor in
      file.tensor(file.entry("\(front)\(path)")!, on: tensor.context)
    }
  }
}
