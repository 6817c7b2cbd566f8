import Recurrent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C asks a training run to end after the step that is under way; a second one ends the process.
enum Interruption {
  /// A signal belongs to the process, and its handler can carry nothing with it: this is the one
  /// global there is.
  private static let signalled = StopSignal()

  /// The signal that Ctrl-C raises from now on.
  static func watch() -> StopSignal {
    let stop = signalled
    signal(SIGINT) { _ in
      Interruption.signalled.raise()
      signal(SIGINT, SIG_DFL)
    }
    return stop
  }
}
