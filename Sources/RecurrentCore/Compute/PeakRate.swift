import CRecurrentKernels
import Synchronization

extension ComputeContext {
  /// The most floating-point operations a second that the context's threads reach together:
  /// multiply-adds of its instruction set on registers alone, with nothing to wait for.
  ///
  /// It is the best of several tries, 50 to 100 ms in all: what disturbs one only makes it slower.
  package func measurePeakRate() -> Double {
    let rounds = kernels.peakRounds(lasting: 4_000_000)
    let best = Mutex(0.0)
    workers.team(upTo: threadCount) { member in
      for _ in 0..<12 {
        member.barrier()
        let start = SystemThread.nanoseconds
        let operations = kernels.runPeak(rounds: rounds)
        // The time of all threads, so that none of them counts as faster than it is.
        member.barrier()
        let duration = max(1, SystemThread.nanoseconds - start)
        let rate = Double(operations * member.count) / Double(duration) * 1e9
        if member.index == 0 { best.withLock { $0 = max($0, rate) } }
      }
    }
    return best.withLock { $0 }
  }
}

extension KernelTable {
  /// Returns the floating-point operations of so many rounds, after having made them.
  fileprivate func runPeak(rounds: Int) -> Int {
    // A factor and what is added for each lane: the sums stay near 1.
    let factor: Float = 0.75
    return unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * lanes) { values in
      for lane in 0..<lanes {
        unsafe values[lane] = factor
        unsafe values[lanes + lane] = 1 - factor
      }
      return Int(unsafe pointer.pointee.peak(Int64(rounds), values.baseAddress!))
    }
  }

  /// Rounds that take about as long as said, in nanoseconds.
  fileprivate func peakRounds(lasting duration: Int) -> Int {
    var rounds = 1024
    while true {
      let start = SystemThread.nanoseconds
      _ = runPeak(rounds: rounds)
      if SystemThread.nanoseconds - start >= duration / 2 { return 2 * rounds }
      rounds *= 2
    }
  }
}
