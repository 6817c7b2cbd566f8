/// Reads a pickle of Python, protocols 2 to 5, as data: nothing in it is ever looked up or called.
///
/// A pickle is a program for a small stack machine. What is understood here are the instructions
/// that plain values need; a name of something in Python is accepted if it is one of `globals`, and
/// stays a name; a call of it becomes a record of the call. Everything else is refused by name.
/// Source: CPython's pickletools.py.
struct PickleReader {
  /// A fault and where it is.
  struct Fault: Error {
    /// Bytes before the fault.
    var offset: Int
    var message: String
  }

  private let bytes: [UInt8]
  private let isAllowed: (String) -> Bool
  private let refusal: String
  private var position = 0
  /// Where the instruction that is being carried out stands.
  private var start = 0
  private var stack: [PickleValue] = []
  /// How high the stack was at each mark.
  private var marks: [Int] = []
  /// Values that are kept to be taken up again, numbered in the order they came, as Python does.
  private var memo: [PickleValue] = []
  private var objects: [PickleObject] = []
  /// Elements that were copied from one object to another.
  private var copiedCount = 0

  // What a pickle can claim stays in proportion to it, and small: a large network's state dict has a
  // hundredth of that. Python takes two bytes at least for an object, and for one that is kept.
  private var maximumObjects: Int { min(2_000_000, 1000 + bytes.count / 2) }
  private var maximumStack: Int { min(1_000_000, 10_000 + bytes.count / 4) }

  /// - Parameters:
  ///   - isAllowed: Whether a name, `torch.FloatStorage`, may be in the pickle.
  ///   - refusal: What is said behind a name that may not.
  static func read(
    _ bytes: [UInt8], allowing isAllowed: (String) -> Bool, refusal: String
  ) throws(Fault) -> Pickle {
    var result: Result<Pickle, Fault>!
    withoutActuallyEscaping(isAllowed) { isAllowed in
      var reader = PickleReader(bytes, isAllowed: isAllowed, refusal: refusal)
      result = Result { () throws(Fault) in try reader.pickle() }
    }
    return try result.get()
  }

  private init(_ bytes: [UInt8], isAllowed: @escaping (String) -> Bool, refusal: String) {
    self.bytes = bytes
    self.isAllowed = isAllowed
    self.refusal = refusal
  }

  private mutating func pickle() throws(Fault) -> Pickle {
    guard bytes.first == 0x80 else { throw fault("not a pickle of protocol 2 or later") }
    while true {
      start = position
      let code = try byte()
      if code == UInt8(ascii: ".") { break }
      try carryOut(code)
      if stack.count > maximumStack || marks.count > maximumStack {
        throw fault("more values at once than a state dict has")
      }
    }
    guard position == bytes.count else { throw fault("bytes behind the pickle's end") }
    guard stack.count == 1, marks.isEmpty else {
      throw fault("the pickle does not end with a value")
    }
    return Pickle(root: stack[0], objects: objects)
  }

