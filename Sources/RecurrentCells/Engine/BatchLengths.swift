/// How many rows of a batch still run at each step: the rows are sorted by length, the longest
/// first, so that those that run are always the first ones.
package struct BatchLengths: Sendable, Equatable {
  package let rows: Int
  /// For each step the number of rows longer than it.
  package let active: [Int]

  package var steps: Int { active.count }

  /// All rows run to the end.
  package init(steps: Int, rows: Int) {
    self.rows = rows
    active = [Int](repeating: rows, count: steps)
  }

  /// - Parameter sorted: The rows' lengths, none longer than `steps`, the longest first.
  package init(sorted: [Int], steps: Int) {
    rows = sorted.count
    var active: [Int] = []
    var running = sorted.count
    for step in 0..<steps {
      while running > 0, sorted[running - 1] <= step { running -= 1 }
      active.append(running)
    }
    self.active = active
  }

  private init(rows: Int, active: [Int]) {
    self.rows = rows
    self.active = active
  }

  /// The same rows at some of the steps. Those that have ended before have no step there.
  package subscript(steps: Range<Int>) -> BatchLengths {
    BatchLengths(rows: rows, active: Array(active[steps]))
  }

  /// The rows' lengths, the longest first.
  package var sorted: [Int] { (0..<rows).map { row in active.count { $0 > row } } }

  package var isUniform: Bool { active.last.map { $0 == rows } ?? true }

  /// Ranges of steps with one number of rows each, in order; steps without rows are left out.
  package var segments: [(steps: Range<Int>, rows: Int)] {
    var result: [(steps: Range<Int>, rows: Int)] = []
    for (step, rows) in active.enumerated() where rows > 0 {
      if let last = result.last, last.rows == rows {
        result[result.count - 1].steps = last.steps.lowerBound..<step + 1
      } else {
        result.append((step..<step + 1, rows))
      }
    }
    return result
  }
}
