extension JSONValue {
  /// The document as text; the same value gives the same bytes.
  ///
  /// Numbers are the shortest text that reads back as the same number.
  ///
  /// - Parameter indented: two spaces a level and a line per member, or all on one line.
  public func text(indented: Bool = false) -> String {
    var text = ""
    write(to: &text, indented: indented, level: 0)
    return text
  }

  private func write(to text: inout String, indented: Bool, level: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let elements):
      Self.write(elements, between: ("[", "]"), to: &text, indented: indented, level: level) {
        $0.write(to: &$1, indented: indented, level: level + 1)
      }
    case .object(let object):
      Self.write(object.members, between: ("{", "}"), to: &text, indented: indented, level: level) {
        Self.write($0.key, to: &$1)
        $1 += indented ? ": " : ":"
        $0.value.write(to: &$1, indented: indented, level: level + 1)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between brackets: (String, String), to text: inout String,
    indented: Bool, level: Int, writeElement: (Element, inout String) -> Void
  ) {
    text += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      if indented { text += "\n" + String(repeating: "  ", count: level + 1) }
      writeElement(element, &text)
    }
    if indented, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: level) }
    text += brackets.1
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }
}

extension JSONValue: CustomStringConvertible {
  public var description: String { text() }
}
