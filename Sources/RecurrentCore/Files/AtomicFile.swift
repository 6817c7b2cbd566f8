import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file that appears whole or not at all.
///
/// What is written goes to a temporary file in the same folder, which takes the file's name when it
/// is complete and on the disk. If that does not happen, an older file of the name stays as it was
/// and the temporary file goes.
///
/// ```swift
/// var file = try AtomicFile(path: "model.safetensors")
/// try file.write(header)
/// try file.write(weights)
/// try file.commit()
/// ```
/// A device or a pipe, and `-` for the standard output, are written directly: there is nothing to
/// take the place of. A symbolic link stays one; the file it leads to is replaced.
public struct AtomicFile: ~Copyable {
  /// The name as it was given.
  public let path: String
  private let descriptor: FileDescriptor
  /// The names to take and to give up; nil when writing directly and when all is done.
  private var replacement: (temporary: String, target: String)?

  /// Begins a file that will have this name.
  ///
  /// - Throws: If nothing can be written there.
  public init(path: String) throws(FileError) {
    self.path = path
    switch Self.standardStream(path) {
    case let stream?:
      descriptor = try FileDescriptor(duplicating: stream, path: path, for: .write)
      return
    case nil: break
    }
    let old = FileStatus(of: path)
    if let old, !old.isRegular || path.hasPrefix("/dev/") || path.hasPrefix("/proc/") {
      if old.isDirectory { throw FileError(path: path, operation: .create, code: EISDIR) }
      descriptor = try FileDescriptor(open: path, flags: O_WRONLY)
      return
    }
    let target = Self.resolved(path)
    let temporary = Self.temporaryName(for: target)
    do {
      descriptor = try FileDescriptor(open: temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
    } catch {
      // The name that the user knows is the one to speak of.
      throw FileError(path: path, operation: .create, code: error.code)
    }
    if let old { descriptor.setPermissions(old.permissions) }
    replacement = (temporary, target)
  }

  deinit {
    if let replacement { unsafe unlink(replacement.temporary) }
  }

  // MARK: Writing

  /// Adds the bytes.
  public mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
    try named { () throws(FileError) in
      try unsafe bytes.withUnsafeBytes { bytes throws(FileError) in
        try unsafe descriptor.write(bytes)
      }
    }
  }

  /// Adds the bytes.
  public mutating func write(_ bytes: [UInt8]) throws(FileError) {
    try named { () throws(FileError) in
      try unsafe bytes.withUnsafeBufferPointer { bytes throws(FileError) in
        try unsafe descriptor.write(UnsafeRawBufferPointer(bytes))
      }
    }
  }

  /// Adds the text in UTF-8.
  public mutating func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

  /// Adds the elements in memory order, each as four bytes, the lowest first.
  public mutating func write(elementsOf tensor: Tensor) throws(FileError) {
    try named { () throws(FileError) in
      try tensor.withElements { elements throws(FileError) in
        try unsafe elements.withUnsafeBytes { bytes throws(FileError) in
          try unsafe descriptor.write(bytes)
        }
      }
    }
  }

  /// Makes what was written the file of this name.
  ///
  /// - Throws: What kept it from reaching the disk; an older file of the name is then as it was.
  public consuming func commit() throws(FileError) {
    guard let replacement else { return }
    try named { () throws(FileError) in try descriptor.synchronize() }
    if unsafe rename(replacement.temporary, replacement.target) != 0 {
      throw FileError(.rename, path)
    }
    self.replacement = nil
    // The name is on the disk when the folder is.
    let folder = Self.folder(of: replacement.target)
    if let directory = try? FileDescriptor(open: folder, flags: O_RDONLY) {
      try named { () throws(FileError) in try directory.synchronize() }
    }
  }

  /// Writes a whole file.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes a whole file of text in UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  // MARK: Names

  /// Errors speak of the file's own name, not the temporary one.
  private func named<Result>(_ body: () throws(FileError) -> Result) throws(FileError) -> Result {
    do { return try body() } catch {
      let name = path == "-" ? "standard output" : path
      throw FileError(path: name, operation: error.operation, code: error.code)
    }
  }

  /// Opened by name, a standard stream that is a file would start again at its beginning.
  private static func standardStream(_ path: String) -> Int32? {
    switch path {
    case "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": STDOUT_FILENO
    case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": STDERR_FILENO
    default: nil
    }
  }

  /// Where a symbolic link leads to; the path itself if there is nothing yet.
  private static func resolved(_ path: String) -> String {
    guard let real = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static let temporaryCount = Atomic<Int>(0)

  /// A hidden name beside the file that no other process and no other call has.
  private static func temporaryName(for path: String) -> String {
    let number = temporaryCount.wrappingAdd(1, ordering: .relaxed).newValue
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return "\(folder(of: path))/.\(name).\(getpid()).\(number).tmp"
  }
}
