import RecurrentCore

/// A safetensors file, open for reading: its names, shapes and metadata are checked and at hand, its
/// numbers are read where they are asked for.
///
/// ```swift
/// let file = try SafetensorsFile(path: "model.safetensors")
/// let weight = try file.tensor("decoder.weight")
/// ```
public struct SafetensorsFile: Sendable {
  /// The same file as one of several formats.
  public let archive: TensorArchive

  /// The name used in errors.
  public var file: String { archive.file }
  /// The strings of `__metadata__`.
  public var metadata: [String: String] { archive.metadata }
  /// The tensors, in the order of their places in the file.
  public var entries: [TensorEntry] { archive.entries }

  /// Opens a file. Its numbers are read from the disk when they are asked for, so it must not be
  /// changed in place meanwhile; a new file under the same name does no harm.
  ///
  /// - Throws: If it cannot be read or is not exactly a safetensors file; see ``TensorFileError``.
  public init(path: String) throws(TensorFileError) {
    let bytes: FileBytes
    do { bytes = try FileBytes(path: path) } catch { throw TensorFileError(error) }
    try self.init(bytes, file: path)
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: If the bytes are not exactly a safetensors file; see ``TensorFileError``.
  public init(bytes: [UInt8], file: String) throws(TensorFileError) {
    try self.init(FileBytes(bytes), file: file)
  }

  init(_ bytes: FileBytes, file: String) throws(TensorFileError) {
    let size = bytes.count
    let length = try SafetensorsHeader.length(bytes[0..<min(8, size)], size: size, file: file)
    let header = try SafetensorsHeader(bytes[8..<8 + length], size: size, file: file)
    archive = TensorArchive(
      bytes, file: file, format: .safetensors, entries: header.entries, metadata: header.metadata)
  }

  /// The tensor's name, type, shape and place; nil if the file has none of that name.
  public func entry(_ name: String) -> TensorEntry? { archive.entry(name) }

  /// A tensor, its elements rounded to Float where their type has more digits.
  ///
  /// - Throws: If the file has no tensor of that name.
  public func tensor(
    _ name: String, on context: ComputeContext = .default
  ) throws(TensorFileError) -> Tensor {
    try archive.tensor(name, on: context)
  }

  /// The elements of a tensor of whole numbers, in row-major order.
  ///
  /// - Throws: If the file has no tensor of that name, its elements are not whole numbers or one is
  ///   larger than `Int` holds.
  public func integers(_ name: String) throws(TensorFileError) -> [Int] {
    try archive.integers(name)
  }
}
