import RecurrentCore

/// Elements by their indices.
enum Picks {
  static let operators: [Operator] = [
    Operator("Gather", inputs: 2...2) { node in
      let axis = try node.integer("axis") ?? 0
      return { call in
        let value = try call.value(0)
        let axis = try resolve(axis: axis, rank: value.shape.count)
        let length = value.shape[axis]
        let indices = try call.indices(1, below: length)
        let inner = value.shape[(axis + 1)...].reduce(1, *)
        let outer = value.shape[..<axis].reduce(1, *)
        let shape = value.shape[..<axis] + (try call.value(1).shape) + value.shape[(axis + 1)...]
        try call.check(Array(shape), .int64)
        if axis == 0, case .float32(let tensor) = value, tensor.count > 0 {
          return [.float32(tensor.gatherRows(indices).reshaped(Array(shape)))]
        }
        var sources: [Int] = []
        sources.reserveCapacity(outer * indices.count * inner)
        for line in 0..<outer {
          for index in indices {
            let start = (line * length + index) * inner
            for place in 0..<inner { sources.append(start + place) }
          }
        }
        return [value.picking(sources, shape: Array(shape))]
      }
    },
    Operator("GatherElements", inputs: 2...2, since: 11) { node in
      let axis = try node.integer("axis") ?? 0
      return { call in
        let value = try call.value(0)
        let shape = try call.value(1).shape
        let sources = try elementPlaces(call, value.shape, shape, axis: axis)
        return [value.picking(sources, shape: shape)]
      }
    },
    Operator("GatherND", inputs: 2...2, since: 11) { node in
      let batch = node.opset < 12 ? 0 : try node.integer("batch_dims") ?? 0
      return { call in
        let value = try call.value(0)
        let (sources, lead) = try slicePlaces(call, value.shape, batch: batch)
        let inner = value.shape[lead...].reduce(1, *)
        let shape = try call.value(1).shape.dropLast() + value.shape[lead...]
        try call.check(Array(shape), .int64)
        var taken: [Int] = []
        taken.reserveCapacity(sources.count * inner)
        for start in sources { for place in 0..<inner { taken.append(start + place) } }
        return [value.picking(taken, shape: Array(shape))]
      }
    },
    Operator("ScatterND", inputs: 3...3, since: 11) { node in
      let reduction = try reduction(node, since: 16)
      return { call in
        let (value, updates) = (try call.value(0), try call.value(2))
        let (targets, lead) = try slicePlaces(call, value.shape, batch: 0)
        let expected = try call.value(1).shape.dropLast() + value.shape[lead...]
        guard updates.shape == Array(expected) else {
          throw Fault("updates have shape \(expected), found \(updates.shape)")
        }
        let inner = value.shape[lead...].reduce(1, *)
        let places = targets.flatMap { start in (0..<inner).map { start + $0 } }
        return [try written(updates, into: value, at: places, reduction, call)]
      }
    },
    Operator("ScatterElements", inputs: 3...3, since: 11) { node in
      let axis = try node.integer("axis") ?? 0
      let reduction = try reduction(node, since: 16)
      return { call in
        let (value, updates) = (try call.value(0), try call.value(2))
        let shape = try call.value(1).shape
        guard updates.shape == shape else {
          throw Fault("indices and updates have one shape, found \(shape) and \(updates.shape)")
        }
        let places = try elementPlaces(call, value.shape, shape, axis: axis)
        return [try written(updates, into: value, at: places, reduction, call)]
      }
    },
  ]

  /// For each element of the indices the place of the data's element that it stands for: the index
  /// along the axis, its own place along the others.
  private static func elementPlaces(
    _ call: Call, _ data: [Int], _ shape: [Int], axis: Int
  ) throws -> [Int] {
    let axis = try resolve(axis: axis, rank: data.count)
    guard shape.count == data.count,
      shape.indices.allSatisfy({ $0 == axis || shape[$0] <= data[$0] })
    else { throw Fault("indices \(shape) do not fit data \(data)") }
    let indices = try call.indices(1, below: data[axis])
    var own = strides(of: data)
    let step = own[axis]
    own[axis] = 0
    let bases = places(shape, strides: own)
    return bases.indices.map { bases[$0] + indices[$0] * step }
  }

