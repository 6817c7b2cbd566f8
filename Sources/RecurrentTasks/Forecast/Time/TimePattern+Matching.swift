extension TimePattern {
  /// The time that a text is; nil if it is not of this pattern or names a day that no calendar has.
  public func time(_ text: String) -> Timestamp? {
    let bytes = Array(text.utf8)
    return match(bytes, in: bytes.indices).map { Timestamp(ticks: $0.ticks, style: style) }
  }

  /// A text that was read.
  struct Match {
    /// Microseconds from 1970-01-01T00:00 on the clock the text shows.
    var ticks: Int
    /// Whether a day, a month or an hour had one digit.
    var isShort: Bool
    /// Whether one had a leading zero.
    var isPadded: Bool
  }

  /// Reads a text; nil if it is not of this pattern or names a day that no calendar has.
  func match(_ bytes: [UInt8], in range: Range<Int>) -> Match? {
    var scanner = PatternScanner(bytes: bytes, position: range.lowerBound, end: range.upperBound)
    for part in parts {
      switch part {
      case .literal(let byte): guard scanner.take(byte) else { return nil }
      case .field(let field, let isPadded):
        guard scanner.read(field, isPadded: isPadded) else { return nil }
      }
    }
    guard scanner.position == scanner.end, let ticks = scanner.ticks else { return nil }
    return Match(ticks: ticks, isShort: scanner.isShort, isPadded: scanner.isPadded)
  }

  /// The text of a time.
  func text(ofTicks ticks: Int) -> String {
    let day = floorDivide(ticks, Timestamp.ticksPerDay)
    let seconds = floorRemainder(ticks, Timestamp.ticksPerDay) / Timestamp.ticksPerSecond
    let date = CivilDate(daysSinceEpoch: day)
    let week = ISOWeek(day: day)
    var text: [UInt8] = []
    for part in parts {
      switch part {
      case .literal(let byte): text.append(byte)
      case .field(let field, let isPadded):
        let field: String =
          switch field {
          case .year: padded(date.year, isPadded ? 4 : 1)
          case .shortYear: padded(floorRemainder(date.year, 100), isPadded ? 2 : 1)
          case .month: padded(date.month, isPadded ? 2 : 1)
          case .monthName: String(monthNames[date.month - 1].prefix(3))
          case .longMonthName: monthNames[date.month - 1]
          case .quarter: String((date.month - 1) / 3 + 1)
          case .day: padded(date.day, isPadded ? 2 : 1)
          case .weekYear: padded(week.year, isPadded ? 4 : 1)
          case .week: padded(week.number, isPadded ? 2 : 1)
          case .weekday: String(CivilDate.weekday(daysSinceEpoch: day) + 1)
          case .hour: padded(seconds / 3600, isPadded ? 2 : 1)
          case .hourOfTwelve: padded((seconds / 3600 + 11) % 12 + 1, isPadded ? 2 : 1)
          case .half: seconds < 43_200 ? "AM" : "PM"
          case .minute: padded(seconds / 60 % 60, isPadded ? 2 : 1)
          case .second: padded(seconds % 60, isPadded ? 2 : 1)
          }
        text += Array(field.utf8)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// A week of ISO 8601: from Monday on, in the year that has its Thursday.
struct ISOWeek {
  var year: Int
  /// From 1 on.
  var number: Int

  /// The week of a day counted from 1970-01-01.
  init(day: Int) {
    let thursday = day - CivilDate.weekday(daysSinceEpoch: day) + 3
    year = CivilDate(daysSinceEpoch: thursday).year
    number = (thursday - CivilDate(year: year, month: 1, day: 1).daysSinceEpoch) / 7 + 1
  }

  /// The Monday of a week, in days from 1970-01-01; nil where the year has no such week.
  static func monday(year: Int, number: Int) -> Int? {
    // The fourth of January is always in the first week.
    let fourth = CivilDate(year: year, month: 1, day: 4).daysSinceEpoch
    let monday = fourth - CivilDate.weekday(daysSinceEpoch: fourth) + 7 * (number - 1)
    let week = ISOWeek(day: monday)
    return week.year == year && week.number == number ? monday : nil
  }
}

private let monthNames = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
]

extension TimePattern.Field {
  /// How many digits it may have.
  fileprivate func widths(isPadded: Bool) -> ClosedRange<Int> {
    switch self {
    case .year: isPadded ? 4...4 : 1...4
    case .weekYear: 4...4
    case .quarter, .weekday: 1...1
    case .shortYear, .minute, .second: 2...2
    default: 1...2
    }
  }

  /// Whether it may be written without a leading zero.
  fileprivate var canBeShort: Bool {
    switch self {
    case .month, .day, .hour, .hourOfTwelve: true
    default: false
    }
  }

  /// What its number can be; which day a month has is seen later.
  fileprivate var range: ClosedRange<Int> {
    switch self {
    case .year, .weekYear: 0...9999
    case .shortYear: 0...99
    case .month, .hourOfTwelve: 1...12
    case .quarter: 1...4
    case .day: 1...31
    case .week: 1...53
    case .weekday: 1...7
    case .hour: 0...23
    default: 0...59
    }
  }
}

private struct PatternScanner {
  let bytes: [UInt8]
  var position: Int
  let end: Int
  private(set) var isShort = false
  private(set) var isPadded = false

  private var year = 1970
  private var month = 1
  private var day = 1
  private var week: Int?
  private var weekday = 1
  private var hour = 0
  private var half: Int?
  private var minute = 0
  private var second = 0

  init(bytes: [UInt8], position: Int, end: Int) {
    self.bytes = bytes
    self.position = position
    self.end = end
  }

  /// The time that was read; nil if there is no such day.
  var ticks: Int? {
    var day: Int
    if let week {
      guard let monday = ISOWeek.monday(year: year, number: week) else { return nil }
      day = monday + weekday - 1
    } else {
      let date = CivilDate(year: year, month: month, day: self.day)
      guard date.isValid else { return nil }
      day = date.daysSinceEpoch
    }
    let hour = half.map { self.hour % 12 + 12 * $0 } ?? self.hour
    return day * Timestamp.ticksPerDay
      + (hour * 3600 + minute * 60 + second) * Timestamp.ticksPerSecond
  }

  /// Takes one byte, a letter in any case.
  mutating func take(_ byte: UInt8) -> Bool {
    guard position < end, lowered(bytes[position]) == lowered(byte) else { return false }
    position += 1
    return true
  }

  mutating func read(_ field: TimePattern.Field, isPadded: Bool) -> Bool {
    if field == .monthName || field == .longMonthName {
      return readMonthName(isWhole: field == .longMonthName)
    }
    if field == .half {
      half = take("AM") ? 0 : take("PM") ? 1 : nil
      return half != nil
    }
    let start = position
    guard let number = digits(field.widths(isPadded: isPadded)), field.range.contains(number)
    else { return false }
    switch field {
    case .year, .weekYear: year = number
    // POSIX's rule.
    case .shortYear: year = number + (number < 69 ? 2000 : 1900)
    case .month: month = number
    case .quarter: month = 3 * number - 2
    case .day: day = number
    case .week: week = number
    case .weekday: weekday = number
    case .hour, .hourOfTwelve: hour = number
    case .minute: minute = number
    case .second: second = number
    case .monthName, .longMonthName, .half: break
    }
    if field.canBeShort {
      if position == start + 1 { isShort = true }
      if bytes[start] == UInt8(ascii: "0") { self.isPadded = true }
    }
    return true
  }

  private mutating func readMonthName(isWhole: Bool) -> Bool {
    for (index, name) in monthNames.enumerated() where take(isWhole ? name[...] : name.prefix(3)) {
      month = index + 1
      return true
    }
    return false
  }

  /// As many digits as there are, within a range.
  private mutating func digits(_ count: ClosedRange<Int>) -> Int? {
    var value = 0
    var taken = 0
    while taken < count.upperBound, position < end, bytes[position] &- 48 < 10 {
      value = value * 10 + Int(bytes[position] - 48)
      taken += 1
      position += 1
    }
    return count.contains(taken) ? value : nil
  }

  private mutating func take(_ word: some StringProtocol) -> Bool {
    let start = position
    for byte in word.utf8 {
      guard take(byte) else {
        position = start
        return false
      }
    }
    return true
  }

  private func lowered(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte | 0x20 : byte }
}