  private mutating func carryOut(_ code: UInt8) throws(Fault) {
    switch code {
    case 0x80:
      let version = try byte()
      guard 2...5 ~= version else { throw fault("pickles of protocol \(version) are not read") }
    case 0x95: _ = try count(8)  // FRAME: how much comes at once
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):  // POP, of a mark too
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): stack.append(try top())

    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"):
      stack.append(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try number(1))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try number(2))))
    case 0x8A: stack.append(try integer(count(1)))
    case 0x8B: stack.append(try integer(count(4)))
    case UInt8(ascii: "G"):
      stack.append(.float(Double(bitPattern: try number(8).byteSwapped)))
    case UInt8(ascii: "X"): stack.append(.string(try text(count(4))))
    case 0x8C: stack.append(.string(try text(count(1))))
    case 0x8D: stack.append(.string(try text(count(8))))
    // Texts of Python 2.
    case UInt8(ascii: "U"): stack.append(.string(try text(count(1))))
    case UInt8(ascii: "T"): stack.append(.string(try text(count(4))))
    case UInt8(ascii: "B"): stack.append(.bytes(Array(try take(count(4)))))
    case UInt8(ascii: "C"): stack.append(.bytes(Array(try take(count(1)))))
    case 0x8E, 0x96: stack.append(.bytes(Array(try take(count(8)))))

    case UInt8(ascii: ")"): try push(.tuple)
    case UInt8(ascii: "t"): try push(.tuple, try popToMark())
    case 0x85: try push(.tuple, try pop(1))
    case 0x86: try push(.tuple, try pop(2))
    case 0x87: try push(.tuple, try pop(3))
    case UInt8(ascii: "]"): try push(.list)
    case UInt8(ascii: "l"): try push(.list, try popToMark())
    case UInt8(ascii: "a"): try append(try pop(1), to: .list)
    case UInt8(ascii: "e"): try append(try popToMark(), to: .list)
    case UInt8(ascii: "}"): try push(.dictionary)
    case UInt8(ascii: "d"): try push(.dictionary, try pairs(try popToMark()))
    case UInt8(ascii: "s"): try append(try pop(2), to: .dictionary)
    case UInt8(ascii: "u"): try append(try pairs(try popToMark()), to: .dictionary)
    case 0x8F: try push(.set)
    case 0x90: try append(try popToMark(), to: .set)
    case 0x91: try push(.set, try popToMark())

    case UInt8(ascii: "q"): try keep(Int(try number(1)))
    case UInt8(ascii: "r"): try keep(Int(try number(4)))
    case 0x94: try keep(memo.count)
    case UInt8(ascii: "h"): try remember(Int(try number(1)))
    case UInt8(ascii: "j"): try remember(Int(try number(4)))

    case UInt8(ascii: "c"): try global(module: try line(), name: try line())
    case 0x93:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw fault("a name that is no text")
      }
      try global(module: module, name: name)
    case UInt8(ascii: "R"): try call()
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "Q"):
      guard case .object(let place) = try pop(), objects[place].kind == .tuple else {
        throw fault("what is kept outside the pickle is not said by a tuple")
      }
      try push(.persistent, objects[place].elements)
    default:
      throw fault("the pickle's instruction 0x\(String(code, radix: 16)) is not one of plain data")
    }
  }

  // MARK: Names and calls

  private mutating func global(module: String, name: String) throws(Fault) {
    let path = module + "." + name
    guard isAllowed(path) else {
      throw fault("\(Self.bare(path)): \(refusal)")
    }
    stack.append(.global(path))
  }

  /// A name as it is, if it looks like one.
  private static func bare(_ path: String) -> String {
    let isName = path.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    return isName && path.utf8.count <= 100 ? path : quotedForMessage(path)
  }

  private mutating func call() throws(Fault) {
    guard case .object(let place) = try pop(), objects[place].kind == .tuple else {
      throw fault("the arguments of a call are no tuple")
    }
    let arguments = objects[place].elements
    guard case .global(let name) = try pop() else {
      throw fault("a call of something without a name")
    }
    if name == "collections.OrderedDict" {
      try push(.dictionary, try orderedPairs(arguments))
    } else {
      try push(.call(name), arguments)
    }
  }

  /// `OrderedDict()`, or of a list of pairs, as Python 2 wrote it.
  private mutating func orderedPairs(_ arguments: [PickleValue]) throws(Fault) -> [PickleValue] {
    guard let list = arguments.first else { return [] }
    guard arguments.count == 1, case .object(let place) = list, objects[place].kind == .list else {
      throw fault("an OrderedDict of something else than a list of pairs")
    }
    // Each real one has its own list.
    copiedCount += objects[place].elements.count
    guard copiedCount <= bytes.count else { throw fault("a list is copied again and again") }
    var pairs: [PickleValue] = []
    for element in objects[place].elements {
      guard case .object(let place) = element, objects[place].elements.count == 2,
        objects[place].kind == .tuple || objects[place].kind == .list
      else { throw fault("an OrderedDict of something else than a list of pairs") }
      pairs += objects[place].elements
    }
    return pairs
  }

  /// Attributes of an object; of a dictionary, which is where PyTorch keeps the versions of a state
  /// dict's modules, they are not needed.
  private mutating func build() throws(Fault) {
    _ = try pop()
    guard case .object(let place) = try top(), objects[place].kind == .dictionary else {
      throw fault("attributes of something else than a dictionary")
    }
  }

  // MARK: The stack

  private mutating func push(
    _ kind: PickleObject.Kind, _ elements: [PickleValue] = []
  ) throws(Fault) {
    guard objects.count < maximumObjects else {
      throw fault("more objects than a state dict has")
    }
    stack.append(.object(objects.count))
    objects.append(PickleObject(kind: kind, elements: elements))
  }

  private mutating func append(
    _ elements: [PickleValue], to kind: PickleObject.Kind
  ) throws(Fault) {
    guard case .object(let place) = try top(), objects[place].kind == kind else {
      throw fault("elements for something that is no \(kind)")
    }
    objects[place].elements += elements
  }

  private func pairs(_ values: [PickleValue]) throws(Fault) -> [PickleValue] {
    guard values.count % 2 == 0 else { throw fault("a key without a value") }
    return values
  }

  private func top() throws(Fault) -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw fault("a value is missing") }
    return stack[stack.count - 1]
  }

  private mutating func pop() throws(Fault) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws(Fault) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fault("a value is missing") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(Fault) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault("a mark is missing") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func keep(_ place: Int) throws(Fault) {
    let value = try top()
    if place < memo.count {
      memo[place] = value
    } else {
      guard place == memo.count, place < maximumObjects else {
        throw fault("a value is kept under \(place), out of order")
      }
      memo.append(value)
    }
  }

  private mutating func remember(_ place: Int) throws(Fault) {
    guard place < memo.count else { throw fault("nothing was kept under \(place)") }
    stack.append(memo[place])
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else { throw fault("the pickle is cut short") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private mutating func byte() throws(Fault) -> UInt8 {
    guard position < bytes.count else { throw fault("the pickle is cut short") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The lowest byte first.
  private mutating func number(_ width: Int) throws(Fault) -> UInt64 {
    try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func count(_ width: Int) throws(Fault) -> Int {
    guard let count = Int(exactly: try number(width)) else {
      throw fault("the pickle is cut short")
    }
    return count
  }

  /// Two's complement, the lowest byte first; no bytes are 0.
  private mutating func integer(_ count: Int) throws(Fault) -> PickleValue {
    let bytes = try take(count)
    if count > 8 { return .largeInteger(Array(bytes)) }
    let bits = bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    let unused = UInt64(64 - 8 * count)
    return .integer(count == 0 ? 0 : Int(Int64(bitPattern: bits << unused) >> Int64(unused)))
  }

  private mutating func text(_ count: Int) throws(Fault) -> String {
    let bytes = Array(try take(count))
    guard firstInvalidUTF8Offset(in: bytes) == nil else { throw fault("a text that is not UTF-8") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Up to a line feed.
  private mutating func line() throws(Fault) -> String {
    let begin = position
    while try byte() != 0x0A {}
    let bytes = Array(bytes[begin..<position - 1])
    guard firstInvalidUTF8Offset(in: bytes) == nil else { throw fault("a name that is not UTF-8") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func fault(_ message: String) -> Fault { Fault(offset: start, message: message) }
}
