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
  /// [2, 3]`. Of many, the first ten of a kind are named and the others counted.
  public var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing: " + Self.list(missing, separator: ", ")) }
    if !unexpected.isEmpty { parts.append("unexpected: " + Self.list(unexpected, separator: ", ")) }
    if !mismatched.isEmpty {
      let shapes = mismatched.prefix(Self.limit + 1).map {
        "\(wordForMessage($0.name)) has shape \($0.found), expected \($0.expected)"
      }
      parts.append(Self.list(shapes, count: mismatched.count, separator: "; "))
    }
    return "\(file) does not fit: " + parts.joined(separator: "; ")
  }

  private static let limit = 10

  private static func list(_ names: [String], separator: String) -> String {
    list(names.prefix(limit + 1).map(wordForMessage), count: names.count, separator: separator)
  }

  private static func list(_ words: [String], count: Int, separator: String) -> String {
    let rest = count > limit ? "\(separator)and \(count - limit) more" : ""
    return words.prefix(limit).joined(separator: separator) + rest
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
    let front = try checkFit(file.archive, prefix: prefix)
    // A safetensors file has no checksums, so that nothing can be wrong with what is there.
    return mapTensors { path, tensor in
      file.entry("\(front)\(path)")!.tensor(in: file.archive.bytes, on: tensor.context)
    }
  }

  /// The same tree with the file's numbers, whatever its format: each tensor takes those stored under
  /// its path.
  ///
  /// - Parameters:
  ///   - prefix: Stands in front of the paths in the file, with a dot; the file's other tensors are
  ///     not looked at. Empty: the file must hold this tree and nothing else.
  /// - Throws: ``TensorMismatch`` with everything that is missing, unexpected or of another shape,
  ///   ``TensorFileError`` for numbers that are damaged.
  public func loaded(from archive: TensorArchive, prefix: String = "") throws -> Self {
    let front = try checkFit(archive, prefix: prefix)
    var damage: TensorFileError?
    let tree = mapTensors { path, tensor in
      do throws(TensorFileError) {
        return try archive.tensor("\(front)\(path)", on: tensor.context)
      } catch {
        damage = damage ?? error
        return tensor
      }
    }
    if let damage { throw damage }
    return tree
  }

  /// What stands in front of the paths in a file that holds this tree there.
  private func checkFit(
    _ archive: TensorArchive, prefix: String
  ) throws(TensorMismatch) -> String {
    let front = prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + "."
    var mismatch = TensorMismatch(file: archive.file)
    var wanted: Set<String> = []
    for (path, tensor) in namedTensors {
      let name = "\(front)\(path)"
      wanted.insert(name)
      if let entry = archive.entry(name) {
        if entry.shape != tensor.shape {
          mismatch.mismatched.append(
            .init(name: name, expected: tensor.shape, found: entry.shape))
        }
      } else {
        mismatch.missing.append(name)
      }
    }
    mismatch.unexpected = archive.entries.map(\.name).filter {
      $0.hasPrefix(front) && !wanted.contains($0)
    }
    guard mismatch.missing.isEmpty, mismatch.unexpected.isEmpty, mismatch.mismatched.isEmpty
    else { throw mismatch }
    return front
  }
}
