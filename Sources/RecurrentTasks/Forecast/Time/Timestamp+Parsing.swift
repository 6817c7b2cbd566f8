extension Timestamp {
  /// Reads a date (`2024-01-31`), a date and time (`2024-01-31T10:30`, with a space for the `T`,
  /// with seconds, a fraction, `Z`, `UTC` or an offset if wanted), a month (`2024-01`), a year (four
  /// digits) or any other integer of up to 15 digits; nil for anything else.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    self.init(parsing: bytes, in: bytes.indices)
  }

  package init?(parsing bytes: [UInt8], in range: Range<Int>) {
    var scanner = TimestampScanner(bytes: bytes, range: range)
    guard let time = scanner.timestamp() else { return nil }
    self = time
  }

  /// The forms that are read, for messages.
  package static let acceptedForms =
    "2024-01-31, 2024-01-31T10:30, 31/01/2024, 2024-01, 2024 Q1, 2024-W05, 2024, an integer, "
    + "and what --date-format says"
}

private struct TimestampScanner {
  let bytes: [UInt8]
  let end: Int
  var position: Int

  init(bytes: [UInt8], range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  mutating func timestamp() -> Timestamp? {
    let length = end - position
    let isDated = length >= 7 && bytes[position + 4] == UInt8(ascii: "-")
    guard isDated else { return yearOrInteger() }
    guard let year = digits(4), take("-"), let month = digits(2) else { return nil }
    var date = CivilDate(year: year, month: month, day: 1)
    if position == end { return time(date, Timestamp.Style(.month)) }
    guard take("-"), let day = digits(2) else { return nil }
    date.day = day
    if position == end { return time(date, Timestamp.Style(.date)) }
    var style = Timestamp.Style(.minute)
    guard let separator = peek(), separator == UInt8(ascii: "T") || separator == UInt8(ascii: " ")
    else { return nil }
    style.separator = separator
    position += 1
    guard let ticks = timeOfDay(&style), offset(&style), position == end else { return nil }
    return time(date, style, ticks: ticks)
  }

  private func time(
    _ date: CivilDate, _ style: Timestamp.Style, ticks: Int = 0
  ) -> Timestamp? {
    guard date.isValid else { return nil }
    return Timestamp(ticks: date.daysSinceEpoch * Timestamp.ticksPerDay + ticks, style: style)
  }

  private mutating func yearOrInteger() -> Timestamp? {
    let length = end - position
    if length == 4, let year = digits(4) {
      return time(CivilDate(year: year, month: 1, day: 1), Timestamp.Style(.year))
    }
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    let count = end - position
    guard 1...15 ~= count, let magnitude = digits(count) else { return nil }
    return Timestamp(ticks: isNegative ? -magnitude : magnitude, style: Timestamp.Style(.integer))
  }

  /// Microseconds from midnight.
  private mutating func timeOfDay(_ style: inout Timestamp.Style) -> Int? {
    guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60 else {
      return nil
    }
    var seconds = hour * 3600 + minute * 60
    guard take(":") else { return seconds * Timestamp.ticksPerSecond }
    guard let second = digits(2), second < 60 else { return nil }
    style.precision = .second
    seconds += second
    guard take(".") else { return seconds * Timestamp.ticksPerSecond }
    style.precision = .fraction
    var ticks = 0
    while let byte = peek(), byte &- 48 < 10 {
      if style.fractionDigits < 6 {
        ticks = ticks * 10 + Int(byte - 48)
      } else if byte != 48 {
        // Finer than a microsecond.
        return nil
      }
      style.fractionDigits += 1
      position += 1
      if style.fractionDigits > 9 { return nil }
    }
    guard style.fractionDigits > 0 else { return nil }
    for _ in Int(style.fractionDigits)..<max(6, Int(style.fractionDigits)) { ticks *= 10 }
    return seconds * Timestamp.ticksPerSecond + ticks
  }

  /// Reads `Z`, `±hh:mm`, `±hhmm`, `±hh` or nothing; behind a space also `UTC`.
  private mutating func offset(_ style: inout Timestamp.Style) -> Bool {
    guard position < end else { return true }
    if take(" ") {
      style.isOffsetApart = true
      if bytes[position..<end].elementsEqual("UTC".utf8) {
        position = end
        style.offsetForm = .utc
        return true
      }
    }
    if take("Z") || take("z") {
      style.offsetForm = .zulu
      return true
    }
    let isNegative = take("-")
    guard isNegative || take("+"), let hours = digits(2), hours < 24 else { return false }
    var minutes = 0
    if position == end {
      style.offsetForm = .hours
    } else {
      style.offsetForm = take(":") ? .colon : .compact
      guard let written = digits(2), written < 60 else { return false }
      minutes = written
    }
    style.offset = Int16((isNegative ? -1 : 1) * (hours * 60 + minutes))
    return true
  }

  private func peek() -> UInt8? { position < end ? bytes[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard position < end, bytes[position] == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  /// Exactly this many decimal digits.
  private mutating func digits(_ count: Int) -> Int? {
    guard end - position >= count else { return nil }
    var value = 0
    for index in position..<(position + count) {
      let digit = bytes[index] &- 48
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    position += count
    return value
  }
}
