/// A fault in a table: which file, where in it, and what is wrong, printed as one line.
public struct TableError: Error, Sendable, Hashable {
  /// The file as the user named it (`-` for standard input).
  public var file: String
  /// The line the fault begins on, counted from 1; nil if it concerns the whole file.
  public var line: Int?
  /// The name of the column, if the fault is in one.
  public var column: String?
  /// What is wrong, without the place.
  public var message: String

  public init(file: String, line: Int? = nil, column: String? = nil, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }
}

extension TableError: CustomStringConvertible {
  /// For example `sales.csv:17: column "y": "abc" is not a number`.
  public var description: String {
    var text = singleLine(file)
    if let line { text += ":\(line)" }
    if let column { text += ": column \(quotedForMessage(column))" }
    return text + ": " + message
  }
}

/// The text in double quotes, on one line and cut after 40 characters, for use in a message.
package func quotedForMessage(_ text: String) -> String {
  let cut = text.count > 40 ? String(text.prefix(40)) + "…" : text
  return "\"" + singleLine(cut) + "\""
}

/// A name without quotes for a message, on one line and cut after 100 characters.
package func wordForMessage(_ text: String) -> String {
  singleLine(text.count > 100 ? String(text.prefix(100)) + "…" : text)
}

/// A message is one line whatever the file holds: control characters become escapes.
package func singleLine(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar.value < 0x20 || scalar.value == 0x7F {
      result += scalar.escaped(asASCII: false)
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
