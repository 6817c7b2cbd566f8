/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Sendable, Hashable {
  package var year: Int
  package var month: Int
  package var day: Int

  package init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day that lies this many days after 1970-01-01.
  ///
  /// Years begin in March here, so that the leap day is a year's last and months have a fixed
  /// pattern of 153 days in five (Hinnant, "chrono-compatible low-level date algorithms").
  package init(daysSinceEpoch days: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days from 1970-01-01, negative before it.
  package var daysSinceEpoch: Int {
    let marchYear = month <= 2 ? year - 1 : year
    let era = floorDivide(marchYear, 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Months from January of year 0, of the month this day is in.
  package var monthNumber: Int { year * 12 + month - 1 }

  /// The day of a month counted from January of year 0, or the month's last if it is shorter.
  package init(monthNumber: Int, day: Int) {
    year = floorDivide(monthNumber, 12)
    month = monthNumber - year * 12 + 1
    self.day = min(day, Self.daysInMonth(month, year: year))
  }

  /// Whether there is such a day.
  package var isValid: Bool {
    1...12 ~= month && day >= 1 && day <= Self.daysInMonth(month, year: year)
  }

  package var isLastOfMonth: Bool { day == Self.daysInMonth(month, year: year) }

  package static func daysInMonth(_ month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The day of the week, 0 for Monday to 6 for Sunday, of a day counted from 1970-01-01.
  package static func weekday(daysSinceEpoch days: Int) -> Int {
    // 1970-01-01 was a Thursday.
    floorRemainder(days + 3, 7)
  }
}

/// The quotient rounded down, also below zero.
package func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
  let quotient = dividend / divisor
  return dividend % divisor != 0 && (dividend < 0) != (divisor < 0) ? quotient - 1 : quotient
}

/// The remainder that goes with ``floorDivide(_:_:)``, never negative for a positive divisor.
package func floorRemainder(_ dividend: Int, _ divisor: Int) -> Int {
  dividend - floorDivide(dividend, divisor) * divisor
}
