#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An open file, which is closed when its owner is gone.
struct FileDescriptor: ~Copyable {
  private let number: Int32
  let path: String

  init(open path: String, flags: Int32, mode: mode_t = 0o666) throws(FileError) {
    let number = unsafe path.withCString { path in
      retrying { unsafe open(path, flags | O_CLOEXEC, mode) }
    }
    if number < 0 { throw FileError(flags & O_CREAT != 0 ? .create : .open, path) }
    self.number = number
    self.path = path
  }

  /// Another descriptor of one that is open: a standard stream.
  init(duplicating original: Int32, path: String, for operation: FileError.Operation)
    throws(FileError)
  {
    let number = fcntl(original, F_DUPFD_CLOEXEC, 0)
    if number < 0 { throw FileError(operation, path) }
    self.number = number
    self.path = path
  }

  deinit { close(number) }

  /// What kind of file it is and how long.
  func status() throws(FileError) -> FileStatus {
    var status = stat()
    if unsafe fstat(number, &status) != 0 { throw FileError(.read, path) }
    return FileStatus(status)
  }

  /// Up to `count` bytes; fewer only at the end.
  func read(_ buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let got = retrying {
        #if canImport(Darwin)
          unsafe Darwin.read(number, buffer.baseAddress! + filled, buffer.count - filled)
        #elseif canImport(Musl)
          unsafe Musl.read(number, buffer.baseAddress! + filled, buffer.count - filled)
        #else
          unsafe Glibc.read(number, buffer.baseAddress! + filled, buffer.count - filled)
        #endif
      }
      if got < 0 { throw FileError(.read, path) }
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var written = 0
    while written < bytes.count {
      // Some systems refuse more than 2 GiB at once.
      let length = min(bytes.count - written, 1 << 30)
      let count = retrying {
        #if canImport(Darwin)
          unsafe Darwin.write(number, bytes.baseAddress! + written, length)
        #elseif canImport(Musl)
          unsafe Musl.write(number, bytes.baseAddress! + written, length)
        #else
          unsafe Glibc.write(number, bytes.baseAddress! + written, length)
        #endif
      }
      if count < 0 { throw FileError(.write, path) }
      written += count
    }
  }

  /// Returns when what was written is on the disk. Files that are on none are done at once.
  func synchronize() throws(FileError) {
    #if canImport(Darwin)
      // There, fsync leaves the data in the drive's own cache.
      if fcntl(number, F_FULLFSYNC) == 0 { return }
    #endif
    if retrying({ Int(fsync(number)) }) != 0 && errno != EINVAL && errno != ENOTSUP {
      throw FileError(.synchronize, path)
    }
  }

  func setPermissions(_ mode: mode_t) { _ = fchmod(number, mode) }

  /// The bytes of the file in memory; nil where there are none.
  func map(count: Int) throws(FileError) -> UnsafeRawPointer? {
    if count == 0 { return nil }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, number, 0)
    if unsafe address! == MAP_FAILED { throw FileError(.map, path) }
    return UnsafeRawPointer(address)
  }
}

/// What the system knows about a file.
struct FileStatus {
  let isRegular: Bool
  let isDirectory: Bool
  let size: Int
  let permissions: mode_t

  init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    size = Int(status.st_size)
    permissions = status.st_mode & 0o7777
  }

  /// Nil if there is no such file, or none that can be asked about.
  init?(of path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// Calls the system again when a signal interrupted it.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
