import CRecurrentKernels
import Synchronization

/// Threads that wait for work together: they spin for a moment, then park.
///
/// The pool is taken exclusively. Whoever finds it taken (a piece of work that has work to share in
/// turn, or another user of the context), or has only one piece, runs inline, so that two users can
/// never wait for each other. Threads start when they are first needed and end with the pool.
package final class WorkerPool: Sendable {
  /// Threads that work at the same time, the caller's included.
  package let threadCount: Int
  private let crew: Crew
  private let isTaken = Atomic<Bool>(false)
  /// Locked only to start the threads and to join them.
  private let threads = Mutex<[SystemThread]?>(nil)

  /// The processors that this process may run on.
  package static var processorCount: Int { SystemThread.processorCount }

  /// - Parameter threadCount: At least 1.
  package init(threadCount: Int) {
    self.threadCount = threadCount
    crew = Crew(isCrowded: threadCount > SystemThread.processorCount)
  }

  deinit {
    crew.dismiss()
    threads.withLock { threads in
      for thread in threads ?? [] { thread.join() }
    }
  }

  // MARK: Pieces

  /// Runs `body(0)`, … `body(count - 1)`, in any order, on any of the threads; returns when all are
  /// done. Which pieces there are must not depend on the number of threads.
  package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 1, take() else {
      for index in 0..<count { body(index) }
      return
    }
    defer { release() }
    withoutActuallyEscaping(body) { body in
      crew.run(Pieces(count: count, work: PieceClosure(body: body)))
    }
  }

  /// The same for work that is a value: this allocates nothing.
  package func forEach(_ count: Int, _ work: some ParallelWork) {
    guard count > 1, take() else {
      for index in 0..<count { work.run(index) }
      return
    }
    defer { release() }
    crew.run(Pieces(count: count, work: work))
  }

  // MARK: Teams

  /// Runs `body` once on each of up to `limit` threads at the same time, which can wait for each
  /// other at ``TeamMember/barrier()``.
  package func team(upTo limit: Int, _ body: @Sendable (TeamMember) -> Void) {
    guard limit > 1, take() else { return body(TeamMember()) }
    defer { release() }
    withoutActuallyEscaping(body) { body in
      crew.run(Team(count: min(limit, crewSize + 1), work: TeamClosure(body: body)))
    }
  }

  /// The same for work that is a value: this allocates nothing.
  package func team(upTo limit: Int, _ work: some TeamWork) {
    guard limit > 1, take() else { return work.run(TeamMember()) }
    defer { release() }
    crew.run(Team(count: min(limit, crewSize + 1), work: work))
  }

  // MARK: Taking the pool

  /// Takes the pool and sees to it that its threads run, or says that there is none to be had.
  private func take() -> Bool {
    if threadCount == 1 || isTaken.exchange(true, ordering: .acquiring) { return false }
    if crewSize < 0 {
      // Threads that the system refuses are not asked for again.
      let crew = crew
      let started = (1..<threadCount).compactMap { _ in SystemThread(crew.makeWorker()) }
      threads.withLock { $0 = started }
      startedThreads.store(started.count, ordering: .relaxed)
    }
    if crewSize > 0 { return true }
    release()
    return false
  }

  private func release() { isTaken.store(false, ordering: .releasing) }

  private let startedThreads = Atomic<Int>(-1)

  /// Threads beside the caller's; −1 before they have been started.
  private var crewSize: Int { startedThreads.load(ordering: .relaxed) }
}

/// Work that comes in numbered pieces.
package protocol ParallelWork: Sendable {
  func run(_ piece: Int)
}

/// Work that several threads do together.
package protocol TeamWork: Sendable {
  func run(_ member: TeamMember)
}

/// One thread of a team.
@safe package struct TeamMember: @unchecked Sendable {
  /// 0 ..< count.
  package let index: Int
  /// How many are in the team.
  package let count: Int
  /// Unmanaged, for a reference count would be one more thing that the threads fight over; the
  /// caller of the team holds the crew.
  private let crew: Unmanaged<Crew>?

  /// Someone who works alone.
  fileprivate init() {
    index = 0
    count = 1
    unsafe crew = nil
  }

  fileprivate init(index: Int, count: Int, crew: Crew) {
    self.index = index
    self.count = count
    unsafe self.crew = Unmanaged.passUnretained(crew)
  }

  /// Returns when every member of the team has come here. What they wrote before is then there to
  /// be read.
  package func barrier() {
    if count == 1 { return }
    unsafe crew!._withUnsafeGuaranteedRef { $0.meet(count) }
  }
}

// MARK: - Closures as work

private struct PieceClosure: ParallelWork {
  let body: @Sendable (Int) -> Void
  func run(_ piece: Int) { body(piece) }
}

private struct TeamClosure: TeamWork {
  let body: @Sendable (TeamMember) -> Void
  func run(_ member: TeamMember) { body(member) }
}

// MARK: - Jobs

/// What each thread does that joins.
private protocol Job: Sendable {
  func join(_ crew: Crew)
  /// How many have to come, the caller included, before the job may be closed.
  var attendance: Int { get }
}

extension Job {
  /// Joins the job at an address: a job's type and its address are all that the threads share.
  static func join(_ address: UnsafeRawPointer, _ crew: Crew) {
    unsafe address.assumingMemoryBound(to: Self.self).pointee.join(crew)
  }
}

private struct Pieces<Work: ParallelWork>: Job {
  let count: Int
  let work: Work
  var attendance: Int { 0 }

  func join(_ crew: Crew) {
    while true {
      let piece = crew.nextNumber()
      if piece >= count { return }
      work.run(piece)
    }
  }
}

