import RecurrentCore

/// Comparisons, truth values, and choices between values.
enum Logic {
  static let operators: [Operator] = [
    comparison("Less", { $0 < $1 }, { $0 < $1 }, { $0 < $1 }),
    comparison("LessOrEqual", since: 12, { $0 <= $1 }, { $0 <= $1 }, { $0 <= $1 }),
    comparison("Greater", { $0 > $1 }, { $0 > $1 }, { $0 > $1 }),
    comparison("GreaterOrEqual", since: 12, { $0 >= $1 }, { $0 >= $1 }, { $0 >= $1 }),
    comparison("Equal", { $0 == $1 }, { $0 == $1 }, { $0 == $1 }, bools: { $0 == $1 }),
    truth("And") { $0 && $1 },
    truth("Or") { $0 || $1 },
    truth("Xor") { $0 != $1 },
    Operator("Not", inputs: 1...1) { _ in
      { call in [.bool(try call.bools(0).map { !$0 })] }
    },
    Operator("IsNaN", inputs: 1...1, since: 9) { _ in
      { call in [.bool(try call.float(0).array.map(\.isNaN))] }
    },
    Operator("Where", inputs: 3...3, since: 9) { _ in choose },
  ]

  private static func comparison(
    _ name: String, since: Int = 1,
    _ floats: @escaping @Sendable (Float, Float) -> Bool,
    _ longs: @escaping @Sendable (Int64, Int64) -> Bool,
    _ ints: @escaping @Sendable (Int32, Int32) -> Bool,
    bools: (@Sendable (Bool, Bool) -> Bool)? = nil
  ) -> Operator {
    Operator(name, inputs: 2...2, since: since) { _ in
      { call in
        let (a, b) = (try call.value(0), try call.value(1))
        switch (a, b) {
        case (.float32(let a), .float32(let b)):
          return [.bool(try call.pairs(a.array, b.array, floats))]
        case (.int64(let a), .int64(let b)): return [.bool(try call.pairs(a, b, longs))]
        case (.int32(let a), .int32(let b)): return [.bool(try call.pairs(a, b, ints))]
        case (.bool(let x), .bool(let y)):
          guard let bools else { throw call.refuse(a, b) }
          return [.bool(try call.pairs(x, y, bools))]
        default: throw call.refuse(a, b)
        }
      }
    }
  }

  private static func truth(
    _ name: String, _ function: @escaping @Sendable (Bool, Bool) -> Bool
  ) -> Operator {
    Operator(name, inputs: 2...2) { _ in
      { call in [.bool(try call.pairs(call.bools(0), call.bools(1), function))] }
    }
  }

  private static let choose: Kernel = { call in
    let condition = try call.bools(0)
    let (a, b) = (try call.value(1), try call.value(2))
    let shape = try broadcastShape([condition.shape, a.shape, b.shape])
    try call.check(shape, .int64)
    let mask = condition.filling(shape).elements
    func chosen<Element>(_ a: OnnxArray<Element>, _ b: OnnxArray<Element>) -> OnnxArray<Element> {
      let (x, y) = (a.filling(shape).elements, b.filling(shape).elements)
      return OnnxArray(mask.indices.map { mask[$0] ? x[$0] : y[$0] }, shape: shape)
    }
    switch (a, b) {
    case (.float32(let a), .float32(let b)):
      let result = chosen(a.array, b.array)
      return [.float32(Tensor(result.elements, shape: shape, on: call.context))]
    case (.int64(let a), .int64(let b)): return [.int64(chosen(a, b))]
    case (.int32(let a), .int32(let b)): return [.int32(chosen(a, b))]
    case (.bool(let a), .bool(let b)): return [.bool(chosen(a, b))]
    default: throw call.refuse(a, b)
    }
  }
}
