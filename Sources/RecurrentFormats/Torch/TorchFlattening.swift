import RecurrentCore

/// Takes the dictionaries and lists of a checkpoint apart: tensors and plain values under names that
/// say the way to them, joined with points.
struct TorchFlattening {
  private(set) var entries: [TensorEntry] = []
  private(set) var metadata: [String: String] = [:]

  private let pickle: Pickle
  private let zip: ZipArchive
  private let folder: String
  private let isBigEndian: Bool
  private let pickleOffset: Int
  private var names: Set<String> = []
  /// The objects around the one that is looked at.
  private var open: Set<Int> = []
  /// What may still be made of a few shared objects: visits, letters of names, bytes of tensors.
  private var visits: Int
  private var letters: Int
  private var tensorBytes: Int

  private static let maximumDepth = 100

  init(
    _ pickle: Pickle, zip: ZipArchive, folder: String, isBigEndian: Bool, pickleSize: Int,
    pickleOffset: Int
  ) {
    self.pickle = pickle
    self.zip = zip
    self.folder = folder
    self.isBigEndian = isBigEndian
    self.pickleOffset = pickleOffset
    // A value of a real checkpoint is visited once and takes bytes of its own; weights may be shared.
    visits = 1000 + pickleSize
    letters = 100_000 + 8 * pickleSize
    tensorBytes = 100_000 + 8 * zip.bytes.count
  }

  mutating func run(rootName: String) throws(TensorFileError) {
    let root = pickle.root
    switch pickle.object(root)?.kind {
    case .dictionary, .list, .tuple: try visit(root, name: "")
    default: try visit(root, name: rootName)
    }
  }

  private mutating func visit(_ value: PickleValue, name: String) throws(TensorFileError) {
    visits -= 1
    letters -= name.utf8.count
    guard visits > 0, letters > 0 else {
      throw fault("shared objects are unfolded into more than the file can hold")
    }
    guard case .object(let place) = value else {
      return try note(name, try text(value, name: name))
    }
    guard open.insert(place).inserted else {
      throw fault("an object contains itself", name)
    }
    guard open.count <= Self.maximumDepth else {
      throw fault("objects are nested more than \(Self.maximumDepth) deep")
    }
    defer { open.remove(place) }
    let object = pickle.objects[place]
    switch object.kind {
    case .dictionary:
      for pair in stride(from: 0, to: object.elements.count, by: 2) {
        let key = try key(object.elements[pair], in: name)
        try visit(object.elements[pair + 1], name: name.isEmpty ? key : "\(name).\(key)")
      }
    case .list, .tuple, .set:
      if let text = try listText(object.elements, name: name) {
        if !name.isEmpty { try note(name, text) }
        return
      }
      for (index, element) in object.elements.enumerated() {
        try visit(element, name: name.isEmpty ? "\(index)" : "\(name).\(index)")
      }
    case .call(let function): try visitCall(function, object.elements, name: name)
    case .persistent: throw fault("numbers that are no tensor's", name)
    }
  }

  private mutating func visitCall(
    _ function: String, _ arguments: [PickleValue], name: String
  ) throws(TensorFileError) {
    switch function {
    case "torch._utils._rebuild_parameter":
      guard let tensor = arguments.first else { throw fault("a parameter without a tensor", name) }
      try visit(tensor, name: name)
    case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3":
      let entry = try tensor(
        arguments, name: name, typeIsArgument: function.hasSuffix("v3"))
      guard names.insert(name).inserted else { throw fault("two tensors have this name", name) }
      tensorBytes -= entry.byteCount
      guard tensorBytes >= 0 else {
        throw fault("tensors that share numbers are much larger than the file", name)
      }
      entries.append(entry)
    case "torch.Size":
      guard let sizes = arguments.first else { throw fault("a torch.Size of nothing", name) }
      try visit(sizes, name: name)
    case "torch.device":
      var words: [String] = []
      for argument in arguments.prefix(2) { words.append(try text(argument, name: name)) }
      try note(name, words.joined(separator: ":"))
    default: throw fault("a call of \(function) is not plain data", name)
    }
  }

  // MARK: Tensors