private struct Team<Work: TeamWork>: Job {
  let count: Int
  let work: Work
  var attendance: Int { count }

  func join(_ crew: Crew) {
    let index = crew.nextNumber()
    if index < count { work.run(TeamMember(index: index, count: count, crew: crew)) }
  }
}

/// A number that threads share, on a cache line of its own.
private struct SharedNumber: ~Copyable {
  let value = Atomic<Int>(0)
  private let padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/// What the threads of a pool share. The threads hold it, not the pool, so that the pool can end.
@safe private final class Crew: @unchecked Sendable {
  /// The number of the job, whether it is open to be joined, and how many of the threads are in it.
  /// The job's address is read by those who have joined only, and written when there are none.
  private struct Ticket {
    var bits: Int
    static let one = 1
    static let open = 1 << 16
    static let nextJob = 1 << 17

    var isOpen: Bool { bits & Self.open != 0 }
    var joined: Int { bits & (Self.open - 1) }
    var job: Int { bits >> 17 }
  }

  private let ticket = SharedNumber()
  private let next = SharedNumber()
  private let arrived = SharedNumber()
  private let phase = SharedNumber()
  private let sleepers = SharedNumber()
  private let isDismissed = Atomic<Bool>(false)
  private let parkingLot = ParkingLot()
  private var job: (type: any Job.Type, address: UnsafeRawPointer)?
  /// Whether there are more threads than processors: who spins then only keeps others from working.
  private let isCrowded: Bool

  init(isCrowded: Bool) { self.isCrowded = isCrowded }

  /// The next number of the job, from 0.
  func nextNumber() -> Int { next.value.wrappingAdd(1, ordering: .relaxed).oldValue }

  // MARK: The caller

  /// Does the job with whoever joins; returns when all who did are done.
  func run<Work: Job>(_ work: Work) {
    unsafe withUnsafePointer(to: work) { address in
      unsafe job = (Work.self, UnsafeRawPointer(address))
      next.value.store(0, ordering: .relaxed)
      // Opened after all of the above, and before the sleepers are counted: whoever goes to sleep
      // counts himself first and looks at the ticket then, so one of the two sees the other.
      ticket.value.wrappingAdd(Ticket.nextJob + Ticket.open, ordering: .sequentiallyConsistent)
      if sleepers.value.load(ordering: .sequentiallyConsistent) > 0 { parkingLot.wakeAll() }
      work.join(self)
      wait { next.value.load(ordering: .relaxed) >= work.attendance }
      ticket.value.wrappingSubtract(Ticket.open, ordering: .relaxed)
      wait { Ticket(bits: ticket.value.load(ordering: .acquiring)).joined == 0 }
      unsafe job = nil
    }
  }

  /// Tells the threads to end.
  func dismiss() {
    isDismissed.store(true, ordering: .sequentiallyConsistent)
    parkingLot.wakeAll()
  }

  // MARK: The threads

  func makeWorker() -> SystemThread.Body { Worker(crew: self) }

  private final class Worker: SystemThread.Body, @unchecked Sendable {
    let crew: Crew
    init(crew: Crew) { self.crew = crew }
    override func run() { crew.work() }
  }

  private func work() {
    var lastJob = 0
    while waitForJob(after: lastJob) {
      let seen = Ticket(bits: ticket.value.load(ordering: .relaxed))
      guard seen.isOpen && seen.job != lastJob else { continue }
      let (joined, _) = ticket.value.compareExchange(
        expected: seen.bits, desired: seen.bits + Ticket.one, ordering: .acquiring)
      guard joined else { continue }
      lastJob = seen.job
      let job = unsafe job!
      unsafe job.type.join(job.address, self)
      ticket.value.wrappingSubtract(Ticket.one, ordering: .releasing)
    }
  }

  /// Spins, then sleeps, until there is a job to join; false when the crew is dismissed.
  private func waitForJob(after lastJob: Int) -> Bool {
    func isOver() -> Bool {
      let seen = Ticket(bits: ticket.value.load(ordering: .sequentiallyConsistent))
      return seen.isOpen && seen.job != lastJob
        || isDismissed.load(ordering: .sequentiallyConsistent)
    }
    if !isCrowded {
      let deadline = SystemThread.nanoseconds + Self.patience
      repeat {
        for _ in 0..<32 {
          if isOver() { return !isDismissed.load(ordering: .relaxed) }
          rk_spin_hint()
        }
      } while SystemThread.nanoseconds < deadline
    }
    sleepers.value.wrappingAdd(1, ordering: .sequentiallyConsistent)
    parkingLot.sleep(until: isOver)
    sleepers.value.wrappingSubtract(1, ordering: .relaxed)
    return !isDismissed.load(ordering: .relaxed)
  }

  /// How long a thread spins for the next job, in nanoseconds: longer than the serial part between
  /// two operations of a training step as a rule.
  private static let patience = 50_000

  // MARK: Meeting

  /// Returns when `count` threads have come here.
  func meet(_ count: Int) {
    let current = phase.value.load(ordering: .relaxed)
    if arrived.value.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.value.store(0, ordering: .relaxed)
      phase.value.store(current + 1, ordering: .releasing)
    } else {
      wait { phase.value.load(ordering: .acquiring) != current }
    }
  }

  /// Spins for what another thread is about to do; gives way where that does not help.
  @inline(__always)
  private func wait(_ isOver: () -> Bool) {
    var turns = isCrowded ? 20 : 300
    while !isOver() {
      if turns > 0 {
        turns -= 1
        rk_spin_hint()
      } else {
        SystemThread.yield()
      }
    }
  }
}
