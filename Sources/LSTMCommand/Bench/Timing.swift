/// How long some work took, run after run.
struct Timing {
  /// How often the work is done in a run, so that the clock is not what is measured.
  let iterations: Int
  /// In milliseconds for one iteration, in the order of the runs; at least one.
  private(set) var runs: [Double] = []

  var median: Double { Self.median(of: runs) }
  var least: Double { runs.min()! }

  /// What a run takes at least, in milliseconds.
  private static let shortestRun = 0.2

  /// Runs all works in turn, A B A B …, so that what slows the machine down slows all of them.
  ///
  /// - Parameters:
  ///   - count: How often each is timed.
  ///   - untimed: How often each is done before, until memory and threads are there.
  static func inTurn(_ works: [() -> Void], count: Int, untimed: Int) -> [Timing] {
    var timings = works.map { work in
      for _ in 0..<untimed { work() }
      var iterations = 1
      while run(work, iterations) * Double(iterations) < shortestRun { iterations *= 2 }
      return Timing(iterations: iterations)
    }
    for _ in 0..<count {
      for (index, work) in works.enumerated() {
        timings[index].runs.append(run(work, timings[index].iterations))
      }
    }
    return timings
  }

  /// Milliseconds of one iteration.
  private static func run(_ work: () -> Void, _ iterations: Int) -> Double {
    let duration = ContinuousClock().measure {
      for _ in 0..<iterations { work() }
    }
    return duration / .milliseconds(1) / Double(iterations)
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
