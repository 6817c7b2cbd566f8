import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Results go to standard output; what is said about them goes to standard error.

func printToStandardError(_ line: String) { write(line + "\n", to: 2) }
func printToStandardOutput(_ text: String) { write(text, to: 1) }
func endProcess(_ status: Int32) -> Never { exit(status) }

private func write(_ text: String, to descriptor: Int32) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { bytes in
      unsafe write(descriptor, bytes.baseAddress, bytes.count)
    }
    if written <= 0 { return }
    rest = rest.dropFirst(written)
  }
}

/// What the tool says beside its results: notes, warnings, and a line of progress on a terminal.
struct Console {
  private let logger: Logger
  private let showsProgress: Bool

  init(isQuiet: Bool) {
    logger = Logger(label: "lstm") { _ in
      StandardErrorHandler(logLevel: isQuiet ? .error : .info)
    }
    showsProgress = !isQuiet && isatty(2) == 1
  }

  func note(_ message: String) { logger.info("\(message)") }
  func warn(_ message: String) { logger.warning("\(message)") }

  /// Overwrites the line of progress.
  func progress(_ message: @autoclosure () -> String) {
    if showsProgress { write("\r\u{1B}[K" + message(), to: 2) }
  }

  /// Takes the line of progress away.
  func endProgress() { if showsProgress { write("\r\u{1B}[K", to: 2) } }

  /// Characters in a line of the terminal; 80 where there is none.
  static var width: Int {
    guard isatty(1) == 1 else { return 80 }
    var size = winsize()
    let known = unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return known ? min(Int(size.ws_col), 120) : 80
  }

  static var isColored: Bool { isatty(1) == 1 }
}

/// Log messages as `lstm: warning: …` on standard error.
private struct StandardErrorHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let name = event.level == .info ? "note" : event.level.rawValue
    printToStandardError("lstm: \(name): \(event.message)")
  }
}
