import Logging
import Recurrent

/// What the tool says beside its results, on standard error: notes, warnings, and a line of progress
/// where that is a terminal.
struct Console {
  private let logger: Logger
  private let showsProgress: Bool

  init(isQuiet: Bool) {
    logger = Logger(label: "lstm") { _ in
      StandardErrorHandler(logLevel: isQuiet ? .error : .info)
    }
    showsProgress = !isQuiet && StandardStream.error.isTerminal
  }

  func note(_ message: String) { logger.info("\(message)") }
  func warn(_ message: String) { logger.warning("\(message)") }

  /// Overwrites the line of progress.
  func progress(_ message: @autoclosure () -> String) {
    if showsProgress { Self.say("\r\u{1B}[K" + message()) }
  }

  /// Takes the line of progress away.
  func endProgress() { if showsProgress { Self.say("\r\u{1B}[K") } }

  /// Standard error itself may be gone; there is nobody left to tell.
  static func say(_ text: String) { try? StandardStream.error.write(text) }
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
    Console.say("lstm: \(name): \(event.message)\n")
  }
}