  /// `_rebuild_tensor_v2(storage, offset, size, stride, …)`; version 3 says the type in its seventh
  /// argument, since its storage has none. Counts are of elements.
  private func tensor(
    _ arguments: [PickleValue], name: String, typeIsArgument: Bool
  ) throws(TensorFileError) -> TensorEntry {
    guard arguments.count >= 4, let storage = pickle.object(arguments[0]),
      storage.kind == .persistent, case .integer(let offset) = arguments[1], offset >= 0,
      let shape = counts(arguments[2]), let strides = counts(arguments[3]),
      shape.count == strides.count
    else { throw fault("its description is damaged", name) }
    guard storage.elements.count >= 5, storage.elements[0] == .string("storage"),
      case .global(let storageType) = storage.elements[1],
      case .string(let key) = storage.elements[2],
      case .integer(let storageCount) = storage.elements[4], storageCount >= 0,
      let storageElement = TorchStorage.element(ofStorage: storageType)
    else { throw fault("the description of its numbers is damaged", name) }
    var type = storageElement
    if typeIsArgument {
      guard arguments.count >= 7, case .global(let typeName) = arguments[6] else {
        throw fault("its type is missing", name)
      }
      type = TorchStorage.element(ofType: typeName)
    }
    guard let element = type else { throw fault("its type is not known", name) }
    let entry = folder + "data/" + key
    guard let place = zip.entry(entry) else {
      throw fault("its numbers should be in \(quotedForMessage(entry)), which is not there", name)
    }
    // An untyped storage counts bytes.
    let width = storageElement?.byteCount ?? 1
    guard storageCount <= place.bytes.count / width, place.bytes.count == storageCount * width
    else {
      throw fault(
        "the entry \(quotedForMessage(entry)) has \(place.bytes.count) bytes, "
          + "\(storageCount) elements were to be there", name, offset: place.bytes.lowerBound)
    }
    guard let byteCount = TensorEntry.byteCount(shape, of: element) else {
      throw fault("its shape has more elements than memory can hold", name)
    }
    var bytes = place.bytes.lowerBound..<place.bytes.lowerBound
    if byteCount > 0 {
      guard let range = range(shape, strides, from: offset, width: element.byteCount),
        range.upperBound <= place.bytes.count
      else {
        throw fault(
          "shape \(shape), strides \(strides), from \(offset) on, reaches beyond its numbers", name,
          offset: place.bytes.lowerBound)
      }
      bytes =
        place.bytes.lowerBound + range.lowerBound..<place.bytes.lowerBound + range.upperBound
    }
    return TensorEntry(
      name: name, element: element, shape: shape, bytes: bytes,
      strides: byteCount == 0 ? nil : Self.cleared(strides, shape), isBigEndian: isBigEndian,
      checksum: bytes == place.bytes ? place.checksum : nil)
  }

  /// Along an axis of one element there is no next: any stride will do.
  private static func cleared(_ strides: [Int], _ shape: [Int]) -> [Int] {
    let rowMajor = TensorEntry.rowMajorStrides(shape)
    return shape.indices.map { shape[$0] == 1 ? rowMajor[$0] : strides[$0] }
  }

  private func counts(_ value: PickleValue) -> [Int]? {
    var sequence = pickle.sequence(value)
    if let object = pickle.object(value), object.kind == .call("torch.Size") {
      sequence = object.elements.first.flatMap(pickle.sequence)
    }
    guard let sequence, sequence.count <= 64 else { return nil }
    var counts: [Int] = []
    for element in sequence {
      guard case .integer(let count) = element, count >= 0 else { return nil }
      counts.append(count)
    }
    return counts
  }

  /// The bytes between which the elements lie; nil if `Int` does not hold them.
  private func range(
    _ shape: [Int], _ strides: [Int], from offset: Int, width: Int
  ) -> Range<Int>? {
    var last = offset
    for (size, stride) in Swift.zip(shape, strides) {
      let (step, overflows) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflowsToo) = last.addingReportingOverflow(step)
      guard !overflows, !overflowsToo else { return nil }
      last = sum
    }
    let (end, overflows) = last.addingReportingOverflow(1)
    let (bytes, overflowsToo) = end.multipliedReportingOverflow(by: width)
    return overflows || overflowsToo ? nil : offset * width..<bytes
  }

  // MARK: Plain values

  private mutating func note(_ name: String, _ text: String) throws(TensorFileError) {
    letters -= text.utf8.count
    guard letters > 0 else {
      throw fault("shared texts are unfolded into more than the file can hold")
    }
    guard metadata.updateValue(text, forKey: name) == nil else {
      throw fault("two values have this name", name)
    }
  }

  private func key(_ value: PickleValue, in name: String) throws(TensorFileError) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .bool(let flag): flag ? "true" : "false"
    default: throw fault("a key that is neither a text nor a whole number", name)
    }
  }

  /// A text as it is, anything else in JSON's words.
  private func text(_ value: PickleValue, name: String) throws(TensorFileError) -> String {
    switch value {
    case .string(let text): text
    case .global(let name): name
    case .largeInteger(let bytes), .bytes(let bytes): hexadecimal(bytes)
    default: json(value).map { $0.text() } ?? "null"
    }
  }

  /// Elements on one line, if all of them are plain; nil otherwise.
  private func listText(
    _ elements: [PickleValue], name: String
  ) throws(TensorFileError) -> String? {
    var values: [JSONValue] = []
    guard elements.count < visits else { return nil }
    for element in elements {
      guard let value = json(element) else { return nil }
      values.append(value)
    }
    return JSONValue.array(values).text()
  }

  private func json(_ value: PickleValue) -> JSONValue? {
    switch value {
    case .none: .null
    case .bool(let flag): .bool(flag)
    case .integer(let number): .integer(number)
    case .float(let number):
      number.isFinite ? .number(number) : .string("\(number)")
    case .string(let text), .global(let text): .string(text)
    case .largeInteger(let bytes), .bytes(let bytes):
      .string(hexadecimal(bytes))
    case .object: nil
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    "0x" + bytes.reversed().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func fault(
    _ message: String, _ name: String? = nil, offset: Int? = nil
  ) -> TensorFileError {
    TensorFileError(
      file: zip.file, offset: offset ?? pickleOffset, tensor: name, message: message)
  }
}
