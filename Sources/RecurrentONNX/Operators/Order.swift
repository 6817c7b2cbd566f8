import RecurrentCore

/// What depends on the order of elements along an axis.
enum Order {
  static let operators: [Operator] = [
    Operator("ArgMax", inputs: 1...1) { try extreme($0) { $0 > $1 } },
    Operator("ArgMin", inputs: 1...1) { try extreme($0) { $0 < $1 } },
    Operator("TopK", inputs: 1...2, outputs: 2...2, prepare: top),
    Operator("CumSum", inputs: 2...2, since: 11, prepare: cumulativeSum),
    Operator("NonZero", inputs: 1...1) { _ in
      { call in
        let value = try call.value(0)
        guard case .bool(let array) = try Casts.cast(value, to: .bool, call) else { return [] }
        let places = array.elements.indices.filter { array.elements[$0] }
        try call.check([max(array.shape.count, 1), places.count], .int64)
        let own = strides(of: array.shape)
        let rows = array.shape.indices.flatMap { axis in
          places.map { Int64($0 / own[axis] % array.shape[axis]) }
        }
        return [.int64(OnnxArray(rows, shape: [array.shape.count, places.count]))]
      }
    },
  ]

  /// Whole numbers in the order of a value's elements; no number stands above all others.
  private static func keys(_ value: OnnxValue) throws -> [Int64] {
    switch value {
    case .float32(let tensor):
      tensor.elements.map { number in
        if number.isNaN { return Int64.max }
        // The bits of numbers of one sign are in their order; of both zeros they are made the same.
        let magnitude = Int64(number.bitPattern & 0x7FFF_FFFF)
        return number < 0 ? -magnitude : magnitude
      }
    case .int32(let array): array.elements.map(Int64.init)
    case .int64(let array): array.elements
    case .bool: throw Fault("it is not computed of \(value.description)")
    }
  }

  private static func extreme(
    _ node: NodeReader, _ isBetter: @escaping @Sendable (Int64, Int64) -> Bool
  ) throws -> Kernel {
    let axis = try node.integer("axis") ?? 0
    let keeps = try node.flag("keepdims", default: true)
    let takesLast = node.opset < 12 ? false : try node.flag("select_last_index")
    return { call in
      let value = try call.value(0)
      let parts = try Lines(value.shape, axis: axis)
      guard parts.length > 0 else { throw Fault("axis \(axis) of \(value.shape) is empty") }
      let keys = try keys(value)
      var found: [Int64] = []
      for line in 0..<parts.count {
        var best = 0
        for index in 1..<max(parts.length, 1) {
          let (a, b) = (keys[parts.place(line, index)], keys[parts.place(line, best)])
          if isBetter(a, b) || (takesLast && a == b) { best = index }
        }
        found.append(Int64(best))
      }
      var shape = value.shape
      shape[parts.axis] = 1
      if !keeps { shape.remove(at: parts.axis) }
      return [.int64(OnnxArray(found, shape: shape))]
    }
  }

  @Sendable private static func top(_ node: NodeReader) throws -> Kernel {
    let axis = try node.integer("axis") ?? -1
    let isLargest = node.opset < 11 ? true : try node.flag("largest", default: true)
    _ = node.opset < 11 ? true : try node.flag("sorted", default: true)
    let attribute = node.opset < 10 ? try node.integer("k") : nil
    return { call in
      let value = try call.value(0)
      let parts = try Lines(value.shape, axis: axis)
      let k = try attribute ?? call.integer(1)
      guard (0...parts.length).contains(k) else {
        throw Fault("\(k) of \(parts.length) elements are asked for")
      }
      let keys = try keys(value)
      var shape = value.shape
      shape[parts.axis] = k
      let result = try Lines(shape, axis: axis)
      var places = [Int](repeating: 0, count: parts.count * k)
      var indices = [Int64](repeating: 0, count: parts.count * k)
      for line in 0..<parts.count {
        // Of equal elements the first comes first.
        let order = (0..<parts.length).sorted {
          let (a, b) = (keys[parts.place(line, $0)], keys[parts.place(line, $1)])
          return a == b ? $0 < $1 : (a > b) == isLargest
        }
        for rank in 0..<k {
          let target = result.place(line, rank)
          places[target] = parts.place(line, order[rank])
          indices[target] = Int64(order[rank])
        }
      }
      return [value.picking(places, shape: shape), .int64(OnnxArray(indices, shape: shape))]
    }
  }

  @Sendable private static func cumulativeSum(_ node: NodeReader) throws -> Kernel {
    let (isExclusive, isReversed) = (try node.flag("exclusive"), try node.flag("reverse"))
    return { call in
      let value = try call.value(0)
      let parts = try Lines(value.shape, axis: try call.integer(1))
      func summed<Number, Sum>(
        _ elements: [Number], _ zero: Sum, _ add: (Sum, Number) -> Sum, _ round: (Sum) -> Number
      ) -> [Number] {
        var result = elements
        for line in 0..<parts.count {
          var sum = zero
          for step in 0..<parts.length {
            let place = parts.place(line, isReversed ? parts.length - 1 - step : step)
            let before = sum
            sum = add(sum, elements[place])
            result[place] = round(isExclusive ? before : sum)
          }
        }
        return result
      }
      switch value {
      case .float32(let tensor):
        let sums = summed(tensor.elements, 0.0, { $0 + Double($1) }, { Float($0) })
        return [.float32(Tensor(sums, shape: tensor.shape, on: call.context))]
      case .int64(let array):
        let sums = summed(array.elements, Int64(0), &+, { $0 })
        return [.int64(OnnxArray(sums, shape: array.shape))]
      case .int32(let array):
        let sums = summed(array.elements, Int32(0), &+, { $0 })
        return [.int32(OnnxArray(sums, shape: array.shape))]
      case .bool: throw Fault("it is not computed of \(value.description)")
      }
    }
  }
}

/// A shape as lines of elements along one axis.
struct Lines {
  let axis: Int
  let length: Int
  /// How many there are.
  let count: Int
  private let inner: Int

  init(_ shape: [Int], axis: Int) throws {
    self.axis = try resolve(axis: axis, rank: shape.count)
    length = shape[self.axis]
    inner = shape[(self.axis + 1)...].reduce(1, *)
    count = shape[..<self.axis].reduce(1, *) * inner
  }

  /// Where an element of a line stands.
  func place(_ line: Int, _ index: Int) -> Int {
    (line / inner * length + index) * inner + line % inner
  }
}
