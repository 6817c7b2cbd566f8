import RecurrentCore

/// From one type of elements to another.
enum Casts {
  static let operators: [Operator] = [
    Operator("Cast", inputs: 1...1) { node in
      let number = try node.required("to", try node.integer("to"))
      // What becomes of numbers too large for 8 bits, which are not computed here.
      _ = (node.has("saturate"), node.has("round_mode"))
      let target = try ElementType(number: Int32(truncatingIfNeeded: number))
      if target == .float16 || target == .bfloat16 {
        throw Fault("rounding to \(target.name) is not computed here; float32 is")
      }
      return { call in [try cast(call.value(0), to: target.type, call)] }
    },
    Operator("CastLike", inputs: 2...2, since: 15) { node in
      _ = (node.has("saturate"), node.has("round_mode"))
      return { call in [try cast(call.value(0), to: call.value(1).type, call)] }
    },
  ]

  /// Fractions are cut off; numbers that the type does not have become its nearest.
  static func cast(_ value: OnnxValue, to type: OnnxType, _ call: Call) throws -> OnnxValue {
    if value.type == type { return value }
    let shape = value.shape
    try call.check(shape, type)
    switch type {
    case .float32: return .float32(try value.floats(call))
    case .bool:
      switch value {
      case .float32(let tensor): return .bool(tensor.array.map { $0 != 0 })
      case .int64(let array): return .bool(array.map { $0 != 0 })
      case .int32(let array): return .bool(array.map { $0 != 0 })
      case .bool: return value
      }
    case .int64:
      switch value {
      case .float32(let tensor): return .int64(tensor.array.map(Int64.init(clamping:)))
      case .int32(let array): return .int64(array.map(Int64.init))
      case .bool(let array): return .int64(array.map { $0 ? 1 : 0 })
      case .int64: return value
      }
    case .int32:
      switch value {
      case .float32(let tensor): return .int32(tensor.array.map(Int32.init(clamping:)))
      case .int64(let array): return .int32(array.map(Int32.init(truncatingIfNeeded:)))
      case .bool(let array): return .int32(array.map { $0 ? 1 : 0 })
      case .int32: return value
      }
    }
  }
}
