import RecurrentCore
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func everyPieceRunsOnce(threadCount: Int) {
    let pool = WorkerPool(threadCount: threadCount)
    for round in 0..<200 {
      for count in [0, 1, 2, 3, 7, 64, 1000] {
        let sum = Atomic<Int>(0)
        let squares = Atomic<Int>(0)
        pool.forEach(count) { piece in
          sum.wrappingAdd(piece + round, ordering: .relaxed)
          squares.wrappingAdd(piece * piece, ordering: .relaxed)
        }
        #expect(sum.load(ordering: .relaxed) == count * (count - 1) / 2 + count * round)
        #expect(squares.load(ordering: .relaxed) == (0..<count).reduce(0) { $0 + $1 * $1 })
      }
    }
  }

  /// Threads that have parked come back.
  @Test func worksAfterAPause() async throws {
    let pool = WorkerPool(threadCount: 3)
    for _ in 0..<5 {
      let done = Atomic<Int>(0)
      pool.forEach(100) { _ in done.wrappingAdd(1, ordering: .relaxed) }
      #expect(done.load(ordering: .relaxed) == 100)
      try await Task.sleep(for: .milliseconds(3))
    }
  }

  @Test func nestedWorkRunsInline() {
    let pool = WorkerPool(threadCount: 3)
    let done = Atomic<Int>(0)
    pool.forEach(10) { _ in
      pool.forEach(10) { _ in
        pool.team(upTo: 3) { member in
          member.barrier()
          done.wrappingAdd(member.count, ordering: .relaxed)
        }
      }
    }
    #expect(done.load(ordering: .relaxed) == 100)
  }

  /// Each member of a team adds up what the others wrote before the barrier.
  @Test(arguments: [1, 2, 3, 5])
  func aBarrierOrdersMemory(threadCount: Int) {
    let pool = WorkerPool(threadCount: threadCount)
    for limit in [1, 2, 3, 9] {
      let wrong = Atomic<Int>(0)
      let members = Atomic<Int>(0)
      let slots = (0..<16).map { _ in Slot() }
      pool.team(upTo: limit) { member in
        members.wrappingAdd(1, ordering: .relaxed)
        for round in 1...500 {
          slots[member.index].value.store(round, ordering: .relaxed)
          member.barrier()
          for other in 0..<member.count {
            if slots[other].value.load(ordering: .relaxed) != round {
              wrong.wrappingAdd(1, ordering: .relaxed)
            }
          }
          member.barrier()
        }
      }
      #expect(wrong.load(ordering: .relaxed) == 0)
      #expect(members.load(ordering: .relaxed) == min(limit, threadCount))
    }
  }

  private final class Slot: Sendable {
    let value = Atomic<Int>(0)
  }

  /// Two users of one pool, and two pools, at the same time: nobody waits for anybody.
  @Test func severalUsersAtOnce() async {
    let pools = [WorkerPool(threadCount: 2), WorkerPool(threadCount: 3)]
    let total = await withTaskGroup(of: Int.self) { group in
      for user in 0..<6 {
        group.addTask {
          let sum = Atomic<Int>(0)
          for round in 0..<500 {
            let pool = pools[user % 2]
            if round % 3 == 0 {
              pool.team(upTo: 2) { member in
                member.barrier()
                if member.index == 0 { sum.wrappingAdd(10, ordering: .relaxed) }
              }
            } else {
              pool.forEach(10) { _ in sum.wrappingAdd(1, ordering: .relaxed) }
            }
          }
          return sum.load(ordering: .relaxed)
        }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 6 * 500 * 10)
  }

  @Test func poolsComeAndGo() {
    for round in 0..<200 {
      let pool = WorkerPool(threadCount: 1 + round % 4)
      if round % 3 == 0 { continue }
      let done = Atomic<Int>(0)
      pool.forEach(5) { _ in done.wrappingAdd(1, ordering: .relaxed) }
      #expect(done.load(ordering: .relaxed) == 5)
    }
  }

  @Test func workAsAValue() {
    struct Count: ParallelWork, TeamWork {
      let done: Slot
      func run(_ piece: Int) { done.value.wrappingAdd(piece, ordering: .relaxed) }
      func run(_ member: TeamMember) {
        member.barrier()
        done.value.wrappingAdd(1000, ordering: .relaxed)
      }
    }
    let pool = WorkerPool(threadCount: 2)
    let work = Count(done: Slot())
    pool.forEach(10, work)
    pool.team(upTo: 2, work)
    #expect(work.done.value.load(ordering: .relaxed) == 45 + 2000)
  }

  @Test func aProcessHasProcessors() {
    #expect(WorkerPool.processorCount >= 1)
  }
}
