/// Reads a table in RFC 4180 form, a row at a time, from bytes held in memory.
///
/// Fields are separated by commas, or by semicolons or tabs where the header says so: these may have
/// decimal commas. A byte order mark is skipped; lines end in LF, CRLF or CR; blank lines are skipped; a field in
/// double quotes may hold separators, line ends and doubled quotes. The first row is the header. Every
/// fault is a ``TableError`` that says the line.
///
/// ```swift
/// var reader = try CSVReader(bytes, file: "sales.csv")
/// while try reader.nextRow() {
///   print(reader.line, reader.text(at: 0))
/// }
/// ```
public struct CSVReader: Sendable {
  /// The name used in errors.
  public let file: String
  /// The column names, without surrounding blanks.
  public private(set) var header: [String] = []
  /// The line on which the header begins, counted from 1.
  public private(set) var headerLine = 0
  /// The line on which the current row begins, counted from 1.
  public private(set) var line = 0

  /// The whole file, which the current row's fields point into.
  package let bytes: [UInt8]
  private var fields: [Field] = []
  private var position = 0
  private var nextLine = 1

  /// What stands between fields.
  package private(set) var separator = comma
  /// The mark in the fractions read so far, and the line it was first seen on.
  var decimalMark: (mark: UInt8, line: Int)?

  /// Where a field's content stands; quotes around it are left out, doubled quotes inside are not.
  private struct Field: Sendable {
    var range: Range<Int>
    var hasDoubledQuotes: Bool
  }

  /// Checks the encoding and reads the header.
  ///
  /// - Throws: if the file is empty, is not UTF-8 or names a column twice.
  public init(_ bytes: [UInt8], file: String) throws(TableError) {
    self.bytes = bytes
    self.file = file
    if let kind = Self.otherKind(of: bytes) {
      throw TableError(file: file, message: "not a CSV: the file looks like \(kind)")
    }
    if let offset = firstInvalidUTF8Offset(in: bytes) {
      let line = Self.line(ofOffset: offset, in: bytes)
      let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw TableError(
        file: file, line: line,
        message: isUTF16
          ? "not UTF-8: the file looks like UTF-16, save it as UTF-8"
          : "not UTF-8: byte 0x\(String(bytes[offset], radix: 16, uppercase: true))")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    separator = Self.separator(in: bytes[position...])
    guard try readRecord() else { throw TableError(file: file, message: "the file is empty") }
    headerLine = line
    header = fields.indices.map { trimmedText(at: $0) }
    var seen: [String: Int] = [:]
    for (index, name) in header.enumerated() {
      if let first = seen.updateValue(index, forKey: name), !name.isEmpty {
        throw TableError(
          file: file, line: line,
          message: "two columns are named \(quotedForMessage(name)): "
            + "the \(ordinal(first + 1)) and the \(ordinal(index + 1))")
      }
    }
  }

  /// What a file is that is often taken for a CSV, and what to do about it; nil for none of these.
  private static func otherKind(of bytes: [UInt8]) -> String? {
    let kinds: [([UInt8], String)] = [
      (
        [0x50, 0x4B, 0x03, 0x04], "an Excel workbook or a zip archive; save it as CSV, or unpack it"
      ),
      ([0xD0, 0xCF, 0x11, 0xE0], "an Excel workbook; save it as CSV"),
      ([0x1F, 0x8B], "a gzip archive; unpack it"),
      (Array("PAR1".utf8), "a Parquet file; write it as CSV"),
    ]
    return kinds.first { bytes.starts(with: $0.0) }?.1
  }

  /// Moves to the next row; false at the end of the file.
  ///
  /// - Throws: if the row has more or fewer fields than the header, or its quotes are wrong.
  public mutating func nextRow() throws(TableError) -> Bool {
    guard try readRecord() else { return false }
    guard fields.count == header.count else {
      // A header of one field may be no header.
      let only = header.count == 1 ? ", \(quotedForMessage(header[0]))," : ""
      throw error(
        "\(counted(fields.count, "field")) where the header\(only) has \(header.count)")
    }
    return true
  }

  /// The current row's field in the given column, as it stands, without quotes.
  public func text(at column: Int) -> String {
    let field = fields[column]
    guard field.hasDoubledQuotes else {
      return String(decoding: bytes[field.range], as: UTF8.self)
    }
    var content: [UInt8] = []
    var previousWasQuote = false
    for byte in bytes[field.range] {
      if byte == quote && previousWasQuote {
        previousWasQuote = false
        continue
      }
      previousWasQuote = byte == quote
      content.append(byte)
    }
    return String(decoding: content, as: UTF8.self)
  }

  /// Where the current row's field stands in ``bytes``, without surrounding blanks.
  package func trimmedRange(at column: Int) -> Range<Int> {
    var range = fields[column].range
    while let first = range.first, isBlank(bytes[first]) {
      range = (first + 1)..<range.upperBound
    }
    while let last = range.last, isBlank(bytes[last]) {
      range = range.lowerBound..<last
    }
    return range
  }

  /// Whether the current row's field holds exactly these bytes.
  package func field(at column: Int, equals other: [UInt8]) -> Bool {
    let field = fields[column]
    return !field.hasDoubledQuotes && bytes[field.range].elementsEqual(other)
  }

  /// The current row's field as bytes, as it stands between its quotes.
  package func rawBytes(at column: Int) -> [UInt8] { Array(bytes[fields[column].range]) }

  /// An error at the current row.
  public func error(column: Int? = nil, _ message: String) -> TableError {
    TableError(file: file, line: line, column: column.map { header[$0] }, message: message)
  }

  /// What separates the fields of the first line that is not blank: semicolons or tabs where there
  /// are more of these than commas.
  private static func separator(in bytes: ArraySlice<UInt8>) -> UInt8 {
    var counts: [UInt8: Int] = [comma: 0, semicolon: 0, tab: 0]
    var isQuoted = false
    var isBlankSoFar = true
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == lineFeed || byte == carriageReturn {
        if isBlankSoFar { continue }
        break
      }
      if !isBlank(byte) { isBlankSoFar = false }
      counts[byte]? += 1
    }
    let commas = counts[comma] ?? 0
    let others = [semicolon, tab].map { ($0, counts[$0] ?? 0) }
    let most = others.max { $0.1 < $1.1 }
    return most.map { $0.1 > commas ? $0.0 : comma } ?? comma
  }

