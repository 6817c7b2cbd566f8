/// How times are written that are not in ISO 8601's order: a text with fields such as `%d/%m/%Y`.
///
/// The fields are those of `strftime`: `%Y` year, `%y` its last two digits (69 to 99 are of the last
/// century), `%m` month, `%d` day, `%b` and `%B` a month's English name, short and whole, `%H` hour,
/// `%I` hour of twelve, `%p` AM or PM, `%M` minute, `%S` second, `%G` and `%V` year and number of an
/// ISO 8601 week, `%u` its day from 1 for Monday, and `%q` for the quarter. Days and months are read
/// with or without a leading zero; `%-d` prints none.
public struct TimePattern: Sendable, Hashable {
  /// The text it was made of.
  public let text: String
  let parts: [Part]
  let precision: Timestamp.Style.Precision

  /// A field, or a byte that stands for itself.
  enum Part: Sendable, Hashable {
    case field(Field, isPadded: Bool)
    case literal(UInt8)
  }

  enum Field: Character, Sendable {
    case year = "Y"
    case shortYear = "y"
    case month = "m"
    case monthName = "b"
    case longMonthName = "B"
    case quarter = "q"
    case day = "d"
    case weekYear = "G"
    case week = "V"
    case weekday = "u"
    case hour = "H"
    case hourOfTwelve = "I"
    case half = "p"
    case minute = "M"
    case second = "S"
  }

  /// Nil for a text that names no day, month, quarter, week or year, a field twice, a part of a day
  /// without the day, or a field that there is not.
  public init?(_ text: String) {
    var parts: [Part] = []
    var fields: [Field] = []
    var characters = text.makeIterator()
    while let character = characters.next() {
      guard character == "%" else {
        parts += character.utf8.map(Part.literal)
        continue
      }
      guard var name = characters.next() else { return nil }
      let isPadded = name != "-"
      if !isPadded {
        guard let next = characters.next() else { return nil }
        name = next
      }
      if name == "%", isPadded {
        parts.append(.literal(UInt8(ascii: "%")))
        continue
      }
      guard let field = Field(rawValue: name), !fields.contains(field) else { return nil }
      fields.append(field)
      parts.append(.field(field, isPadded: isPadded))
    }
    guard let precision = Self.precision(of: fields) else { return nil }
    self.text = text
    self.parts = parts
    self.precision = precision
  }

  /// The smallest part of a time that the fields give; nil where they give no time, or one twice.
  private static func precision(of fields: [Field]) -> Timestamp.Style.Precision? {
    func count(_ wanted: Field...) -> Int { wanted.count(where: fields.contains) }
    let date: Timestamp.Style.Precision
    let isOfWeeks = count(.weekYear) == 1 && count(.week) == 1
    if isOfWeeks {
      guard count(.year, .shortYear, .month, .monthName, .longMonthName, .quarter, .day) == 0
      else { return nil }
      date = .date
    } else {
      guard count(.year, .shortYear) == 1, count(.weekYear, .week, .weekday) == 0 else {
        return nil
      }
      switch (count(.month, .monthName, .longMonthName), count(.quarter), count(.day)) {
      case (1, 0, 1): date = .date
      case (1, 0, 0), (0, 1, 0): date = .month
      case (0, 0, 0): date = .year
      default: return nil
      }
    }
    if count(.hour, .hourOfTwelve, .half, .minute, .second) == 0 { return date }
    guard date == .date, !isOfWeeks || count(.weekday) == 1 else { return nil }
    // Two hours are none, and of twelve hours one has to be told which half they are.
    guard count(.hour) + count(.hourOfTwelve) == 1, count(.hourOfTwelve) == count(.half),
      count(.minute) == 1
    else { return nil }
    return count(.second) == 1 ? .second : .minute
  }

  /// The same with days, months and hours without leading zeros.
  var unpadded: TimePattern {
    let short: Set<Field> = [.day, .month, .hour, .hourOfTwelve]
    var result = ""
    for part in parts {
      switch part {
      case .literal(let byte):
        result += byte == UInt8(ascii: "%") ? "%%" : String(decoding: [byte], as: UTF8.self)
      case .field(let field, _):
        result += short.contains(field) ? "%-" : "%"
        result.append(field.rawValue)
      }
    }
    return TimePattern(result) ?? self
  }

  /// The style of times in this pattern.
  var style: Timestamp.Style {
    var style = Timestamp.Style(precision)
    style.pattern = self
    return style
  }
}
