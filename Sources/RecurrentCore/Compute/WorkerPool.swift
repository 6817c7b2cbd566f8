/// Threads that wait for work together: they spin for a moment, then park.
///
/// The pool is taken exclusively. Whoever finds it taken, or has only one piece of work, runs
/// inline, so that two users can never wait for each other.
package final class WorkerPool: Sendable {
  package let threadCount: Int

  package static var processorCount: Int { 1 }

  package init(threadCount: Int) { self.threadCount = threadCount }

  /// Runs `body(0)`, … `body(count - 1)`, in any order, on any of the threads; returns when all are
  /// done. Which pieces there are must not depend on the number of threads.
  package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    for index in 0..<count { body(index) }
  }

  /// Runs `body` once on each of up to `limit` threads at the same time, which can wait for each
  /// other at a ``Barrier``.
  package func team(upTo limit: Int, _ body: @Sendable (TeamMember) -> Void) {
    body(TeamMember(index: 0, count: 1))
  }
}

/// One thread of a team.
package struct TeamMember: Sendable {
  /// 0 ..< count.
  package let index: Int
  package let count: Int

  /// Returns when every member of the team has come here.
  package func barrier() {}
}
