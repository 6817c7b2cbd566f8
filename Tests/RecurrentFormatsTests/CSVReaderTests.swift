import Foundation
import RecurrentFormats
import Testing

/// The header, the rows and the line each row begins on.
private func read(_ bytes: [UInt8]) throws(TableError) -> (
  header: [String], rows: [[String]], lines: [Int]
) {
  var reader = try CSVReader(bytes, file: "t.csv")
  var rows: [[String]] = []
  var lines: [Int] = []
  while try reader.nextRow() {
    rows.append(reader.header.indices.map { reader.text(at: $0) })
    lines.append(reader.line)
  }
  return (reader.header, rows, lines)
}

private func read(_ text: String) throws(TableError) -> (
  header: [String], rows: [[String]], lines: [Int]
) {
  try read(Array(text.utf8))
}

private func fault(in bytes: [UInt8]) -> String? {
  do {
    _ = try read(bytes)
    return nil
  } catch {
    return error.description
  }
}

private func fault(in text: String) -> String? { fault(in: Array(text.utf8)) }

@Suite struct CSVAccepted {
  @Test(arguments: ["\n", "\r\n", "\r"], [true, false])
  func lineEnds(lineEnd: String, endsWithOne: Bool) throws {
    let text = ["a,b", "1,2", "", "3,4"].joined(separator: lineEnd) + (endsWithOne ? lineEnd : "")
    let table = try read(text)
    #expect(table.header == ["a", "b"])
    #expect(table.rows == [["1", "2"], ["3", "4"]])
    #expect(table.lines == [2, 4])
  }

  @Test func byteOrderMark() throws {
    let table = try read([0xEF, 0xBB, 0xBF] + Array("ds,y\n1,2\n".utf8))
    #expect(table.header == ["ds", "y"])
  }

  @Test(arguments: [";", "\t"]) func otherSeparators(_ separator: String) throws {
    let text = "a|b, c|\"d|e\"\n1,5|2|x\n|,25|\n"
    var reader = try CSVReader(
      Array(text.replacingOccurrences(of: "|", with: separator).utf8), file: "t.csv")
    #expect(reader.header == ["a", "b, c", "d\(separator)e"])
    #expect(try reader.nextRow())
    #expect(try reader.number(at: 0) == 1.5)
    #expect(try reader.number(at: 1) == 2)
    #expect(try reader.nextRow())
    #expect(try reader.number(at: 0).isNaN)
    #expect(try reader.number(at: 1) == 0.25)
    #expect(try !reader.nextRow())
  }

  /// As many commas as semicolons: a comma it is.
  @Test func commasComeFirst() throws {
    #expect(try read("a;b,c\n1,2\n").header == ["a;b", "c"])
  }

  @Test func oneDecimalMarkInAFile() throws {
    var reader = try CSVReader(Array("a;b\n1,5;1.5\n".utf8), file: "t.csv")
    #expect(try reader.nextRow())
    #expect(try reader.number(at: 0) == 1.5)
    #expect {
      try reader.number(at: 1)
    } throws: {
      "\($0)" == "t.csv:2: column \"b\": \"1.5\" has a decimal point, line 2 has a decimal comma"
    }
  }

  @Test func quotedFields() throws {
    let table = try read(
      "\"a\",\"b, c\"\n\"x \"\"y\"\" z\",\"two\r\nlines\"\n\"\",\"\"\"\"\nlast,\n")
    #expect(table.header == ["a", "b, c"])
    #expect(table.rows == [["x \"y\" z", "two\r\nlines"], ["", "\""], ["last", ""]])
    #expect(table.lines == [2, 4, 5])
  }

  @Test func blanksAreKeptInFieldsAndDroppedInTheHeader() throws {
    let table = try read(" a , b\n 007 ,x\n")
    #expect(table.header == ["a", "b"])
    #expect(table.rows == [[" 007 ", "x"]])
  }

  @Test func blankLinesBeforeTheHeaderAndAtTheEnd() throws {
    let table = try read("\n  \na,b\n1,2\n\n \t\n")
    #expect(table.rows == [["1", "2"]])
    #expect(table.lines == [4])
  }

  @Test func headerOnly() throws {
    #expect(try read("a,b\n").rows.isEmpty)
    #expect(try read("a,b").rows.isEmpty)
  }

  @Test func otherAlphabets() throws {
    #expect(try read("名前,y\nÅse 🙂,1\n").rows == [["Åse 🙂", "1"]])
  }
}

@Suite struct CSVRefused {
  @Test(arguments: ["", "\n", " \r\n\n", "\u{FEFF}"])
  func empty(text: String) {
    #expect(fault(in: text) == "t.csv: the file is empty")
  }

