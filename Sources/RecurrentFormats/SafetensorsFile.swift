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
    case bytes([UInt8])
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: If the bytes are not exactly a safetensors file; see ``SafetensorsError``.
  public init(bytes: [UInt8], file: String) throws(SafetensorsError) {
    let length = try SafetensorsHeader.length(
      Array(bytes.prefix(8)), size: bytes.count, file: file)
    let header = try SafetensorsHeader(
      Array(bytes[8..<8 + length]), size: bytes.count, file: file)
    self.init(header, storage: .bytes(bytes), file: file)
  }

  private init(_ header: SafetensorsHeader, storage: Storage, file: String) {
    self.file = file
    self.storage = storage
    metadata = header.metadata
    entries = header.entries
    places = Dictionary(
      uniqueKeysWithValues: header.entries.enumerated().map { ($0.element.name, $0.offset) })
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
    Tensor(bits(of: entry).map { entry.element.float($0) }, shape: entry.shape, on: context)
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
    switch storage {
    case .bytes(let bytes):
      return stride(from: entry.bytes.lowerBound, to: entry.bytes.upperBound, by: width).map {
        start in
        (0..<width).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
      }
    }
  }
}
