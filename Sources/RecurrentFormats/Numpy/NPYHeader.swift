/// What stands before the numbers of a NumPy array: type, order, shape.
///
/// The file is `\x93NUMPY`, two bytes of version, the header's length (two bytes, little endian; four
/// from version 2 on), and the header: a Python dictionary as text, such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, filled up with blanks.
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NPYHeader: Sendable {
  var element: TensorElement
  var isBigEndian: Bool
  /// Whether the first axis is the one along which elements follow each other.
  var isFortranOrder: Bool
  var shape: [Int]
  /// Where the numbers begin.
  var dataStart: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// A dictionary of three short members; nothing real comes near it.
  static let maximumLength = 1 << 20

  /// The numbers' place when the array begins at `start`: as many bytes as the shape says.
  var byteCount: Int { TensorEntry.byteCount(shape, of: element)! }

  /// From an element to the next along each axis; nil in row-major order.
  var strides: [Int]? {
    isFortranOrder ? TensorEntry.rowMajorStrides(shape.reversed()).reversed() : nil
  }
}

// MARK: Writing

extension NPYHeader {
  /// The bytes that `numpy.save` writes before the numbers of an array in row-major order: the end
  /// of the header is a multiple of 64 bytes away from its beginning.
  static func bytes(_ element: TensorElement, shape: [Int]) -> [UInt8] {
    guard let type = element.numpyType else {
      preconditionFailure("NumPy has no type \(element)")
    }
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // NumPy leaves room for a first axis that grows.
    if let first = shape.first {
      text += String(repeating: " ", count: max(0, 21 - String(first).count))
    }
    // Version 1 has two bytes for the length, version 2 four.
    let version1 = 10 + text.utf8.count + 1 + 63 < 1 << 16
    let prefix = version1 ? 10 : 12
    let padding = (64 - (prefix + text.utf8.count + 1) % 64) % 64
    text += String(repeating: " ", count: padding) + "\n"
    let length = text.utf8.count
    let lengthBytes = (0..<(version1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    return magic + [version1 ? 1 : 2, 0] + lengthBytes + Array(text.utf8)
  }
}

extension TensorElement {
  /// The type as NumPy's headers have it, little endian; nil where NumPy has none.
  var numpyType: String? {
    switch self {
    case .bool: "|b1"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .uint16: "<u2"
    case .int16: "<i2"
    case .uint32: "<u4"
    case .int32: "<i4"
    case .uint64: "<u8"
    case .int64: "<i8"
    case .float16: "<f2"
    case .bfloat16: nil
    case .float32: "<f4"
    case .float64: "<f8"
    }
  }
}
