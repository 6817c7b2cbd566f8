/// How long some work took, run after run.
struct Timing {
  /// In milliseconds, in the order of the runs; at least one.
  private(set) var runs: [Double] = []

  var median: Double { Self.median(of: runs) }
  var least: Double { runs.min()! }

  /// Runs all works in turn, A B A B …, so that what slows the machine down slows all of them.
  ///
  /// - Parameters:
  ///   - count: How often each is timed.
  ///   - untimed: How often each runs before, until memory and threads are there.
  static func inTurn(_ works: [() -> Void], count: Int, untimed: Int) -> [Timing] {
    for _ in 0..<untimed {
      for work in works { work() }
    }
    var timings = works.map { _ in Timing() }
    let clock = ContinuousClock()
    for _ in 0..<count {
      for (index, work) in works.enumerated() {
        let duration = clock.measure(work)
        timings[index].runs.append(duration / .milliseconds(1))
      }
    }
    return timings
  }

  /// The median of the ratios of runs that stood side by side.
  func ratio(to other: Timing) -> Double {
    Self.median(of: zip(runs, other.runs).map { $0 / $1 })
  }

  private static func median(of values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
