#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file's bytes, in memory as they are read.
///
/// The file must not become shorter while it is mapped.
@safe public struct MappedFile: ~Copyable, @unchecked Sendable {
  /// The name as it was given.
  public let path: String
  /// The bytes of the file.
  public let count: Int
  private let address: UnsafeRawPointer?

  /// Maps the file.
  ///
  /// - Throws: Also for a folder, and for what is not a file of known length: a pipe or a device.
  public init(path: String) throws(FileError) {
    let descriptor = try FileDescriptor(open: path, flags: O_RDONLY)
    let status = try descriptor.status()
    if !status.isRegular {
      throw FileError(
        path: path, operation: .map, code: status.isDirectory ? EISDIR : ENODEV)
    }
    let address = try unsafe descriptor.map(count: status.size)
    self.path = path
    count = status.size
    unsafe self.address = address
  }

  deinit {
    if let address = unsafe address {
      unsafe munmap(UnsafeMutableRawPointer(mutating: address), count)
    }
  }

  /// Reads the bytes in place.
  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bytes = unsafe UnsafeRawBufferPointer(start: address, count: count)
    return try unsafe body(Span(_unsafeBytes: bytes))
  }
}

/// All bytes of a file, a pipe or a device; of the standard input if the path is `-`.
public func readFile(_ path: String) throws(FileError) -> [UInt8] {
  let descriptor =
    path == "-"
    ? try FileDescriptor(duplicating: STDIN_FILENO, path: path, for: .read)
    : try FileDescriptor(open: path, flags: O_RDONLY)
  let status = try descriptor.status()
  if status.isDirectory { throw FileError(path: path, operation: .read, code: EISDIR) }
  var bytes: [UInt8] = []
  // One more than there should be, so that the end is seen; what has no length comes in pieces.
  var room = status.isRegular ? status.size + 1 : 65_536
  while true {
    var piece = [UInt8](repeating: 0, count: room)
    let count = try unsafe piece.withUnsafeMutableBufferPointer { buffer throws(FileError) in
      try unsafe descriptor.read(UnsafeMutableRawBufferPointer(buffer))
    }
    piece.removeLast(room - count)
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    if count < room { return bytes }
    room = max(65_536, bytes.count)
  }
}

extension Tensor {
  /// Elements that are four bytes each, the lowest first, as files have them.
  ///
  /// - Precondition: There are four bytes for each element of the shape.
  public init(bytes: Span<UInt8>, shape: [Int], on context: ComputeContext = .default) {
    self.init(uninitialized: shape, on: context)
    precondition(
      bytes.count == 4 * count,
      "A tensor \(shape) has \(4 * count) bytes, found \(bytes.count)")
    let target = unsafe UnsafeMutableRawBufferPointer(start: pointer, count: bytes.count)
    unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
  }

  /// The same of bytes that stand in an array.
  package init(bytes: [UInt8], shape: [Int], on context: ComputeContext = .default) {
    self = unsafe bytes.withUnsafeBytes {
      unsafe Tensor(bytes: Span(_unsafeBytes: $0), shape: shape, on: context)
    }
  }

  /// Elements that are bfloat16, two bytes each, the lowest first.
  ///
  /// - Precondition: There are two bytes for each element of the shape.
  package init(
    bfloat16 bytes: Span<UInt8>, shape: [Int], on context: ComputeContext = .default
  ) {
    self.init(uninitialized: shape, on: context)
    precondition(
      bytes.count == 2 * count, "A tensor \(shape) has \(2 * count) bytes, found \(bytes.count)")
    let target = unsafe pointer
    unsafe bytes.withUnsafeBytes { source in
      for place in 0..<count {
        let bits = unsafe source.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self)
        unsafe target[place] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
      }
    }
  }

  /// Elements that are float64, eight bytes each, the lowest first; they are rounded.
  ///
  /// - Precondition: There are eight bytes for each element of the shape.
  package init(
    float64 bytes: Span<UInt8>, shape: [Int], on context: ComputeContext = .default
  ) {
    self.init(uninitialized: shape, on: context)
    precondition(
      bytes.count == 8 * count, "A tensor \(shape) has \(8 * count) bytes, found \(bytes.count)")
    let target = unsafe pointer
    unsafe bytes.withUnsafeBytes { source in
      for place in 0..<count {
        let bits = unsafe source.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self)
        unsafe target[place] = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      }
    }
  }
}
