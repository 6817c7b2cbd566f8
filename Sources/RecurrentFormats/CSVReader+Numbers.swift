extension CSVReader {
  /// The current row's field as a number; a missing value (empty, `NA` or `NaN` in any case) is NaN.
  ///
  /// - Throws: if the field is neither a decimal number nor missing, or is infinite.
  public func number(at column: Int) throws(TableError) -> Double {
    let range = trimmedRange(at: column)
    switch parseDecimal(bytes, in: range) {
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
}

private enum DecimalField {
  case number(Double)
  case missing
  case infinite
  case invalid
}

/// Reads `[+-] digits [. digits] [e [+-] digits]`, correctly rounded.
///
/// Up to 15 digits and a power of ten within 10^±22 are exact in Double, so one operation rounds
/// once (Clinger 1990); the rest goes through the standard library.
private func parseDecimal(_ bytes: [UInt8], in range: Range<Int>) -> DecimalField {
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
    if byte == UInt8(ascii: "."), !isFraction {
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
  guard let value = Double(String(decoding: bytes[range], as: UTF8.self)) else { return .invalid }
  return .number(value)
}

private func namedValue(_ bytes: [UInt8], in range: Range<Int>) -> DecimalField {
  guard range.count <= 9 else { return .invalid }
  switch String(decoding: bytes[range], as: UTF8.self).lowercased() {
  case "", "na", "nan": return .missing
  case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity": return .infinite
  default: return .invalid
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]
