/// The distance between neighbouring times of a series: a unit and how many of it.
public struct Frequency: Sendable, Hashable {
  public enum Unit: Sendable, Hashable {
    /// Integers that count something.
    case step
    case microsecond, second, minute, hour, day
    /// Monday to Friday.
    case businessDay
    case week
    /// Calendar months; a quarter is three, a year twelve.
    case month
  }

  public let unit: Unit
  /// How many units lie between neighbours, at least 1.
  public let count: Int
  /// The day of the month that months are counted on; a shorter month has its last day instead, so
  /// 31 means month ends.
  package let dayOfMonth: Int
  /// The distance in ticks, for units of fixed length.
  private let ticks: Int

  package init(_ unit: Unit, count: Int = 1, dayOfMonth: Int = 1) {
    precondition(count >= 1, "a frequency counts at least one \(unit), not \(count)")
    self.unit = unit
    self.count = count
    self.dayOfMonth = dayOfMonth
    ticks = count * (Self.fixedUnits.first { $0.0 == unit }?.1 ?? 1)
  }

  /// A distance of so many microseconds, in the largest unit that gives a whole count.
  package init(ticks: Int) {
    for (unit, size) in Self.fixedUnits where ticks % size == 0 {
      self.init(unit, count: ticks / size)
      return
    }
    self.init(.microsecond, count: ticks)
  }

  private static let fixedUnits: [(Unit, Int)] = [
    (.week, 7 * Timestamp.ticksPerDay), (.day, Timestamp.ticksPerDay),
    (.hour, 3600 * Timestamp.ticksPerSecond), (.minute, 60 * Timestamp.ticksPerSecond),
    (.second, Timestamp.ticksPerSecond),
  ]

}

extension Frequency {
  /// Whether several steps lie in a day.
  package var isFinerThanDays: Bool {
    switch unit {
    case .microsecond, .second, .minute, .hour: ticks < Timestamp.ticksPerDay
    case .step, .day, .businessDay, .week, .month: false
    }
  }
}

// MARK: - Stepping

extension Frequency {
  /// The time this many steps later, earlier if negative, printed in the same form.
  public func advanced(_ time: Timestamp, by steps: Int) -> Timestamp {
    Timestamp(ticks: advanced(ticks: time.ticks, by: steps), style: time.style)
  }

  package func advanced(ticks start: Int, by steps: Int) -> Int {
    switch unit {
    case .month:
      let (day, rest) = Self.parts(start)
      let month = CivilDate(daysSinceEpoch: day).monthNumber
      let date = CivilDate(monthNumber: month + steps * count, day: dayOfMonth)
      return product(date.daysSinceEpoch, Timestamp.ticksPerDay) + rest
    case .businessDay:
      let (day, rest) = Self.parts(start)
      let number = Self.businessDayNumber(day) + steps * count
      let next = floorDivide(number, 5) * 7 + floorRemainder(number, 5) - 3
      return product(next, Timestamp.ticksPerDay) + rest
    default:
      return start + product(steps, ticks)
    }
  }

  /// How many steps lead from one time to another; nil if no whole number does.
  public func steps(from start: Timestamp, to end: Timestamp) -> Int? {
    steps(fromTicks: start.ticks, toTicks: end.ticks)
  }

  package func steps(fromTicks start: Int, toTicks end: Int) -> Int? {
    let units: Int
    switch unit {
    case .month:
      let (first, last) = (Self.parts(start), Self.parts(end))
      let (startDate, endDate) = (
        CivilDate(daysSinceEpoch: first.day), CivilDate(daysSinceEpoch: last.day)
      )
      guard first.rest == last.rest,
        endDate == CivilDate(monthNumber: endDate.monthNumber, day: dayOfMonth)
      else { return nil }
      units = endDate.monthNumber - startDate.monthNumber
    case .businessDay:
      let (first, last) = (Self.parts(start), Self.parts(end))
      guard first.rest == last.rest, CivilDate.weekday(daysSinceEpoch: last.day) < 5
      else { return nil }
      units = Self.businessDayNumber(last.day) - Self.businessDayNumber(first.day)
    default:
      let distance = end - start
      return distance % ticks == 0 ? distance / ticks : nil
    }
    return units % count == 0 ? units / count : nil
  }

  /// The day, and the ticks of the day.
  private static func parts(_ ticks: Int) -> (day: Int, rest: Int) {
    let day = floorDivide(ticks, Timestamp.ticksPerDay)
    return (day, ticks - day * Timestamp.ticksPerDay)
  }

  /// Business days from Monday, 1969-12-29.
  private static func businessDayNumber(_ day: Int) -> Int {
    floorDivide(day + 3, 7) * 5 + CivilDate.weekday(daysSinceEpoch: day)
  }
}

/// A product that stops some 70,000 years from 1970 rather than overflow.
private func product(_ first: Int, _ second: Int) -> Int {
  let (product, overflows) = first.multipliedReportingOverflow(by: second)
  let limit = Int.max / 4
  if overflows { return (first < 0) == (second < 0) ? limit : -limit }
  return min(max(product, -limit), limit)
}

// MARK: - Season

extension Frequency {
  /// The steps of the season that such data usually have, 1 if none is usual; nil for integers and
  /// seconds, which have no usual one.
  public var usualSeason: Int? {
    switch unit {
    case .step, .second, .microsecond: nil
    case .minute: 1440 % count == 0 ? 1440 / count : 1
    case .hour: 24 % count == 0 ? 24 / count : 1
    case .day: 7 % count == 0 ? 7 / count : 1
    case .businessDay: 5 % count == 0 ? 5 / count : 1
    case .week: 52 % count == 0 ? 52 / count : 1
    case .month: 12 % count == 0 ? 12 / count : 1
    }
  }
}

// MARK: - Name

extension Frequency: CustomStringConvertible {
  /// For example `monthly`, `every 15 minutes`, `business-daily`.
  public var description: String {
    switch (unit, count) {
    case (.step, 1): "integer steps"
    case (.microsecond, 1): "every microsecond"
    case (.second, 1): "every second"
    case (.minute, 1): "every minute"
    case (.hour, 1): "hourly"
    case (.day, 1): "daily"
    case (.businessDay, 1): "business-daily"
    case (.week, 1): "weekly"
    case (.month, 1): "monthly"
    case (.month, 3): "quarterly"
    case (.month, 12): "yearly"
    case (.month, _) where count % 12 == 0: "every \(count / 12) years"
    case (.step, _): "integer steps of \(count)"
    case (.businessDay, _): "every \(count) business days"
    default: "every \(count) \(unit)s"
    }
  }
}
