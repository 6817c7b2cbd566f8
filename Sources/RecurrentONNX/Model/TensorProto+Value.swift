import OnnxProto
import RecurrentCore

extension OnnxValue {
  /// A tensor as a file holds it.
  init(
    _ proto: Onnx_TensorProto, external: ExternalData, limits: OnnxLimits,
    on context: ComputeContext
  ) throws {
    let element = try ElementType(number: proto.dataType)
    let shape = try proto.dims.map { size -> Int in
      guard size >= 0 else { throw Fault("a size is negative: \(proto.dims)") }
      return Int(size)
    }
    let count = try limits.count(shape, bytes: max(element.type.byteCount, element.byteCount))
    func array<Element>(_ elements: [Element]) -> OnnxArray<Element> {
      OnnxArray(elements, shape: shape)
    }
    let byteCount = count * element.byteCount
    let isExternal = proto.dataLocation == .external
    if isExternal, element == .float {
      self = .float32(
        try external.withBytes(of: proto, count: byteCount) {
          Tensor(bytes: $0, shape: shape, on: context)
        })
      return
    }
    if isExternal || proto.hasRawData {
      let bytes =
        try isExternal
        ? external.withBytes(of: proto, count: byteCount) { span in span.indices.map { span[$0] } }
        : Array(proto.rawData)
      guard bytes.count == byteCount else {
        throw Fault(
          "\(byteCount) bytes expected for \(element.name) \(shape), found \(bytes.count)")
      }
      let raw = RawNumbers(bytes: bytes)
      switch element {
      case .float:
        self = .float32(Tensor(bytes: bytes, shape: shape, on: context))
      case .double:
        self = .float32(Tensor(raw.doubles(), shape: shape, on: context))
      case .float16:
        let values = raw.numbers(UInt16.self).map { float(half: UInt32($0)) }
        self = .float32(Tensor(values, shape: shape, on: context))
      case .bfloat16:
        let values = raw.numbers(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        self = .float32(Tensor(values, shape: shape, on: context))
      case .int64: self = .int64(array(raw.numbers(Int64.self)))
      case .int32: self = .int32(array(raw.numbers(Int32.self)))
      case .bool: self = .bool(array(raw.bytes.map { $0 != 0 }))
      }
      return
    }
    func checked<Numbers: Collection>(_ numbers: Numbers) throws -> Numbers {
      guard numbers.count == count else {
        throw Fault(
          "\(count) numbers expected for \(element.name) \(shape), found \(numbers.count)")
      }
      return numbers
    }
    switch element {
    case .float: self = .float32(Tensor(try checked(proto.floatData), shape: shape, on: context))
    case .double:
      let values = try checked(proto.doubleData).map { Float($0) }
      self = .float32(Tensor(values, shape: shape, on: context))
    case .float16:
      let values = try checked(proto.int32Data).map { float(half: UInt32(bitPattern: $0)) }
      self = .float32(Tensor(values, shape: shape, on: context))
    case .bfloat16:
      let values = try checked(proto.int32Data).map {
        Float(bitPattern: UInt32(bitPattern: $0) << 16)
      }
      self = .float32(Tensor(values, shape: shape, on: context))
    case .int64: self = .int64(array(try checked(proto.int64Data)))
    case .int32: self = .int32(array(try checked(proto.int32Data)))
    case .bool: self = .bool(array(try checked(proto.int32Data).map { $0 != 0 }))
    }
  }
}

/// The element types of ONNX that are read.
enum ElementType: Sendable {
  case float, double, float16, bfloat16, int64, int32, bool

  init(number: Int32) throws {
    switch number {
    case 1: self = .float
    case 6: self = .int32
    case 7: self = .int64
    case 9: self = .bool
    case 10: self = .float16
    case 11: self = .double
    case 16: self = .bfloat16
    default:
      let name = Self.names.indices.contains(Int(number)) ? Self.names[Int(number)] : "\(number)"
      throw Fault(
        "elements of type \(name) are not computed here; float32, int64, int32 and bool are")
    }
  }

  /// What they are computed as.
  var type: OnnxType {
    switch self {
    case .float, .double, .float16, .bfloat16: .float32
    case .int64: .int64
    case .int32: .int32
    case .bool: .bool
    }
  }

  /// Bytes of an element in a file.
  var byteCount: Int {
    switch self {
    case .double, .int64: 8
    case .float, .int32: 4
    case .float16, .bfloat16: 2
    case .bool: 1
    }
  }

  var name: String { Self.names[number] }

  /// ONNX' number of the type.
  var number: Int {
    switch self {
    case .float: 1
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .double: 11
    case .bfloat16: 16
    }
  }

  /// ONNX' names, by number.
  static let names = [
    "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL",
    "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
    "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4",
    "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2", "FLOAT6E2M3", "FLOAT6E3M2",
  ]
}

/// Little-endian numbers one after the other.
struct RawNumbers {
  let bytes: [UInt8]

  func numbers<Number: FixedWidthInteger>(_: Number.Type) -> [Number] {
    let width = Number.bitWidth / 8
    return stride(from: 0, to: bytes.count, by: width).map { start in
      var number: Number = 0
      for byte in 0..<width {
        number |= Number(truncatingIfNeeded: bytes[start + byte]) << Number(8 * byte)
      }
      return number
    }
  }

  func doubles() -> [Float] { numbers(UInt64.self).map { Float(Double(bitPattern: $0)) } }
}

/// IEEE 754 binary16, in the low bits.
private func float(half bits: UInt32) -> Float {
  let sign = (bits & 0x8000) << 16
  let (exponent, fraction) = (bits >> 10 & 0x1F, bits & 0x3FF)
  switch exponent {
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
