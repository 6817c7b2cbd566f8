import RecurrentCore

/// Arithmetic, element by element, of tensors that repeat to fill one shape.
enum Arithmetic {
  static let operators: [Operator] = [
    binary("Add", { $0 + $1 }, { $0 &+ $1 }, { $0 &+ $1 }),
    binary("Sub", { $0 - $1 }, { $0 &- $1 }, { $0 &- $1 }),
    binary("Mul", { $0 * $1 }, { $0 &* $1 }, { $0 &* $1 }),
    binary("Div", { $0 / $1 }, { try divided($0, $1) }, { try divided($0, $1) }),
    many("Min", { minimum($0, $1) }, { min($0, $1) }, { min($0, $1) }),
    many("Max", { maximum($0, $1) }, { max($0, $1) }, { max($0, $1) }),
    many("Sum", { $0 + $1 }, { $0 &+ $1 }, { $0 &+ $1 }),
    Operator("Mean", inputs: Operator.many) { _ in
      { call in
        var sum = try call.float(0)
        for index in 1..<max(call.count, 1) {
          sum = try call.pairs(sum, call.float(index)) { $0 + $1 }
        }
        return [.float32(sum / Float(call.count))]
      }
    },
    Operator("Pow", inputs: 2...2) { _ in power },
    Operator("Mod", inputs: 2...2, since: 10, prepare: modulo),
  ]

  private static func binary(
    _ name: String, _ floats: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ longs: @escaping @Sendable (Int64, Int64) throws -> Int64,
    _ ints: @escaping @Sendable (Int32, Int32) throws -> Int32
  ) -> Operator {
    Operator(name, inputs: 2...2) { _ in
      { call in [try combine(call, call.value(0), call.value(1), floats, longs, ints)] }
    }
  }

  private static func many(
    _ name: String, _ floats: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ longs: @escaping @Sendable (Int64, Int64) throws -> Int64,
    _ ints: @escaping @Sendable (Int32, Int32) throws -> Int32
  ) -> Operator {
    Operator(name, inputs: Operator.many) { _ in
      { call in
        var result = try call.value(0)
        for index in 1..<max(call.count, 1) {
          result = try combine(call, result, call.value(index), floats, longs, ints)
        }
        return [result]
      }
    }
  }

  private static func combine(
    _ call: Call, _ a: OnnxValue, _ b: OnnxValue, _ floats: (Tensor, Tensor) -> Tensor,
    _ longs: (Int64, Int64) throws -> Int64, _ ints: (Int32, Int32) throws -> Int32
  ) throws -> OnnxValue {
    switch (a, b) {
    case (.float32(let a), .float32(let b)): .float32(try call.pairs(a, b, floats))
    case (.int64(let a), .int64(let b)): .int64(try call.pairs(a, b, longs))
    case (.int32(let a), .int32(let b)): .int32(try call.pairs(a, b, ints))
    default: throw call.refuse(a, b)
    }
  }

  private static func divided<Number: FixedWidthInteger>(
    _ a: Number, _ b: Number
  ) throws -> Number {
    if b == 0 { throw Fault("a whole number is divided by 0") }
    return a.dividedReportingOverflow(by: b).partialValue
  }

  // MARK: Powers

  private static let power: Kernel = { call in
    let (base, exponent) = (try call.value(0), try call.value(1))
    let numbers = try exponent.floats(call)
    switch base {
    case .float32(let base):
      if numbers.count == 1, numbers.scalar == 2 {
        return [.float32(try call.pairs(base, numbers) { base, _ in square(base) })]
      }
      let result = try call.pairs(base.array, numbers.array) { systemPower($0, $1) }
      return [.float32(Tensor(result.elements, shape: result.shape, on: call.context))]
    case .int64(let base):
      return [.int64(try raised(base, numbers.array, call))]
    case .int32(let base):
      return [.int32(try raised(base, numbers.array, call))]
    case .bool: throw call.refuse(base, exponent)
    }
  }

  /// Whole numbers to any powers; towards 0 where one is not whole.
  private static func raised<Number: FixedWidthInteger & Sendable>(
    _ base: OnnxArray<Number>, _ powers: OnnxArray<Float>, _ call: Call
  ) throws -> OnnxArray<Number> {
    if powers.elements.allSatisfy({ $0 == $0.rounded(.towardZero) }) {
      return try call.pairs(base, powers.map { Number(clamping: $0) }) { raised($0, $1) }
    }
    return try call.pairs(base.map { Float($0) }, powers) { systemPower($0, $1) }
      .map { Number(clamping: $0) }
  }

  /// A whole number to a whole power; where that is negative, as a division rounds.
  private static func raised<Number: FixedWidthInteger>(_ base: Number, _ power: Number) -> Number {
    if power < 0 { return base == 1 ? 1 : base == -1 ? (power & 1 == 0 ? 1 : -1) : 0 }
    var (result, square, rest): (Number, Number, Number) = (1, base, power)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  @Sendable private static func modulo(_ node: NodeReader) throws -> Kernel {
    let isTruncated = try node.flag("fmod")
    return { call in
      let (a, b) = (try call.value(0), try call.value(1))
      func rest<Number: FixedWidthInteger>(_ a: Number, _ b: Number) throws -> Number {
        if b == 0 { throw Fault("a whole number is divided by 0") }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return isTruncated || rest == 0 || (rest < 0) == (b < 0) ? rest : rest &+ b
      }
      switch (a, b) {
      case (.float32(let a), .float32(let b)):
        let result = try call.pairs(a.array, b.array) { a, b in
          let rest = a.truncatingRemainder(dividingBy: b)
          return isTruncated || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
        }
        return [.float32(Tensor(result.elements, shape: result.shape, on: call.context))]
      case (.int64(let a), .int64(let b)): return [.int64(try call.pairs(a, b, rest))]
      case (.int32(let a), .int32(let b)): return [.int32(try call.pairs(a, b, rest))]
      default: throw call.refuse(a, b)
      }
    }
  }
}

extension FixedWidthInteger {
  /// A float without its fraction, at the type's bounds where it is beyond them; 0 for no number.
  init(clamping value: Float) {
    let value = Double(value).rounded(.towardZero)
    self =
      value.isNaN
      ? 0 : Self(exactly: value) ?? (value < 0 ? Self.min : Self.max)
  }
}

extension OnnxValue {
  /// The numbers as floats.
  func floats(_ call: Call) throws -> Tensor {
    switch self {
    case .float32(let tensor): tensor
    case .int64(let array): Tensor(array.elements.map { Float($0) }, shape: shape, on: call.context)
    case .int32(let array): Tensor(array.elements.map { Float($0) }, shape: shape, on: call.context)
    case .bool(let array):
      Tensor(array.elements.map { $0 ? 1 : 0 }, shape: shape, on: call.context)
    }
  }
}