  /// Where the slices start that tuples of indices, along the last axis of input 1, stand for; and how
  /// many axes of the data they fix.
  private static func slicePlaces(
    _ call: Call, _ data: [Int], batch: Int
  ) throws -> (starts: [Int], lead: Int) {
    let shape = try call.value(1).shape
    guard let width = shape.last, batch >= 0, batch < shape.count,
      width >= 1, width <= data.count - batch,
      batch <= data.count, data[..<batch] == shape[..<batch]
    else { throw Fault("indices \(shape) do not fit data \(data) with \(batch) batch axes") }
    let numbers = try call.integers(1)
    let own = strides(of: data)
    let tuples = numbers.count / width
    let perBatch = shape[batch..<shape.count - 1].reduce(1, *)
    let stride = data[batch...].reduce(1, *)
    let starts = try (0..<tuples).map { tuple in
      var place = perBatch > 0 ? tuple / perBatch * stride : 0
      for position in 0..<width {
        let length = data[batch + position]
        let index = numbers[tuple * width + position]
        guard index >= -length, index < length else {
          throw Fault("index \(index) is not one of \(length)")
        }
        place += (index < 0 ? index + length : index) * own[batch + position]
      }
      return place
    }
    return (starts, batch + width)
  }

  private enum Reduction { case none, add, mul, max, min }

  private static func reduction(_ node: NodeReader, since: Int) throws -> Reduction {
    guard node.opset >= since else { return .none }
    return try node.choice(
      "reduction", ["none": .none, "add": .add, "mul": .mul, "max": .max, "min": .min],
      default: .none)
  }

  private static func written(
    _ updates: OnnxValue, into value: OnnxValue, at places: [Int], _ reduction: Reduction,
    _ call: Call
  ) throws -> OnnxValue {
    func write<Number>(
      _ updates: [Number], _ into: [Number], _ combine: (Number, Number) -> Number
    ) -> [Number] {
      var result = into
      for (place, update) in zip(places, updates) { result[place] = combine(result[place], update) }
      return result
    }
    func combine<Number: Comparable>(
      _ add: @escaping (Number, Number) -> Number, _ multiply: @escaping (Number, Number) -> Number
    ) -> (Number, Number) -> Number {
      switch reduction {
      case .none: { $1 }
      case .add: add
      case .mul: multiply
      case .max: { max($0, $1) }
      case .min: { min($0, $1) }
      }
    }
    switch (value, updates) {
    case (.float32(let into), .float32(let updates)):
      let values = write(updates.elements, into.elements, combine({ $0 + $1 }, { $0 * $1 }))
      return .float32(Tensor(values, shape: into.shape, on: call.context))
    case (.int64(let into), .int64(let updates)):
      let values = write(updates.elements, into.elements, combine({ $0 &+ $1 }, { $0 &* $1 }))
      return .int64(OnnxArray(values, shape: into.shape))
    case (.int32(let into), .int32(let updates)):
      let values = write(updates.elements, into.elements, combine({ $0 &+ $1 }, { $0 &* $1 }))
      return .int32(OnnxArray(values, shape: into.shape))
    case (.bool(let into), .bool(let updates)):
      guard reduction == .none else { throw Fault("truth values are not added up") }
      return .bool(
        OnnxArray(write(updates.elements, into.elements) { $1 }, shape: into.shape))
    default: throw call.refuse(value, updates)
    }
  }
}

extension Call {
  /// Indices below a length, counted from the end where they are negative.
  func indices(_ input: Int, below length: Int) throws -> [Int] {
    try integers(input).map { index in
      guard index >= -length, index < length else {
        throw Fault("index \(index) is not one of \(length)")
      }
      return index < 0 ? index + length : index
    }
  }
}
