extension Frequency {
  /// The frequency of ascending, distinct times, with gaps allowed; nil if there are fewer than two
  /// times or they lie on no common grid.
  public init?(inferring times: [Timestamp]) {
    guard let first = times.first,
      let inferred = FrequencyInference(
        groups: [times.map(\.ticks)], areIntegers: first.isInteger),
      inferred.isRegular
    else { return nil }
    self = inferred.frequency
  }
}

/// What the times of several series say about their common frequency.
///
/// The most common distance decides; the smallest common divisor of all distances is believed only
/// where at least half of the times it asks for are there.
package struct FrequencyInference: Sendable {
  /// The frequency that fits, or the one that comes closest.
  package let frequency: Frequency
  /// Whether every time lies on its series' grid.
  package let isRegular: Bool

  /// Takes the ticks of each series' ascending, distinct times; nil if no series has two.
  package init?(groups: [[Int]], areIntegers: Bool) {
    let ticks = Distances(groups) { $1 - $0 }
    guard let usual = ticks.mostCommon else { return nil }

    var candidates: [Candidate] = []
    if areIntegers {
      candidates.append(Candidate(Frequency(.step, count: usual)))
      candidates.append(Candidate(Frequency(.step, count: ticks.divisor), leastDensity: 0.5))
    } else {
      if usual >= 28 * Timestamp.ticksPerDay {
        let months = Distances(groups) { date($1).monthNumber - date($0).monthNumber }
        let day = Self.dayOfMonth(groups)
        if let usualMonths = months.mostCommon, usualMonths > 0, months.divisor > 0 {
          candidates.append(Candidate(Frequency(.month, count: usualMonths, dayOfMonth: day)))
          candidates.append(
            Candidate(
              Frequency(.month, count: months.divisor, dayOfMonth: day), leastDensity: 0.5))
        }
      }
      if usual == Timestamp.ticksPerDay, Self.passesWeekends(groups) {
        candidates.append(Candidate(Frequency(.businessDay)))
      }
      candidates.append(Candidate(Frequency(ticks: usual)))
      candidates.append(Candidate(Frequency(ticks: ticks.divisor), leastDensity: 0.5))
    }

    let fitting = candidates.first { $0.fits(groups) }
    frequency = (fitting ?? candidates[0]).frequency
    isRegular = fitting != nil
  }

  /// The day of the month all times are on, a shorter month's last day standing for it.
  private static func dayOfMonth(_ groups: [[Int]]) -> Int {
    let dates = groups.joined().lazy.map(date)
    return dates.allSatisfy(\.isLastOfMonth) ? 31 : dates.map(\.day).max() ?? 1
  }

  /// Whether weekends lie between the times; without one, Monday to Friday is simply five days.
  private static func passesWeekends(_ groups: [[Int]]) -> Bool {
    groups.contains { times in
      guard let first = times.first, let last = times.last else { return false }
      return floorDivide(day(first) + 3, 7) != floorDivide(day(last) + 3, 7)
    }
  }
}

private func day(_ ticks: Int) -> Int { floorDivide(ticks, Timestamp.ticksPerDay) }

private func date(_ ticks: Int) -> CivilDate { CivilDate(daysSinceEpoch: day(ticks)) }

private struct Candidate {
  var frequency: Frequency
  /// The part of the grid's times that must be present.
  var leastDensity: Double

  init(_ frequency: Frequency, leastDensity: Double = 0) {
    self.frequency = frequency
    self.leastDensity = leastDensity
  }

  func fits(_ groups: [[Int]]) -> Bool {
    var present = 0
    var expected = 0
    for times in groups {
      guard let first = times.first, let last = times.last else { continue }
      for time in times where frequency.steps(fromTicks: first, toTicks: time) == nil {
        return false
      }
      // The first time itself may be off a calendar's grid.
      guard frequency.steps(fromTicks: last, toTicks: first) != nil else { return false }
      present += times.count
      expected += (frequency.steps(fromTicks: first, toTicks: last) ?? 0) + 1
    }
    return Double(present) >= leastDensity * Double(expected)
  }
}

/// The distances between neighbouring times, counted.
private struct Distances {
  private var counts: [Int: Int] = [:]

  init(_ groups: [[Int]], _ distance: (Int, Int) -> Int) {
    // Neighbours mostly lie equally far apart: one dictionary access a run, not one a time.
    var current = 0
    var run = 0
    for times in groups {
      for (left, right) in zip(times, times.dropFirst()) {
        let next = distance(left, right)
        if next != current, run > 0 {
          counts[current, default: 0] += run
          run = 0
        }
        current = next
        run += 1
      }
    }
    if run > 0 { counts[current, default: 0] += run }
  }

  /// The most common distance, the smaller of equals.
  var mostCommon: Int? {
    counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
  }

  /// The greatest common divisor.
  var divisor: Int {
    counts.keys.reduce(0) { greatestCommonDivisor($0, $1) }
  }
}

private func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
  var (a, b) = (first, second)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