  @Test func raggedRows() {
    #expect(fault(in: "a,b\n1,2\n\n3\n") == "t.csv:4: 1 field where the header has 2")
    #expect(fault(in: "a,b\n\"1\n\",2\n3,4,5\n") == "t.csv:4: 3 fields where the header has 2")
    #expect(
      fault(in: "# by hand\nds,y\n1,2\n")
        == "t.csv:2: 2 fields where the header, \"# by hand\", has 1")
  }

  @Test func duplicateColumns() {
    #expect(
      fault(in: "ds,y,\"y\"\n1,2,3\n")
        == "t.csv:1: two columns are named \"y\": the 2nd and the 3rd")
  }

  @Test func quotes() {
    #expect(
      fault(in: "a,b\n1,\"2\n3,4\n")
        == "t.csv:2: column \"b\": a quoted field begins here and never ends")
    #expect(fault(in: "a,b\n1,\"2\"3\n") == "t.csv:2: column \"b\": text after a closing quote")
    #expect(
      fault(in: "a,b\n1,3\"\n")
        == "t.csv:2: column \"b\": a quote inside a field that does not begin with one")
  }

  @Test(
    arguments: [
      [0xFF], [0xC0, 0x80], [0xE9, 0x2C], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xE2, 0x82], [0xF0, 0x9F, 0x99], [0x80],
    ] as [[UInt8]])
  func invalidUTF8(sequence: [UInt8]) {
    let bytes = Array("a,b\r\nü,2\r\n3,".utf8) + sequence
    let byte = String(sequence[0], radix: 16, uppercase: true)
    #expect(fault(in: bytes) == "t.csv:3: not UTF-8: byte 0x\(byte)")
  }

  @Test func utf16() {
    #expect(
      fault(in: [0xFF, 0xFE, 0x61, 0x00])
        == "t.csv:1: not UTF-8: the file looks like UTF-16, save it as UTF-8")
  }

  @Test func messagesAreOneShortLine() {
    let long = String(repeating: "x", count: 60)
    var reader = try! CSVReader(Array("y\n\"a\nb\"\n\(long)\n".utf8), file: "t\n.csv")
    var messages: [String] = []
    while (try? reader.nextRow()) == true {
      do { _ = try reader.number(at: 0) } catch { messages.append(error.description) }
    }
    #expect(
      messages == [
        "t\\n.csv:2: column \"y\": \"a\\nb\" is not a number",
        "t\\n.csv:4: column \"y\": \"\(long.prefix(40))…\" is not a number",
      ])
  }
}

@Suite struct CSVNumbers {
  private func number(_ text: String) throws(TableError) -> Double {
    var reader = try CSVReader(Array("y,z\n\(text),\n".utf8), file: "t.csv")
    _ = try reader.nextRow()
    return try reader.number(at: 0)
  }

  @Test(arguments: [
    "0", "-0", "1", "+1", "-12.5", ".5", "5.", "1e3", "1E-3", "1e+22", "123456789012345", "0.1",
    "0.000001", "1e-22", "1e-23", "1e23", "12345678901234567890", "1.7976931348623157e308",
    "5e-324", "0.30000000000000004", "9007199254740993", "00012.50", "\"7\"", " 8 ",
  ])
  func accepted(text: String) throws {
    var plain = text.filter { $0 != "\"" && $0 != " " }
    if plain.hasPrefix(".") { plain = "0" + plain }
    if plain.hasSuffix(".") { plain += "0" }
    #expect(try number(text).bitPattern == Double(plain)?.bitPattern)
  }

  @Test(arguments: ["", " ", "NA", "NaN", "nan", "na", "\"\""])
  func missing(text: String) throws {
    #expect(try number(text).isNaN)
  }

  @Test(arguments: ["inf", "-Inf", "Infinity", "+infinity", "1e309", "-1e400"])
  func infinite(text: String) {
    #expect {
      try number(text)
    } throws: {
      "\($0)" == "t.csv:2: column \"y\": \"\(text)\" is infinite"
    }
  }

  @Test(arguments: [
    "abc", "1.2.3", "1e", "1e+", "--1", "0x10", "1_000", "1 2", ".", "-", "e5", "１",
  ])
  func refused(text: String) {
    #expect {
      try number(text)
    } throws: {
      "\($0)" == "t.csv:2: column \"y\": \"\(text)\" is not a number"
    }
  }
}

@Suite struct CSVWriting {
  @Test func whatIsWrittenIsReadBack() throws {
    let rows = [["a,b", "1"], ["say \"hi\"", "\r\nx"], ["", " 007 "]]
    var writer = CSVWriter(header: ["unique_id", "y"])
    for row in rows { writer.append(row) }
    let table = try read(writer.text)
    #expect(table.header == ["unique_id", "y"])
    #expect(table.rows == rows)
  }

  @Test func numbers() {
    #expect(CSVWriter.text(of: 417) == "417")
    #expect(CSVWriter.text(of: 0.1) == "0.1")
    #expect(CSVWriter.text(of: 1e300) == "1e+300")
    #expect(CSVWriter.text(of: .nan) == "")
  }
}
