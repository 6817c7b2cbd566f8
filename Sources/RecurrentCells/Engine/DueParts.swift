import RecurrentCore

/// Which parts of a cell's schedules are due at a step.
package struct DueParts: Hashable, Sendable {
  /// For the parts of each schedule, one after the other.
  fileprivate let parts: [Bool]

  init(_ cell: Cell, clock: Double) {
    parts = cell.schedules.reduce(into: []) { $0 += $1.isDue(at: clock) }
  }

  /// Whether these units of a schedule's vector are due; nil where some are and some are not.
  func isDue(_ schedule: Int, of cell: Cell, units: Range<Int>, size: Int) -> Bool? {
    let start = cell.schedules[..<schedule].reduce(0) { $0 + $1.periods.count }
    let count = cell.schedules[schedule].periods.count
    let first = parts[start + units.lowerBound * count / size]
    let last = (units.upperBound - 1) * count / size
    let all = parts[(start + units.lowerBound * count / size)...(start + last)]
    return all.allSatisfy { $0 == first } ? first : nil
  }
}

/// What is due at each step of a sequence.
struct DueSteps: Sendable {
  /// What is due at a step, as often as it differs; nil where it differs between rows.
  private(set) var patterns: [DueParts?]
  /// For each step which of these it is; empty where there is one.
  private(set) var patternOfStep: [Int] = []

  init(_ cell: Cell, initialStates: [Tensor?], steps: Int) {
    guard let schedule = cell.schedules.first else {
      patterns = [DueParts(cell, clock: 0)]
      return
    }
    // All schedules go by the one clock.
    let clocks = initialStates[schedule.clock]?.elements ?? [0]
    guard let clock = clocks.first, clocks.allSatisfy({ $0 == clock }) else {
      patterns = [nil]
      return
    }
    patterns = []
    var known: [DueParts: Int] = [:]
    for step in 0..<steps {
      let due = DueParts(cell, clock: Double(clock) + Double(step))
      let index = known[due] ?? patterns.count
      if index == patterns.count {
        known[due] = index
        patterns.append(due)
      }
      patternOfStep.append(index)
    }
  }

  /// Whether some parts wait at some steps, and all rows wait together.
  var isKnown: Bool { !patternOfStep.isEmpty }

  /// The steps with one of these patterns.
  func steps(_ steps: Range<Int>, where isTaken: [Bool]) -> [Int] {
    steps.filter { isTaken[patternOfStep.isEmpty ? 0 : patternOfStep[$0]] }
  }
}
