import RecurrentFormats

/// A file of the Monash forecasting archive (`.tsf`): what its header says, and a line for each
/// series.
///
/// Godahewa et al. (2021), "Monash Time Series Forecasting Archive".
struct MonashFile {
  struct Line {
    var number: Int
    /// The text of each attribute.
    var attributes: [String]
    var values: [Double]
  }

  let file: String
  /// The names and types of the attributes.
  private(set) var attributes: [(name: String, type: String)] = []
  /// As the file has it; nil where it is not said.
  private(set) var frequency: String?
  private(set) var horizon: Int?
  private(set) var lines: [Line] = []

  /// Whether text begins as such a file does: with `@` behind comments and blank lines.
  static func isOne(_ bytes: [UInt8]) -> Bool {
    var isLineStart = true
    var isComment = false
    for byte in bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...] {
      if byte == 0x0A || byte == 0x0D {
        isLineStart = true
        isComment = false
      } else if isLineStart, !isComment, byte != 0x20, byte != 0x09 {
        if byte == UInt8(ascii: "@") { return true }
        guard byte == UInt8(ascii: "#") else { return false }
        isComment = true
      }
    }
    return false
  }

  init(parsing bytes: [UInt8], file: String) throws(TableError) {
    self.file = file
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 0
    var isData = false
    while position < bytes.count {
      number += 1
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      var range = position..<end
      position = end + 1
      while let last = range.last, [0x0D, 0x20, 0x09].contains(bytes[last]) {
        range = range.lowerBound..<last
      }
      guard let first = range.first, bytes[first] != UInt8(ascii: "#") else { continue }
      if isData {
        lines.append(try Self.line(bytes, range, attributes.count, number, file))
      } else {
        isData = try header(Self.text(bytes, range), number)
      }
    }
    guard isData else { throw TableError(file: file, message: "no line \"@data\"") }
    guard !lines.isEmpty else { throw TableError(file: file, message: "no series behind @data") }
  }

  /// Takes a line of the header; true for the one that ends it.
  private mutating func header(_ text: String, _ number: Int) throws(TableError) -> Bool {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    switch words[0].lowercased() {
    case "@data": return true
    case "@attribute":
      guard words.count == 3, ["string", "numeric", "date"].contains(words[2].lowercased()) else {
        throw error(number, "an attribute has a name and a type: string, numeric or date")
      }
      attributes.append((words[1], words[2].lowercased()))
    case "@frequency":
      guard words.count == 2 else {
        throw error(number, "@frequency has one word behind it, found \(quotedForMessage(text))")
      }
      guard frequency == nil else { throw error(number, "a second line \"@frequency\"") }
      frequency = words[1].lowercased()
    case "@horizon":
      guard words.count == 2, let steps = Int(words[1]), steps > 0 else {
        throw error(number, "@horizon has one number behind it, found \(quotedForMessage(text))")
      }
      guard horizon == nil else { throw error(number, "a second line \"@horizon\"") }
      horizon = steps
    case let word:
      guard word.hasPrefix("@") else {
        throw error(number, "a line of the header begins with @, found \(quotedForMessage(text))")
      }
    }
    return false
  }

  /// A series: its attributes and its values, with colons between.
  private static func line(
    _ bytes: [UInt8], _ range: Range<Int>, _ attributeCount: Int, _ number: Int, _ file: String
  ) throws(TableError) -> Line {
    var attributes: [String] = []
    var start = range.lowerBound
    for _ in 0..<attributeCount {
      guard let colon = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: ":")) else {
        throw TableError(
          file: file, line: number,
          message: "a series has \(attributeCount) attributes and its values, with colons between")
      }
      attributes.append(text(bytes, start..<colon))
      start = colon + 1
    }
    var values: [Double] = []
    while true {
      let end =
        bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
      values.append(try value(bytes, start..<end, values.count, number, file))
      if end == range.upperBound { break }
      start = end + 1
    }
    return Line(number: number, attributes: attributes, values: values)
  }

  private static func value(
    _ bytes: [UInt8], _ range: Range<Int>, _ index: Int, _ number: Int, _ file: String
  ) throws(TableError) -> Double {
    switch decimalValue(bytes, in: range) {
    case .some(let value): return value
    case nil where text(bytes, range) == "?": return .nan
    case nil:
      throw TableError(
        file: file, line: number,
        message: "\(quotedForMessage(text(bytes, range))), the value \(index + 1), is not a number")
    }
  }

  /// Text in UTF-8, or, as in some files of the archive, in Latin-1.
  private static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
    let part = Array(bytes[range])
    guard firstInvalidUTF8Offset(in: part) != nil else {
      return String(decoding: part, as: UTF8.self)
    }
    return String(String.UnicodeScalarView(part.map { Unicode.Scalar($0) }))
  }

  func error(_ line: Int?, _ message: String) -> TableError {
    TableError(file: file, line: line, message: message)
  }
}
