/// What stands before the numbers of a safetensors file: names, types, shapes, places, metadata.
///
/// The file is 8 bytes with the header's length N (little endian), N bytes of JSON, then the
/// numbers. Each member of the JSON object is a tensor,
/// `"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}`, with places counted
/// from the end of the header; `__metadata__` is an object of strings.
/// Source: https://github.com/huggingface/safetensors#format
struct SafetensorsHeader: Sendable {
  /// In the order of their places.
  var entries: [TensorEntry]
  var metadata: [String: String]

  /// What the format's own reader accepts; nothing real comes near it.
  static let maximumLength = 100_000_000
}

extension SafetensorsHeader {
  /// Reads the length: the first 8 bytes of a file of `size` bytes.
  static func length(
    _ prefix: [UInt8], size: Int, file: String
  ) throws(TensorFileError) -> Int {
    guard size >= 8 else {
      throw TensorFileError(
        file: file,
        message: size == 0
          ? "the file is empty" : "not a safetensors file: it has only \(size) bytes")
    }
    let length = (0..<8).reduce(0 as UInt64) { $0 | UInt64(prefix[$1]) << (8 * UInt64($1)) }
    guard length <= UInt64(maximumLength) else {
      throw TensorFileError(
        file: file, offset: 0,
        message: "not a safetensors file: its header would have \(length) bytes")
    }
    guard length <= UInt64(size - 8) else {
      throw TensorFileError(
        file: file, offset: 0,
        message: "cut short or not a safetensors file: a header of \(length) bytes does not fit "
          + "its \(size) bytes")
    }
    return Int(length)
  }

  /// Reads the header's JSON, in a file of `size` bytes, and checks that the tensors fill what is
  /// behind it exactly, without holes or overlaps.
  init(_ text: [UInt8], size: Int, file: String) throws(TensorFileError) {
    guard text.first == UInt8(ascii: "{") else {
      throw TensorFileError(
        file: file, offset: 8, message: "not a safetensors file: no { where the header begins")
    }
    let json: JSONValue
    do {
      // A tensor's members are written in some eight bytes a value.
      json = try JSONValue(
        parsing: text, maximumDepth: 8, maximumCount: 10_000 + text.count / 4)
    } catch {
      throw TensorFileError(
        file: file, offset: 8 + error.offset, message: "in the header: \(error.message)")
    }
    let dataStart = 8 + text.count
    metadata = [:]
    entries = []
    for (name, value) in json.object?.members ?? [] {
      if name == "__metadata__" {
        metadata = try Self.metadata(value, file: file)
      } else {
        entries.append(
          try Self.entry(name, value, dataStart: dataStart, size: size, file: file))
      }
    }
    entries.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    try checkCoverage(dataStart: dataStart, size: size, file: file)
  }

  private static func metadata(
    _ value: JSONValue, file: String
  ) throws(TensorFileError) -> [String: String] {
    guard let object = value.object else {
      throw TensorFileError(file: file, message: "__metadata__ is not an object")
    }
    var metadata: [String: String] = [:]
    for (key, value) in object.members {
      guard let text = value.string else {
        throw TensorFileError(
          file: file, message: "__metadata__: the value of \(quotedForMessage(key)) is no string")
      }
      metadata[key] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ value: JSONValue, dataStart: Int, size: Int, file: String
  ) throws(TensorFileError) -> TensorEntry {
    func fault(_ message: String) -> TensorFileError {
      TensorFileError(file: file, tensor: name, message: message)
    }
    guard let type = value["dtype"]?.string else { throw fault("it has no dtype") }
    guard let element = TensorElement(rawValue: type) else {
      throw fault("elements of type \(quotedForMessage(type)) cannot be read")
    }
    guard let sizes = value["shape"]?.array else { throw fault("it has no shape") }
    var shape: [Int] = []
    var byteCount = element.byteCount
    for size in sizes {
      guard let size = size.integer, size >= 0 else {
        throw fault("its shape holds \(quotedForMessage(size.text())), not a count")
      }
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
      guard !overflows else { throw fault("its shape has more elements than memory can hold") }
      byteCount = product
      shape.append(size)
    }
    guard let places = value["data_offsets"]?.array, places.count == 2,
      let begin = places[0].integer, let end = places[1].integer
    else { throw fault("it has no data_offsets of two whole numbers") }
    guard 0 <= begin, begin <= end else { throw fault("it would reach from \(begin) to \(end)") }
    guard end <= size - dataStart else {
      throw fault(
        "it would end at byte \(end) of the data, which has \(size - dataStart): cut short?")
    }
    guard end - begin == byteCount else {
      throw fault(
        "\(type) of shape \(shape) takes \(byteCount) bytes, its place has \(end - begin)")
    }
    return TensorEntry(
      name: name, element: element, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }

  private func checkCoverage(
    dataStart: Int, size: Int, file: String
  ) throws(TensorFileError) {
    var end = dataStart
    var previous = ""
    for entry in entries {
      guard entry.bytes.lowerBound >= end else {
        throw TensorFileError(
          file: file, offset: entry.bytes.lowerBound, tensor: entry.name,
          message: "it overlaps \(quotedForMessage(previous))")
      }
      guard entry.bytes.lowerBound == end else {
        throw TensorFileError(
          file: file, offset: end, tensor: entry.name,
          message: "\(entry.bytes.lowerBound - end) bytes before it belong to no tensor")
      }
      end = entry.bytes.upperBound
      previous = entry.name
    }
    guard end == size else {
      throw TensorFileError(
        file: file, offset: end, message: "\(size - end) bytes at the end belong to no tensor")
    }
  }
}
