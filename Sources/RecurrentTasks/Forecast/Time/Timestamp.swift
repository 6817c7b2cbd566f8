/// A point in time of a series, printed in the form it was read: a date, a date with a time of day,
/// a month, a year, or an integer.
public struct Timestamp: Sendable, Hashable {
  /// Microseconds from 1970-01-01T00:00 on the clock the text shows, or the integer itself.
  package var ticks: Int
  package var style: Style

  package init(ticks: Int, style: Style) {
    self.ticks = ticks
    self.style = style
  }

  /// Whether the time axis is plain integers rather than a calendar.
  public var isInteger: Bool { style.precision == .integer }
}

extension Timestamp {
  /// How a time is written.
  package struct Style: Sendable, Hashable {
    /// The smallest part that is written, coarse to fine.
    package enum Precision: UInt8, Sendable, Comparable {
      case integer, year, month, date, minute, second, fraction

      package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// How the offset from UTC is written.
    package enum OffsetForm: UInt8, Sendable {
      /// no offset, `Z`, `UTC`, `+01:00`, `+0100`, `+01`
      case none, zulu, utc, colon, compact, hours
    }

    package var precision: Precision
    /// `T` or a space between date and time.
    package var separator = UInt8(ascii: "T")
    package var fractionDigits: UInt8 = 0
    package var offsetForm = OffsetForm.none
    /// Whether a space stands before the offset.
    package var isOffsetApart = false
    /// Minutes east of UTC.
    package var offset: Int16 = 0
    /// How it is written that is not in ISO 8601's order.
    package var pattern: TimePattern?

    package init(_ precision: Precision) { self.precision = precision }
  }

  package static let ticksPerSecond = 1_000_000
  package static let ticksPerDay = 86_400 * ticksPerSecond

  /// Microseconds from 1970-01-01T00:00 UTC, taking a time without offset as UTC.
  package var instant: Int { ticks - Int(style.offset) * 60 * Self.ticksPerSecond }

  /// Days from 1970-01-01, of the day the text shows.
  package var day: Int { floorDivide(ticks, Self.ticksPerDay) }

  package var date: CivilDate { CivilDate(daysSinceEpoch: day) }

  package var ticksOfDay: Int { floorRemainder(ticks, Self.ticksPerDay) }
}

extension Timestamp: CustomStringConvertible {
  public var description: String {
    if style.precision == .integer { return String(ticks) }
    if let pattern = style.pattern { return pattern.text(ofTicks: ticks) }
    let date = date
    var text = padded(date.year, 4)
    if style.precision >= .month { text += "-" + padded(date.month, 2) }
    if style.precision >= .date { text += "-" + padded(date.day, 2) }
    guard style.precision >= .minute else { return text }
    let seconds = ticksOfDay / Self.ticksPerSecond
    text.unicodeScalars.append(Unicode.Scalar(style.separator))
    text += padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2)
    if style.precision >= .second { text += ":" + padded(seconds % 60, 2) }
    if style.precision == .fraction {
      let digits = padded(ticksOfDay % Self.ticksPerSecond, 6) + "000"
      text += "." + digits.prefix(Int(style.fractionDigits))
    }
    return text + offsetText
  }

  private var offsetText: String {
    let minutes = abs(Int(style.offset))
    let hours = (style.offset < 0 ? "-" : "+") + padded(minutes / 60, 2)
    let offset =
      switch style.offsetForm {
      case .none: ""
      case .zulu: "Z"
      case .utc: "UTC"
      case .colon: hours + ":" + padded(minutes % 60, 2)
      case .compact: hours + padded(minutes % 60, 2)
      case .hours: minutes % 60 == 0 ? hours : hours + ":" + padded(minutes % 60, 2)
      }
    return style.isOffsetApart ? " " + offset : offset
  }
}

/// The number with leading zeros up to a width.
func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(abs(number))
  return (number < 0 ? "-" : "")
    + String(repeating: "0", count: max(0, width - digits.count)) + digits
}
