import RecurrentCore

extension NPYHeader {
  /// Reads the header of an array that fills a part of a file.
  init(
    _ bytes: FileBytes, in range: Range<Int>, file: String, name: String?
  ) throws(TensorFileError) {
    func fault(_ offset: Int?, _ message: String) -> TensorFileError {
      TensorFileError(file: file, offset: offset, tensor: name, message: message)
    }
    let start = range.lowerBound
    let fixed = bytes[start..<min(start + 12, range.upperBound)]
    guard fixed.count >= 10, fixed.starts(with: Self.magic) else {
      throw fault(start, "not a NumPy array: it does not begin with \\x93NUMPY")
    }
    guard 1...3 ~= fixed[6], fixed[7] == 0 else {
      throw fault(start + 6, "version \(fixed[6]).\(fixed[7]) of NumPy's format is not known")
    }
    let prefix = fixed[6] == 1 ? 10 : 12
    guard fixed.count >= prefix else { throw fault(start, "cut short in the header") }
    let length = (8..<prefix).reduce(0) { $0 | Int(fixed[$1]) << (8 * ($1 - 8)) }
    dataStart = start + prefix + length
    guard length <= Self.maximumLength else {
      throw fault(start + 8, "a header of \(length) bytes is none")
    }
    guard dataStart <= range.upperBound else {
      throw fault(start + 8, "cut short: a header of \(length) bytes does not fit")
    }
    var parser = PythonDictionary(bytes[start + prefix..<dataStart])
    do { try parser.read() } catch {
      throw fault(start + prefix + error.offset, "in the header: \(error.message)")
    }
    guard let shape = parser.shape, let descr = parser.descr, let order = parser.fortranOrder else {
      throw fault(start + prefix, "the header lacks 'descr', 'fortran_order' or 'shape'")
    }
    (element, isBigEndian) = try Self.type(descr) { (message) in fault(start + prefix, message) }
    isFortranOrder = order
    self.shape = shape
    guard let count = TensorEntry.byteCount(shape, of: element) else {
      throw fault(start + prefix, "its shape has more elements than memory can hold")
    }
    let found = range.upperBound - dataStart
    guard count <= found else {
      throw fault(
        dataStart,
        "cut short: \(element) of shape \(shape) takes \(count) bytes, there are \(found)")
    }
    guard count == found else {
      throw fault(dataStart + count, "\(found - count) bytes behind the array belong to nothing")
    }
  }

  /// `<f4` and its like.
  private static func type(
    _ text: String, fault: (String) -> TensorFileError
  ) throws(TensorFileError) -> (TensorElement, isBigEndian: Bool) {
    let order = text.first ?? " "
    let kind = String("<>=|".contains(order) ? text.dropFirst() : text[...])
    let found = TensorElement.allCases.first { element in
      element.numpyType.map { $0.dropFirst() == kind } ?? false
    }
    if let found { return (found, order == ">") }
    if kind == "?" { return (.bool, false) }
    switch kind.first {
    case "O": throw fault("Python objects are not read; save an array of numbers")
    case "U", "S", "a":
      throw fault("text is not read, only numbers: type \(quotedForMessage(text))")
    case "c": throw fault("complex numbers are not read: type \(quotedForMessage(text))")
    default: throw fault("elements of type \(quotedForMessage(text)) are not read")
    }
  }
}

/// The header's dictionary: what is written there, and nothing else of Python.
private struct PythonDictionary {
  struct Fault: Error {
    var offset: Int
    var message: String
  }

  private let text: [UInt8]
  private var position = 0

  var descr: String?
  var fortranOrder: Bool?
  var shape: [Int]?

  init(_ text: [UInt8]) { self.text = text }

  mutating func read() throws(Fault) {
    try expect("{")
    while !take("}") {
      let start = position
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil:
        skipBlanks()
        if peek() == UInt8(ascii: "[") {
          throw fault("arrays of records are not read, only numbers")
        }
        descr = try string()
      case "fortran_order" where fortranOrder == nil: fortranOrder = try truth()
      case "shape" where shape == nil: shape = try sizes()
      default:
        throw Fault(offset: start, message: "the key \(quotedForMessage(key)) is not expected")
      }
      if take(",") { continue }
      try expect("}")
      break
    }
    skipBlanks()
    guard position == text.count else { throw fault("text behind the dictionary") }
  }

  private mutating func string() throws(Fault) -> String {
    skipBlanks()
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw fault("a text in quotes is expected")
    }
    position += 1
    let start = position
    while let byte = peek(), byte != quote {
      guard 0x20..<0x7F ~= byte, byte != UInt8(ascii: "\\") else {
        throw fault("a letter of ASCII is expected")
      }
      position += 1
    }
    guard peek() == quote else { throw fault("a text does not end") }
    position += 1
    return String(decoding: text[start..<position - 1], as: UTF8.self)
  }

  private mutating func truth() throws(Fault) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault("True or False is expected")
  }

  /// `()`, `(2,)` or `(2, 3)`; Python 2 wrote long numbers with an L behind.
  private mutating func sizes() throws(Fault) -> [Int] {
    var sizes: [Int] = []
    try expect("(")
    while !take(")") {
      skipBlanks()
      let start = position
      while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
      guard let size = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
        throw Fault(offset: start, message: "a size is expected, a whole number from 0 on")
      }
      _ = take("L")
      sizes.append(size)
      guard sizes.count <= 64 else {
        throw Fault(offset: start, message: "more than 64 axes, the most that NumPy has")
      }
      if take(",") { continue }
      try expect(")")
      break
    }
    return sizes
  }

  private func peek() -> UInt8? { position < text.count ? text[position] : nil }

  private mutating func skipBlanks() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
    guard take(character) else { throw fault("\(quotedForMessage("\(character)")) is expected") }
  }

  private func fault(_ message: String) -> Fault { Fault(offset: position, message: message) }
}
