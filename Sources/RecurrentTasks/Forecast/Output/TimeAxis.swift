/// The steps of a series that a plot shows, with round times to label them by.
struct TimeAxis: Sendable {
  /// A labelled time.
  struct Tick: Sendable {
    /// Where it is, in steps of the series, between two of them if need be.
    var position: Double
    var label: String
    /// The larger unit the label lies in, as the year of a month, where it begins.
    var context: String?
  }

  let ticks: [Tick]

  /// Labels the steps of a series with at most so many ticks.
  init(_ series: TimeSeries, steps: ClosedRange<Int>, tickLimit: Int) {
    let times = steps.map { series.time(at: $0) }
    let first = times[0]
    let last = times[times.count - 1]
    if first.isInteger {
      ticks = Self.integers(times, steps.lowerBound, tickLimit)
      return
    }
    for interval in Interval.all {
      guard interval.isAtLeast(series.frequency) else { continue }
      let roundTimes = interval.times(from: first.ticks, through: last.ticks, limit: tickLimit)
      if let roundTimes, !roundTimes.isEmpty {
        ticks = Self.ticks(roundTimes, interval, times, steps.lowerBound)
        return
      }
    }
    ticks = [Tick(position: Double(steps.lowerBound), label: first.description)]
  }

  private static func integers(_ times: [Timestamp], _ firstStep: Int, _ limit: Int) -> [Tick] {
    let first = times[0].ticks
    let last = times[times.count - 1].ticks
    let width = max(1, last - first)
    var step = 1
    search: while true {
      for factor in [1, 2, 5] where width / (step * factor) < limit {
        step *= factor
        break search
      }
      step *= 10
    }
    let start = -floorDivide(-first, step) * step
    let stride = Swift.stride(from: start, through: last, by: step)
    return stride.map {
      Tick(position: position(of: $0, in: times, firstStep), label: String($0))
    }
  }

  private static func ticks(
    _ roundTimes: [Int], _ interval: Interval, _ times: [Timestamp], _ firstStep: Int
  ) -> [Tick] {
    var lastContext: String?
    return roundTimes.map { ticks in
      let context = interval.context(ticks)
      defer { lastContext = context }
      return Tick(
        position: position(of: ticks, in: times, firstStep), label: interval.label(ticks),
        context: context == lastContext ? nil : context)
    }
  }

  /// The step at a time, between its neighbours in proportion.
  private static func position(of ticks: Int, in times: [Timestamp], _ firstStep: Int) -> Double {
    var low = 0
    var high = times.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if times[middle].ticks <= ticks { low = middle } else { high = middle }
    }
    guard low < high else { return Double(firstStep) }
    let width = Double(times[high].ticks - times[low].ticks)
    return Double(firstStep + low) + Double(ticks - times[low].ticks) / width
  }
}

// MARK: - Round times

extension TimeAxis {
  /// A distance between round times: so many months, or a fixed time.
  private enum Interval {
    case months(Int)
    case ticks(Int)

    /// Fine to coarse.
    static let all: [Interval] =
      [1, 2, 5, 10, 15, 30].map { .ticks($0 * Timestamp.ticksPerSecond) }
      + [1, 2, 5, 10, 15, 30].map { .ticks($0 * 60 * Timestamp.ticksPerSecond) }
      + [1, 2, 3, 6, 12].map { .ticks($0 * 3600 * Timestamp.ticksPerSecond) }
      + [1, 2, 7, 14].map { .ticks($0 * Timestamp.ticksPerDay) }
      + [1, 2, 3, 6].map { .months($0) }
      + [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000].map { .months(12 * $0) }

    /// Labels between the times of a monthly series would name what it does not have.
    func isAtLeast(_ frequency: Frequency) -> Bool {
      switch (frequency.unit, self) {
      case (.month, .months(let count)): count >= min(frequency.count, 12)
      case (.month, .ticks): false
      case (.day, .ticks(let ticks)), (.businessDay, .ticks(let ticks)),
        (.week, .ticks(let ticks)):
        ticks >= Timestamp.ticksPerDay
      default: true
      }
    }

    /// The round times in a range; nil if they are more than the limit.
    func times(from first: Int, through last: Int, limit: Int) -> [Int]? {
      switch self {
      case .ticks(let size):
        // Weeks begin on Mondays; 1970-01-01 was a Thursday.
        let phase = size % (7 * Timestamp.ticksPerDay) == 0 ? 4 * Timestamp.ticksPerDay : 0
        let start = -floorDivide(phase - first, size) * size + phase
        guard start <= last else { return [] }
        guard (last - start) / size < limit else { return nil }
        return Array(stride(from: start, through: last, by: size))
      case .months(let count):
        let firstDate = CivilDate(daysSinceEpoch: floorDivide(first, Timestamp.ticksPerDay))
        let lastDate = CivilDate(daysSinceEpoch: floorDivide(last, Timestamp.ticksPerDay))
        guard (lastDate.monthNumber - firstDate.monthNumber) / count <= limit + 1 else {
          return nil
        }
        let start = floorDivide(firstDate.monthNumber, count) * count
        let times = stride(from: start, through: lastDate.monthNumber, by: count).map {
          CivilDate(monthNumber: $0, day: 1).daysSinceEpoch * Timestamp.ticksPerDay
        }.filter { first <= $0 && $0 <= last }
        return times.count <= limit ? times : nil
      }
    }

    func label(_ ticks: Int) -> String {
      let date = CivilDate(daysSinceEpoch: floorDivide(ticks, Timestamp.ticksPerDay))
      switch self {
      case .months(let count) where count % 12 == 0: return String(date.year)
      case .months: return Self.monthNames[date.month - 1]
      case .ticks(let size) where size % Timestamp.ticksPerDay == 0: return String(date.day)
      case .ticks(let size):
        var style = Timestamp.Style(size % (60 * Timestamp.ticksPerSecond) == 0 ? .minute : .second)
        style.separator = UInt8(ascii: " ")
        let text = Timestamp(ticks: ticks, style: style).description
        return String(text.split(separator: " ")[1])
      }
    }

    /// The larger unit that a label leaves out.
    func context(_ ticks: Int) -> String? {
      let date = CivilDate(daysSinceEpoch: floorDivide(ticks, Timestamp.ticksPerDay))
      let month = Self.monthNames[date.month - 1]
      switch self {
      case .months(let count) where count % 12 == 0: return nil
      case .months: return String(date.year)
      case .ticks(let size) where size % Timestamp.ticksPerDay == 0:
        return "\(month) \(date.year)"
      case .ticks: return "\(date.day) \(month) \(date.year)"
      }
    }

    private static let monthNames = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
  }
}
