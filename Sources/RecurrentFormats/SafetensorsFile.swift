import RecurrentCore

/// A safetensors file, open for reading: its names, shapes and metadata are checked and at hand, its
/// numbers are read where they are asked for.
///
/// ```swift
/// let file = try SafetensorsFile(path: "model.safetensors")
/// let weight = try file.tensor("decoder.weight")
/// ```
public struct SafetensorsFile: Sendable {
  /// The name used in errors.
  public let file: String
  /// The strings of `__metadata__`.
  public let metadata: [String: String]
  /// The tensors, in the order of their places in the file.
  public let entries: [SafetensorsEntry]

  private let storage: Storage
  private let places: [String: Int]

  private enum Storage: Sendable {
    case memory([UInt8])
    case mapped(Mapping)
  }

  /// A mapped file has one owner; copies of what reads it share this.
  private final class Mapping: Sendable {
    let file: MappedFile
    init(_ file: consuming MappedFile) { self.file = file }
  }

  /// Opens a file. Its numbers are read from the disk when they are asked for, so it must not be
  /// changed in place meanwhile; a new file under the same name does no harm.
  ///
  /// - Throws: If it cannot be read or is not exactly a safetensors file; see ``SafetensorsError``.
  public init(path: String) throws(SafetensorsError) {
    let mapped: MappedFile
    do { mapped = try MappedFile(path: path) } catch { throw SafetensorsError(error) }
    let size = mapped.count
    let header = try mapped.withBytes { bytes throws(SafetensorsError) in
      try Self.header(size: size, file: path) { range in range.map { bytes[$0] } }
    }
    self.init(header, storage: .mapped(Mapping(mapped)), file: path)
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: If the bytes are not exactly a safetensors file; see ``SafetensorsError``.
  public init(bytes: [UInt8], file: String) throws(SafetensorsError) {
    let header = try Self.header(size: bytes.count, file: file) { Array(bytes[$0]) }
    self.init(header, storage: .memory(bytes), file: file)
  }

  private init(_ header: SafetensorsHeader, storage: Storage, file: String) {
    self.file = file
    self.storage = storage
    metadata = header.metadata
    entries = header.entries
    places = Dictionary(
      uniqueKeysWithValues: header.entries.enumerated().map { ($0.element.name, $0.offset) })
  }

  private static func header(
    size: Int, file: String, bytes: (Range<Int>) -> [UInt8]
  ) throws(SafetensorsError) -> SafetensorsHeader {
    let length = try SafetensorsHeader.length(bytes(0..<min(8, size)), size: size, file: file)
    return try SafetensorsHeader(bytes(8..<8 + length), size: size, file: file)
  }

  /// The tensor's name, type, shape and place; nil if the file has none of that name.
  public func entry(_ name: String) -> SafetensorsEntry? { places[name].map { entries[$0] } }

  /// A tensor, its elements rounded to Float where their type has more digits.
  ///
  /// - Throws: If the file has no tensor of that name.
  public func tensor(
    _ name: String, on context: ComputeContext = .default
  ) throws(SafetensorsError) -> Tensor {
    tensor(try existing(name), on: context)
  }

  func tensor(_ entry: SafetensorsEntry, on context: ComputeContext) -> Tensor {
    if case .mapped(let mapping) = storage, entry.element == .float32 {
      return mapping.file.withBytes { bytes in
        Tensor(bytes: bytes.extracting(entry.bytes), shape: entry.shape, on: context)
      }
    }
    return Tensor(bits(of: entry).map { entry.element.float($0) }, shape: entry.shape, on: context)
  }

  /// The elements of a tensor of whole numbers, in row-major order.
  ///
  /// - Throws: If the file has no tensor of that name, its elements are not whole numbers or one is
  ///   larger than `Int` holds.
  public func integers(_ name: String) throws(SafetensorsError) -> [Int] {
    let entry = try existing(name)
    guard entry.element.isInteger else {
      throw SafetensorsError(
        file: file, tensor: name,
        message: "whole numbers expected, found elements of type \(entry.element.rawValue)")
    }
    var numbers: [Int] = []
    for bits in bits(of: entry) {
      guard let number = entry.element.integer(bits) else {
        throw SafetensorsError(
          file: file, offset: entry.bytes.lowerBound + 8 * numbers.count, tensor: name,
          message: "the number \(bits) is too large")
      }
      numbers.append(number)
    }
    return numbers
  }

  private func existing(_ name: String) throws(SafetensorsError) -> SafetensorsEntry {
    guard let entry = entry(name) else {
      throw SafetensorsError(file: file, tensor: name, message: "the file does not have it")
    }
    return entry
  }

  /// The little-endian bytes of each element.
  private func bits(of entry: SafetensorsEntry) -> [UInt64] {
    let width = entry.element.byteCount
    func read(_ byte: (Int) -> UInt8) -> [UInt64] {
      stride(from: entry.bytes.lowerBound, to: entry.bytes.upperBound, by: width).map { start in
        (0..<width).reduce(0) { $0 | UInt64(byte(start + $1)) << UInt64(8 * $1) }
      }
    }
    return switch storage {
    case .memory(let bytes): read { bytes[$0] }
    case .mapped(let mapping): mapping.file.withBytes { bytes in read { bytes[$0] } }
    }
  }
}
