/// A number as people write it: `0.5`, `1e-5`, `3`; with the minus sign of print.
func numberText(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "−∞" : "∞" }
  let sign = value < 0 ? "−" : ""
  let parts = decimalParts(value.magnitude)
  return sign + parts.digits + (parts.exponent.map { "e\($0)" } ?? "")
}

/// The shortest digits of a number of 0 or more, and a power of ten where it has one.
func decimalParts(_ value: Double) -> (digits: String, exponent: Int?) {
  var parts = "\(value)".split(separator: "e").map(String.init)
  if parts[0].hasSuffix(".0") { parts[0].removeLast(2) }
  return (parts[0], parts.count > 1 ? Int(parts[1]) : nil)
}

/// A shape as `[4, hidden/4]`.
func shapeText(_ shape: [Extent]) -> String {
  "[" + shape.map(\.description).joined(separator: ", ") + "]"
}
