#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The streams a process is born with that it writes to.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Writes all of the text, unbuffered.
  ///
  /// - Throws: ``FileError`` where the system takes no more: a full disk behind a redirection, a
  ///   reader that has gone.
  public func write(_ text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { bytes in
        unsafe systemWrite(rawValue, bytes.baseAddress! + done, bytes.count - done)
      }
      if written < 0, errno == EINTR { continue }
      if written <= 0 { throw FileError(.write, "standard \(self)") }
      done += written
    }
  }

  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Characters in a line of the terminal behind it; nil where there is none or it does not say.
  public var terminalWidth: Int? {
    var size = winsize()
    guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}

private func systemWrite(
  _ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int
) -> Int {
  unsafe write(descriptor, bytes, count)
}
