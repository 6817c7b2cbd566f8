/// The bytes of a file for several readers: mapped, or held in memory.
public struct FileBytes: Sendable {
  /// The bytes of the file.
  public let count: Int
  private let storage: Storage

  private enum Storage: Sendable {
    case memory([UInt8])
    case mapped(Mapping)
  }

  /// A mapped file has one owner; copies of what reads it share this.
  private final class Mapping: Sendable {
    let file: MappedFile
    init(_ file: consuming MappedFile) { self.file = file }
  }

  /// Maps a file: bytes are read from the disk when they are asked for, so it must not be changed in
  /// place meanwhile; a new file under the same name does no harm.
  ///
  /// - Throws: Also for a folder, and for what is not a file of known length: a pipe or a device.
  public init(path: String) throws(FileError) {
    let file = try MappedFile(path: path)
    count = file.count
    storage = .mapped(Mapping(file))
  }

  /// A file held in memory.
  public init(_ bytes: [UInt8]) {
    count = bytes.count
    storage = .memory(bytes)
  }

  /// Reads the bytes in place.
  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .mapped(let mapping): try mapping.file.withBytes(body)
    case .memory(let bytes):
      try unsafe bytes.withUnsafeBufferPointer { buffer throws(Failure) in
        try unsafe body(Span(_unsafeElements: buffer))
      }
    }
  }

  /// A copy of some of the bytes.
  public subscript(range: Range<Int>) -> [UInt8] {
    switch storage {
    case .memory(let bytes): Array(bytes[range])
    case .mapped(let mapping):
      mapping.file.withBytes { bytes in
        let part = bytes.extracting(range)
        return unsafe part.withUnsafeBufferPointer { unsafe Array($0) }
      }
    }
  }
}

extension Tensor {
  /// The elements in memory order, each as four bytes, the lowest first, as files have them.
  public var bytes: [UInt8] {
    withElements { elements in
      unsafe elements.withUnsafeBytes { unsafe Array($0) }
    }
  }
}
