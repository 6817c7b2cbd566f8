import Synchronization

/// A wish to stop, which any thread or a signal handler may raise and a running `train` sees after
/// each step.
///
/// ```swift
/// let interrupted = StopSignal()
/// signal(SIGINT) { _ in interrupted.raise() }
/// ```
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)

  public init() {}

  /// Asks whoever listens to stop. Only sets an atomic flag, so a signal handler may call it.
  public func raise() { flag.store(true, ordering: .relaxed) }

  public var isRaised: Bool { flag.load(ordering: .relaxed) }
}
