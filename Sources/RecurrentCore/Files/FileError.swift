#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What the system refused to do with a file.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was to be done.
  public enum Operation: String, Sendable {
    case open, read, map, create, write, synchronize, rename
  }

  /// The file, as its name was given.
  public let path: String
  /// What was to be done.
  public let operation: Operation
  /// The system's number for the reason: `errno`.
  public let code: Int32

  public init(path: String, operation: Operation, code: Int32) {
    self.path = path
    self.operation = operation
    self.code = code
  }

  /// The error that the last call of the system left behind.
  init(_ operation: Operation, _ path: String) {
    self.init(path: path, operation: operation, code: errno)
  }

  /// Whether there is no file of that name.
  public var isNoSuchFile: Bool { code == ENOENT }

  /// The system's words for the reason.
  public var reason: String { unsafe String(cString: strerror(code)) }

  /// `cannot open sales.csv: No such file or directory`
  public var description: String { "cannot \(operation.rawValue) \(path): \(reason)" }
}
