extension CSVReader {
  /// The current row's field as a number; a missing value (empty, `NA`, `NaN`, `N/A`, `null` or
  /// `None` in any case) is NaN.
  ///
  /// Between semicolons or tabs the decimal mark may be a comma, the same one in the whole file.
  ///
  /// - Throws: if the field is neither a decimal number nor missing, or is infinite.
  public mutating func number(at column: Int) throws(TableError) -> Double {
    let range = trimmedRange(at: column)
    var field = parseDecimal(bytes, in: range, mark: decimalMark?.mark ?? UInt8(ascii: "."))
    if separator != UInt8(ascii: ",") { field = try marked(field, column, range) }
    switch field {
    case .number(let value):
      guard value.isFinite else {
        throw error(column: column, "\(quotedForMessage(text(at: column))) is infinite")
      }
      return value
    case .missing:
      return .nan
    case .infinite:
      throw error(column: column, "\(quotedForMessage(text(at: column))) is infinite")
    case .invalid:
      throw error(column: column, "\(quotedForMessage(text(at: column))) is not a number")
    }
  }

  /// Whether a number read so far had a decimal comma.
  package var hasDecimalCommas: Bool { decimalMark?.mark == UInt8(ascii: ",") }

  /// Whether the current row's field is a number or a missing one.
  package func isNumber(at column: Int) -> Bool {
    let range = trimmedRange(at: column)
    func reads(_ mark: Unicode.Scalar) -> Bool {
      let field = parseDecimal(bytes, in: range, mark: UInt8(ascii: mark))
      return if case .invalid = field { false } else { true }
    }
    return reads(".") || (separator != UInt8(ascii: ",") && reads(","))
  }

  /// Whether the current row's field is empty or one of the words for a missing value.
  package func isMissing(at column: Int) -> Bool {
    let range = trimmedRange(at: column)
    guard range.count <= 9 else { return false }
    return if case .missing = namedValue(bytes, in: range) { true } else { false }
  }

  /// The field with the decimal mark that it has, which must be that of the fields before.
  private mutating func marked(
    _ field: DecimalField, _ column: Int, _ range: Range<Int>
  ) throws(TableError) -> DecimalField {
    let (point, comma) = (UInt8(ascii: "."), UInt8(ascii: ","))
    guard let mark = bytes[range].first(where: { $0 == point || $0 == comma }) else { return field }
    let other = parseDecimal(bytes, in: range, mark: mark)
    if case .invalid = other { return field }
    if let seen = decimalMark, seen.mark != mark {
      throw error(
        column: column,
        "\(quotedForMessage(text(at: column))) has a decimal \(mark == comma ? "comma" : "point"), "
          + "line \(seen.line) has a decimal \(mark == comma ? "point" : "comma")")
    }
    if decimalMark == nil { decimalMark = (mark, line) }
    return other
  }
}

/// The decimal number that some bytes are; nil for anything else.
package func decimalValue(_ bytes: [UInt8], in range: Range<Int>) -> Double? {
  if case .number(let value) = parseDecimal(bytes, in: range, mark: UInt8(ascii: ".")),
    value.isFinite
  {
    return value
  }
  return nil
}

private enum DecimalField {
  case number(Double)
  case missing
  case infinite
  case invalid
}

/// Reads `[+-] digits [mark digits] [e [+-] digits]`, correctly rounded.
///
/// Up to 15 digits and a power of ten within 10^±22 are exact in Double, so one operation rounds
/// once (Clinger 1990); the rest goes through the standard library.
private func parseDecimal(
  _ bytes: [UInt8], in range: Range<Int>, mark: UInt8
) -> DecimalField {
  var index = range.lowerBound
  let end = range.upperBound
  var isNegative = false
  if index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
    isNegative = bytes[index] == UInt8(ascii: "-")
    index += 1
  }
  var mantissa: UInt64 = 0
  var significantDigits = 0
  var digits = 0
  var exponent = 0
  var isFraction = false
  while index < end {
    let byte = bytes[index]
    if byte == mark, !isFraction {
      isFraction = true
    } else if byte &- 48 < 10 {
      digits += 1
      if significantDigits > 0 || byte != 48 { significantDigits += 1 }
      if significantDigits <= 15 { mantissa = mantissa * 10 + UInt64(byte - 48) }
      if isFraction { exponent -= 1 }
    } else {
      break
    }
    index += 1
  }
  guard digits > 0 else { return namedValue(bytes, in: range) }
  if index < end {
    guard bytes[index] | 0x20 == UInt8(ascii: "e") else { return .invalid }
    index += 1
    var exponentIsNegative = false
    if index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
      exponentIsNegative = bytes[index] == UInt8(ascii: "-")
      index += 1
    }
    guard index < end else { return .invalid }
    var written = 0
    while index < end {
      guard bytes[index] &- 48 < 10 else { return .invalid }
      written = min(written * 10 + Int(bytes[index] - 48), 100_000)
      index += 1
    }
    exponent += exponentIsNegative ? -written : written
  }
  if significantDigits <= 15, abs(exponent) <= 22 {
    let magnitude =
      exponent < 0
      ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
    return .number(isNegative ? -magnitude : magnitude)
  }
  let text = bytes[range].map { $0 == mark ? UInt8(ascii: ".") : $0 }
  guard let value = Double(String(decoding: text, as: UTF8.self)) else { return .invalid }
  return .number(value)
}

private func namedValue(_ bytes: [UInt8], in range: Range<Int>) -> DecimalField {
  guard range.count <= 9 else { return .invalid }
  switch String(decoding: bytes[range], as: UTF8.self).lowercased() {
  case "", "na", "nan", "n/a", "#n/a", "null", "none": return .missing
  case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity": return .infinite
  default: return .invalid
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
