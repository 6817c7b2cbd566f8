import RecurrentCore

/// Shapes as values, values of shapes, and the same elements in another shape.
enum Shapes {
  static let operators: [Operator] = [
    Operator("Shape", inputs: 1...1) { node in
      let (start, end) = (try node.integer("start") ?? 0, try node.integer("end"))
      return { call in
        let shape = try call.value(0).shape
        func place(_ index: Int) -> Int {
          min(max(index < 0 ? index + shape.count : index, 0), shape.count)
        }
        let (first, last) = (place(start), end.map(place) ?? shape.count)
        return [.integers(first < last ? Array(shape[first..<last]) : [])]
      }
    },
    Operator("Size", inputs: 1...1) { _ in
      { call in [.int64(OnnxArray([Int64(try call.value(0).count)], shape: []))] }
    },
    Operator("Reshape", inputs: 2...2, prepare: reshape),
    Operator("Flatten", inputs: 1...1) { node in
      let axis = try node.integer("axis") ?? 1
      return { call in
        let value = try call.value(0)
        let rank = value.shape.count
        guard (-rank...rank).contains(axis) else {
          throw Fault("axis \(axis) is not one of a tensor of \(rank) axes")
        }
        let place = axis < 0 ? axis + rank : axis
        return [
          value.reshaped([
            value.shape[..<place].reduce(1, *), value.shape[place...].reduce(1, *),
          ])
        ]
      }
    },
    Operator("Squeeze", inputs: 1...2) { node in
      // From opset 13 on the axes are an input.
      let attribute = node.opset < 13 ? try node.integers("axes") : nil
      return { call in
        let value = try call.value(0)
        let shape = value.shape
        let given = try call.integers(ifGiven: 1) ?? attribute
        let axes =
          try given.map { try resolve(axes: $0, rank: shape.count) }
          ?? shape.indices.filter { shape[$0] == 1 }
        if let axis = axes.first(where: { shape[$0] != 1 }) {
          throw Fault("axis \(axis) of \(shape) is not of size 1")
        }
        return [value.reshaped(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })]
      }
    },
    Operator("Unsqueeze", inputs: 1...2) { node in
      let attribute = node.opset < 13 ? try node.integers("axes") : nil
      return { call in
        let value = try call.value(0)
        guard let given = try call.integers(ifGiven: 1) ?? attribute else {
          throw Fault("axes are missing")
        }
        guard given.count <= 64 else { throw Fault("\(given.count) axes are too many") }
        let axes = try resolve(axes: given, rank: value.shape.count + given.count)
        var rest = value.shape[...]
        let shape = (0..<value.shape.count + axes.count).map {
          axes.contains($0) ? 1 : rest.removeFirst()
        }
        return [value.reshaped(shape)]
      }
    },
    Operator("Identity", inputs: 1...1) { _ in { call in [try call.value(0)] } },
    Operator("Dropout", inputs: 1...3, outputs: 1...2, prepare: dropout),
    Operator("Constant", inputs: 0...0, prepare: constant),
    Operator("ConstantOfShape", inputs: 1...1, since: 9) { node in
      let value = try node.tensor("value")
      return { call in
        let shape = try call.integers(0)
        try call.check(shape, value?.type ?? .float32)
        let number = value ?? .float32(Tensor.zeros([1], on: call.context))
        guard number.count == 1 else { throw Fault("the value is a single number") }
        return [number.reshaped([]).expanded(to: shape)]
      }
    },
    Operator("Range", inputs: 3...3, since: 11) { _ in range },
    Operator("Expand", inputs: 2...2, since: 8) { _ in
      { call in
        let value = try call.value(0)
        let given = try call.integers(1)
        try call.check(given, value.type)
        let shape = try broadcastShape([value.shape, given])
        try call.check(shape, value.type)
        return [value.expanded(to: shape)]
      }
    },
    Operator("Tile", inputs: 2...2) { _ in
      { call in
        let value = try call.value(0)
        let (shape, repeats) = (value.shape, try call.integers(1))
        guard repeats.count == shape.count, repeats.allSatisfy({ $0 >= 0 }) else {
          throw Fault(
            "a number of repetitions for each axis of \(shape) expected, found \(repeats)")
        }
        // [a, b] repeated [m, n] times is [m, a, n, b], where the new axes repeat.
        let folded = shape.flatMap { [1, $0] }
        let larger = zip(repeats, shape).flatMap { [$0, $1] }
        try call.check(larger, value.type)
        return [
          value.reshaped(folded).expanded(to: larger).reshaped(zip(repeats, shape).map { $0 * $1 })
        ]
      }
    },
  ]

  @Sendable private static func reshape(_ node: NodeReader) throws -> Kernel {
    let allowsZero = try node.flag("allowzero")
    return { call in
      let value = try call.value(0)
      var shape = try call.integers(1)
      for (axis, size) in shape.enumerated() where size == 0 && !allowsZero {
        guard axis < value.shape.count else {
          throw Fault("shape \(shape) copies axis \(axis), which \(value.shape) does not have")
        }
        shape[axis] = value.shape[axis]
      }
      let open = shape.indices.filter { shape[$0] == -1 }
      guard open.count <= 1, shape.allSatisfy({ $0 >= -1 }) else {
        throw Fault("\(shape) is not a shape")
      }
      if let open = open.first {
        shape[open] = 1
        let known = try call.limits.count(shape, bytes: value.type.byteCount)
        guard known > 0, value.count % known == 0 else {
          throw Fault("\(value.shape) cannot take the shape \(try call.integers(1))")
        }
        shape[open] = value.count / known
      }
      guard try call.limits.count(shape, bytes: value.type.byteCount) == value.count else {
        throw Fault("\(value.shape) cannot take the shape \(shape)")
      }
      return [value.reshaped(shape)]
    }
  }

  @Sendable private static func dropout(_ node: NodeReader) throws -> Kernel {
    _ = (try node.float("ratio"), try node.integer("seed"))
    let opset = node.opset
    return { call in
      let value = try call.value(0)
      // Numbers are drawn in training only; without any ratio there is nothing to draw.
      if let isTraining = call[2], case .bool(let flag) = isTraining, flag.elements == [true] {
        let ratio = try call.float(ifGiven: 1)
        guard let ratio, ratio.count == 1, ratio.scalar == 0 else {
          throw Fault("dropout in training mode is not computed here")
        }
      }
      let ones = opset < 10 ? value : OnnxValue.bool(OnnxArray([true], shape: [1]))
      return [value, ones.filled(value.shape, with: 1, on: call.context)]
    }
  }

  @Sendable private static func constant(_ node: NodeReader) throws -> Kernel {
    func floats(_ values: [Float], _ shape: [Int]) -> OnnxValue {
      .float32(Tensor(values, shape: shape, on: node.context))
    }
    var found: [OnnxValue] = []
    if let value = try node.tensor("value") { found.append(value) }
    if let value = try node.float("value_float") { found.append(floats([value], [])) }
    if let values = try node.floats("value_floats") { found.append(floats(values, [values.count])) }
    if let value = try node.integer("value_int") {
      found.append(.int64(OnnxArray([Int64(value)], shape: [])))
    }
    if let values = try node.integers("value_ints") { found.append(.integers(values)) }
    guard let value = found.first, found.count == 1 else {
      throw Fault("a constant has one value, of numbers or truth values; found \(found.count)")
    }
    return { _ in [value] }
  }

  private static let range: Kernel = { call in
    func numbers<Number: FixedWidthInteger>(
      _ start: [Number], _ limit: [Number], _ step: [Number]
    ) throws -> [Number] {
      guard start.count == 1, limit.count == 1, step.count == 1 else {
        throw Fault("start, limit and step are single numbers")
      }
      if step[0] == 0 { throw Fault("the step is 0") }
      let (distance, step) = (Double(limit[0]) - Double(start[0]), step[0])
      let count = max(0, (distance / Double(step)).rounded(.up))
      guard count < 0x1p40 else { throw Fault("a range of \(count) numbers is too long") }
      try call.check([Int(count)], .int64)
      return (0..<Int(count)).map { start[0] &+ Number(truncatingIfNeeded: $0) &* step }
    }
    switch (try call.value(0), try call.value(1), try call.value(2)) {
    case (.int64(let start), .int64(let limit), .int64(let step)):
      let values = try numbers(start.elements, limit.elements, step.elements)
      return [.int64(OnnxArray(values, shape: [values.count]))]
    case (.int32(let start), .int32(let limit), .int32(let step)):
      let values = try numbers(start.elements, limit.elements, step.elements)
      return [.int32(OnnxArray(values, shape: [values.count]))]
    case (.float32(let start), .float32(let limit), .float32(let step)):
      guard start.count == 1, limit.count == 1, step.count == 1 else {
        throw Fault("start, limit and step are single numbers")
      }
      let count = ((Double(limit.scalar) - Double(start.scalar)) / Double(step.scalar)).rounded(.up)
      guard count < 0x1p40 else { throw Fault("a range of \(count) numbers is too long") }
      let length = Int(max(0, count))
      try call.check([length])
      let (first, by) = (start.scalar, step.scalar)
      return [
        .float32(
          Tensor((0..<length).map { first + Float($0) * by }, shape: [length], on: call.context))
      ]
    default: throw Fault("start, limit and step are numbers of one type")
    }
  }
}
