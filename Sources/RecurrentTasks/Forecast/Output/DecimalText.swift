/// A number with a fixed count of decimals, for people; a missing value is a dash.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "-∞" : "∞" }
  let scale = powerOfTen(decimals)
  let scaled = (value.magnitude * scale).rounded()
  // Beyond 2^53 the decimals are noise.
  guard scaled < 9e15 else { return value.description }
  let digits = String(Int(scaled))
  let padding = String(repeating: "0", count: max(0, decimals + 1 - digits.count))
  let padded = padding + digits
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard decimals > 0 else { return sign + padded }
  return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}

/// A number with about so many digits that mean something, for people.
package func significant(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, value != 0 else { return fixed(value, 0) }
  let magnitude = decimalExponent(value)
  guard -6...14 ~= magnitude else { return scientific(value, digits) }
  return fixed(value, max(0, digits - 1 - magnitude))
}

/// The exponent of the power of ten at or below a finite number other than zero.
func decimalExponent(_ value: Double) -> Int {
  var exponent = 0
  var rest = value.magnitude
  while rest >= 10 {
    rest /= 10
    exponent += 1
  }
  while rest < 1 {
    rest *= 10
    exponent -= 1
  }
  return exponent
}

func powerOfTen(_ exponent: Int) -> Double {
  var result = 1.0
  for _ in 0..<abs(exponent) { result *= 10 }
  return exponent < 0 ? 1 / result : result
}

/// A number with so many digits and a power of ten, for people.
package func scientific(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, value != 0 else { return fixed(value, 0) }
  let exponent = decimalExponent(value)
  // Split, as 10 to the power of -320 alone would be zero.
  let half = exponent / 2
  let mantissa = value / powerOfTen(half) / powerOfTen(exponent - half)
  return fixed(mantissa, digits - 1) + "e\(exponent)"
}

/// The text with blanks in front of it up to a width in characters.
package func rightAligned(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// The text with blanks after it up to a width in characters.
package func leftAligned(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
