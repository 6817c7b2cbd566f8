import RecurrentCore

/// Named tensors in a file, whatever its format: names, types and shapes are checked and at hand,
/// numbers are read where they are asked for.
///
/// ```swift
/// let archive = try TensorArchive(path: "checkpoint.pt")
/// print(archive.entries.map(\.name), archive.metadata["epoch"] ?? "")
/// let model = try Model().loaded(from: archive, prefix: "state_dict")
/// ```
///
/// No code that a file may hold is ever run, and a file that lies about itself is an error: opening
/// and reading take memory in proportion to the file, whatever it says.
public struct TensorArchive: Sendable {
  /// The name used in errors.
  public let file: String
  public let format: TensorFormat
  /// What the file says beside its tensors: the strings of a safetensors file, the plain values of a
  /// checkpoint under their dotted names. NumPy's files have none.
  public let metadata: [String: String]
  /// The tensors, in the order of the file.
  public let entries: [TensorEntry]

  let bytes: FileBytes
  private let places: [String: Int]

  /// What a format's reader has found; names are different.
  init(
    _ bytes: FileBytes, file: String, format: TensorFormat, entries: [TensorEntry],
    metadata: [String: String] = [:]
  ) {
    self.bytes = bytes
    self.file = file
    self.format = format
    self.entries = entries
    self.metadata = metadata
    places = Dictionary(
      uniqueKeysWithValues: entries.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// The tensor's name, type, shape and place; nil if the file has none of that name.
  public func entry(_ name: String) -> TensorEntry? { places[name].map { entries[$0] } }

  /// A tensor, its elements rounded to Float where their type has more digits.
  ///
  /// - Throws: If the file has no tensor of that name, or its bytes do not have their checksum.
  public func tensor(
    _ name: String, on context: ComputeContext = .default
  ) throws(TensorFileError) -> Tensor {
    try checked(name).tensor(in: bytes, on: context)
  }

  /// The elements of a tensor of whole numbers, in row-major order.
  ///
  /// - Throws: If the file has no tensor of that name, its elements are not whole numbers or one is
  ///   larger than `Int` holds, or its bytes do not have their checksum.
  public func integers(_ name: String) throws(TensorFileError) -> [Int] {
    let entry = try checked(name)
    guard entry.element.isInteger else {
      throw fault(entry, "whole numbers expected, found elements of type \(entry.element)")
    }
    do { return try entry.integers(in: bytes) } catch {
      throw fault(entry, "the number \(error.value) is too large", offset: error.offset)
    }
  }

  /// A tensor as it is stored, in row-major order.
  ///
  /// - Throws: If the file has no tensor of that name, or its bytes do not have their checksum.
  public func data(_ name: String) throws(TensorFileError) -> TensorData {
    let entry = try checked(name)
    return TensorData(
      element: entry.element, shape: entry.shape, bytes: entry.plainBytes(in: bytes))
  }

  /// The entry, when its bytes are those that were written.
  private func checked(_ name: String) throws(TensorFileError) -> TensorEntry {
    guard let entry = entry(name) else {
      throw TensorFileError(file: file, tensor: name, message: "the file does not have it")
    }
    if let checksum = entry.checksum {
      let found = bytes.withBytes { bytes in
        var sum = CRC32()
        sum.update(bytes.extracting(checksum.bytes))
        return sum.value
      }
      if found != checksum.value {
        throw fault(
          entry, "its bytes do not have their checksum", offset: entry.bytes.lowerBound)
      }
    }
    return entry
  }

  private func fault(
    _ entry: TensorEntry, _ message: String, offset: Int? = nil
  ) -> TensorFileError {
    TensorFileError(file: file, offset: offset, tensor: entry.name, message: message)
  }
}
