/// Builds the text of a table in RFC 4180 form, lines ending in LF; the same rows give the same
/// bytes.
public struct CSVWriter: Sendable {
  /// The text so far.
  public private(set) var text = ""
  private let columnCount: Int

  /// Starts a table with its header.
  public init(header: [String]) {
    columnCount = header.count
    append(header)
  }

  /// Adds a row, quoting the fields that need it; it must have as many fields as the header.
  public mutating func append(_ row: [String]) {
    precondition(
      row.count == columnCount, "a row of \(row.count) fields in a table of \(columnCount) columns")
    for (index, field) in row.enumerated() {
      if index > 0 { text += "," }
      text += Self.quotedIfNeeded(field, isOnlyField: row.count == 1)
    }
    text += "\n"
  }

  /// The shortest decimal text that reads back as the same number; a missing value (NaN) is empty.
  public static func text(of number: Double) -> String {
    number.isNaN ? "" : withoutFraction(number.description)
  }

  /// The same for a Float, whose shortest text has fewer digits than that of the Double it becomes.
  public static func text(ofFloat number: Float) -> String {
    number.isNaN ? "" : withoutFraction(number.description)
  }

  private static func withoutFraction(_ text: String) -> String {
    text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func quotedIfNeeded(_ field: String, isOnlyField: Bool) -> String {
    // A lone empty field would read as a blank line.
    if field.isEmpty { return isOnlyField ? "\"\"" : "" }
    guard field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D })
    else { return field }
    var quoted = "\""
    for scalar in field.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
