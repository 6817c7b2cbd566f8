#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file that grows at its end: what is written is with the system at once, so a program that is
/// killed leaves all of it behind.
public struct AppendingFile: ~Copyable {
  private let descriptor: FileDescriptor

  /// Makes the file if there is none.
  public init(path: String) throws(FileError) {
    descriptor = try FileDescriptor(open: path, flags: O_WRONLY | O_CREAT | O_APPEND)
  }

  /// Adds text in UTF-8 at the end.
  public mutating func write(_ text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(FileError) in
      try unsafe descriptor.write(UnsafeRawBufferPointer(bytes))
    }
  }
}
