/// The type of a stored tensor's elements, under the name that safetensors files have for it.
public enum TensorElement: String, Sendable, Hashable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case uint16 = "U16"
  case int16 = "I16"
  case uint32 = "U32"
  case int32 = "I32"
  case uint64 = "U64"
  case int64 = "I64"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  /// Whether elements are whole numbers.
  public var isInteger: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: false
    default: true
    }
  }
}

extension TensorElement {
  /// The nearest Float of an element whose little-endian bytes are the low bytes of `bits`.
  func float(_ bits: UInt64) -> Float {
    switch self {
    case .bool: bits == 0 ? 0 : 1
    case .uint8, .uint16, .uint32, .uint64: Float(bits)
    case .int8, .int16, .int32, .int64: Float(signed(bits))
    // The upper half of a Float.
    case .bfloat16: Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16)
    case .float16: Self.float(half: UInt32(truncatingIfNeeded: bits))
    case .float32: Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    case .float64: Float(Double(bitPattern: bits))
    }
  }

  /// The whole number, or nil where `Int` does not have it.
  func integer(_ bits: UInt64) -> Int? {
    switch self {
    case .bool: bits == 0 ? 0 : 1
    case .uint8, .uint16, .uint32, .uint64: Int(exactly: bits)
    case .int8, .int16, .int32, .int64: Int(signed(bits))
    case .float16, .bfloat16, .float32, .float64: nil
    }
  }

  private func signed(_ bits: UInt64) -> Int64 {
    let unused = 64 - 8 * byteCount
    return Int64(bitPattern: bits << unused) >> unused
  }

  /// IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. By hand, since `Float16` is not
  /// there on every Apple machine.
  private static func float(half bits: UInt32) -> Float {
    let sign = (bits & 0x8000) << 16
    let exponent = bits >> 10 & 0x1F
    let fraction = bits & 0x3FF
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