  /// The current row's field without surrounding blanks and quotes.
  package func trimmedText(at column: Int) -> String {
    let text = text(at: column)
    guard let first = text.firstIndex(where: { $0 != " " && $0 != "\t" }),
      let last = text.lastIndex(where: { $0 != " " && $0 != "\t" })
    else { return "" }
    return String(text[first...last])
  }
}

// MARK: - Scanning

extension CSVReader {
  /// Reads one record into `fields`, skipping blank lines; false at the end of the file.
  private mutating func readRecord() throws(TableError) -> Bool {
    skipBlankLines()
    guard position < bytes.count else { return false }
    line = nextLine
    fields.removeAll(keepingCapacity: true)
    while true {
      try readField()
      guard position < bytes.count else { return true }
      if bytes[position] == separator {
        position += 1
        continue
      }
      skipLineEnd()
      return true
    }
  }

  /// Reads the field at `position` and leaves `position` at the separator or line end behind it.
  private mutating func readField() throws(TableError) {
    let start = position
    if position < bytes.count, bytes[position] == quote {
      try readQuotedField()
      return
    }
    let separator = separator
    // All four special bytes lie at or below the comma, most content above it.
    let highest = max(separator, quote)
    while position < bytes.count {
      let byte = bytes[position]
      if byte <= highest {
        if byte == separator || byte == lineFeed || byte == carriageReturn { break }
        if byte == quote {
          throw error(
            column: fields.count < header.count ? fields.count : nil,
            "a quote inside a field that does not begin with one")
        }
      }
      position += 1
    }
    fields.append(Field(range: start..<position, hasDoubledQuotes: false))
  }

  private mutating func readQuotedField() throws(TableError) {
    let column = fields.count < header.count ? fields.count : nil
    position += 1
    let start = position
    var hasDoubledQuotes = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == quote {
        if position + 1 < bytes.count, bytes[position + 1] == quote {
          hasDoubledQuotes = true
          position += 2
          continue
        }
        fields.append(Field(range: start..<position, hasDoubledQuotes: hasDoubledQuotes))
        position += 1
        if position < bytes.count,
          bytes[position] != separator, bytes[position] != lineFeed,
          bytes[position] != carriageReturn
        {
          throw error(column: column, "text after a closing quote")
        }
        return
      }
      if byte == lineFeed || byte == carriageReturn {
        skipLineEnd()
      } else {
        position += 1
      }
    }
    throw error(column: column, "a quoted field begins here and never ends")
  }

  private mutating func skipBlankLines() {
    while position < bytes.count {
      var end = position
      while end < bytes.count, isBlank(bytes[end]), bytes[end] != separator { end += 1 }
      if end == bytes.count {
        position = end
        return
      }
      guard bytes[end] == lineFeed || bytes[end] == carriageReturn else { return }
      position = end
      skipLineEnd()
    }
  }

  /// Steps over one LF, CR or CRLF at `position`.
  private mutating func skipLineEnd() {
    if bytes[position] == carriageReturn, position + 1 < bytes.count,
      bytes[position + 1] == lineFeed
    {
      position += 1
    }
    position += 1
    nextLine += 1
  }

  private static func line(ofOffset offset: Int, in bytes: [UInt8]) -> Int {
    var line = 1
    for index in 0..<offset {
      let byte = bytes[index]
      // A CRLF counts once, at its LF.
      let endsLine =
        byte == lineFeed
        || (byte == carriageReturn && (index + 1 == bytes.count || bytes[index + 1] != lineFeed))
      if endsLine { line += 1 }
    }
    return line
  }
}

private let quote = UInt8(ascii: "\"")
private let comma = UInt8(ascii: ",")
private let semicolon = UInt8(ascii: ";")
private let tab = UInt8(ascii: "\t")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

private func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

private func ordinal(_ number: Int) -> String {
  switch (number % 10, number % 100) {
  case (_, 11...13): "\(number)th"
  case (1, _): "\(number)st"
  case (2, _): "\(number)nd"
  case (3, _): "\(number)rd"
  default: "\(number)th"
  }
}
