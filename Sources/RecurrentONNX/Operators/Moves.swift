import RecurrentCore

/// The same elements at other places: nothing is computed.
enum Moves {
  static let operators: [Operator] = [
    Operator("Transpose", inputs: 1...1) { node in
      let order = try node.integers("perm")
      return { call in
        let value = try call.value(0)
        let rank = value.shape.count
        let axes = order ?? (0..<rank).reversed()
        guard axes.count == rank, Set(axes) == Set(0..<rank) else {
          throw Fault("perm is each axis of \(value.shape) once, found \(axes)")
        }
        return [transposed(value, axes)]
      }
    },
    Operator("Concat", inputs: Operator.many) { node in
      let axis = try node.required("axis", try node.integer("axis"))
      return { call in [try concatenated(call.inputs.indices.map(call.value), axis: axis, call)] }
    },
    Operator("Split", inputs: 1...2, outputs: Operator.many, prepare: split),
    Operator("Slice", inputs: 1...5, prepare: slice),
    Operator("Pad", inputs: 1...4, prepare: pad),
    Operator("ReverseSequence", inputs: 2...2, since: 10) { node in
      let time = try node.integer("time_axis") ?? 0
      let batch = try node.integer("batch_axis") ?? 1
      guard [[0, 1], [1, 0]].contains([time, batch]) else {
        throw Fault("time_axis and batch_axis are 0 and 1, found \(time) and \(batch)")
      }
      return { call in
        let value = try call.value(0)
        let lengths = try call.integers(1)
        let shape = value.shape
        guard shape.count >= 2, lengths.count == shape[batch],
          lengths.allSatisfy({ (0...shape[time]).contains($0) })
        else { throw Fault("lengths \(lengths) are not those of \(shape)") }
        let inner = shape[2...].reduce(1, *)
        var sources: [Int] = []
        sources.reserveCapacity(value.count)
        for i in 0..<shape[0] {
          for j in 0..<shape[1] {
            let (step, row) = time == 0 ? (i, j) : (j, i)
            let from = step < lengths[row] ? lengths[row] - 1 - step : step
            let start = (time == 0 ? from * shape[1] + row : row * shape[1] + from) * inner
            for k in 0..<inner { sources.append(start + k) }
          }
        }
        return [value.picking(sources, shape: shape)]
      }
    },
    Operator("Trilu", inputs: 1...2, since: 14) { node in
      let isUpper = try node.flag("upper", default: true)
      return { call in
        let value = try call.value(0)
        let diagonal = call[1] == nil ? 0 : try call.integer(1)
        let shape = value.shape
        guard shape.count >= 2 else { throw Fault("a matrix expected, found \(shape)") }
        let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
        // Beyond the matrix all diagonals are alike.
        let shift = min(max(diagonal, -rows - 1), columns + 1)
        let sources = (0..<value.count).map { place in
          let (row, column) = (place / columns % rows, place % columns)
          let isKept = isUpper ? column >= row + shift : column <= row + shift
          return isKept ? place : -1
        }
        return [
          value.picking(sources, shape: shape, fill: value.filled([], with: 0, on: call.context))
        ]
      }
    },
  ]

  static func transposed(_ value: OnnxValue, _ axes: [Int]) -> OnnxValue {
    if axes == Array(axes.indices) { return value }
    let shape = axes.map { value.shape[$0] }
    if case .float32(let tensor) = value, tensor.count > 0 {
      return .float32(tensor.transposed(axes))
    }
    let own = strides(of: value.shape)
    return value.picking(places(shape, strides: axes.map { own[$0] }), shape: shape)
  }

  static func concatenated(_ values: [OnnxValue], axis: Int, _ call: Call) throws -> OnnxValue {
    let first = values[0]
    let axis = try resolve(axis: axis, rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for value in values {
      var other = value.shape
      guard value.type == first.type, other.count == shape.count else {
        throw call.refuse(first, value)
      }
      let (size, overflows) = shape[axis].addingReportingOverflow(other[axis])
      if overflows { throw Fault("the result is too long") }
      other[axis] = shape[axis]
      guard other == shape else { throw call.refuse(first, value) }
      shape[axis] = size
    }
    try call.check(shape, first.type)
    if case .float32 = first {
      let tensors = values.compactMap { value -> Tensor? in
        if case .float32(let tensor) = value, tensor.count > 0 { tensor } else { nil }
      }
      if tensors.isEmpty { return .float32(Tensor([], shape: shape, on: call.context)) }
      return .float32(RecurrentCore.concatenated(tensors, alongAxis: axis))
    }
    let outer = shape[..<axis].reduce(1, *)
    func joined<Element>(_ arrays: [OnnxArray<Element>]) -> OnnxArray<Element> {
      var elements: [Element] = []
      elements.reserveCapacity(shape.reduce(1, *))
      for line in 0..<outer {
        for array in arrays {
          let length = array.shape[axis...].reduce(1, *)
          elements += array.elements[line * length..<(line + 1) * length]
        }
      }
      return OnnxArray(elements, shape: shape)
    }
    switch first {
    case .float32: return first
    case .int64:
      return .int64(
        joined(values.compactMap { if case .int64(let array) = $0 { array } else { nil } }))
    case .int32:
      return .int32(
        joined(values.compactMap { if case .int32(let array) = $0 { array } else { nil } }))
    case .bool:
      return .bool(
        joined(values.compactMap { if case .bool(let array) = $0 { array } else { nil } }))
    }
  }

  /// The part of a value at places of one axis.
  static func part(_ value: OnnxValue, axis: Int, _ range: Range<Int>) -> OnnxValue {
    if case .float32(let tensor) = value, tensor.count > 0 {
      return .float32(tensor.slice(axis: axis, range: range))
    }
    var shape = value.shape
    shape[axis] = range.count
    let own = strides(of: value.shape)
    return value.picking(
      places(shape, strides: own, start: range.lowerBound * own[axis]), shape: shape)
  }

  @Sendable private static func split(_ node: NodeReader) throws -> Kernel {
    let axis = try node.integer("axis") ?? 0
    let attribute = node.opset < 13 ? try node.integers("split") : nil
    let parts = node.opset >= 18 ? try node.integer("num_outputs") : nil
    let outputs = node.wantsOutput.count
    if let parts, parts != outputs {
      throw Fault("num_outputs is \(parts), the node has \(outputs)")
    }
    return { call in
      let value = try call.value(0)
      let axis = try resolve(axis: axis, rank: value.shape.count)
      let length = value.shape[axis]
      // Equal parts, of which the last may be smaller.
      let size = length / outputs + (length % outputs == 0 ? 0 : 1)
      let sizes =
        try call.integers(ifGiven: 1) ?? attribute
        ?? (0..<outputs).map { max(0, min(size, length - $0 * size)) }
      guard sizes.count == outputs, sizes.allSatisfy({ (0...length).contains($0) }),
        sizes.reduce(0, +) == length
      else { throw Fault("sizes \(sizes) do not add up to \(length) in \(outputs) parts") }
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return part(value, axis: axis, start..<start + size)
      }
    }
  }

  @Sendable private static func slice(_ node: NodeReader) throws -> Kernel {
    // Until opset 10 the places are attributes.
    let isOld = node.opset < 10
    let given = isOld ? (try node.integers("starts"), try node.integers("ends")) : (nil, nil)
    let givenAxes = isOld ? try node.integers("axes") : nil
    return { call in
      var value = try call.value(0)
      guard let starts = try given.0 ?? call.integers(ifGiven: 1),
        let ends = try given.1 ?? call.integers(ifGiven: 2)
      else { throw Fault("starts and ends are missing") }
      let axes = try resolve(
        axes: givenAxes ?? call.integers(ifGiven: 3) ?? Array(starts.indices),
        rank: value.shape.count)
      let steps = try call.integers(ifGiven: 4) ?? [Int](repeating: 1, count: starts.count)
      guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
        !steps.contains(0)
      else { throw Fault("starts, ends, axes and steps do not go together") }
      let own = strides(of: value.shape)
      var (shape, stepped, start) = (value.shape, own, 0)
      var isPlain = true
      var ranges: [(axis: Int, range: Range<Int>)] = []
      for (place, axis) in axes.enumerated() {
        let (length, step) = (value.shape[axis], steps[place])
        func clamped(_ index: Int, _ bounds: ClosedRange<Int>) -> Int {
          let index = index < 0 ? max(index, -length - 1) + length : index
          return min(max(index, bounds.lowerBound), bounds.upperBound)
        }
        let (first, count): (Int, Int)
        if step > 0 {
          first = clamped(starts[place], 0...length)
          let distance = clamped(ends[place], 0...length) - first
          count = distance <= 0 ? 0 : (distance - 1) / step + 1
        } else {
          first = clamped(starts[place], min(0, length - 1)...max(length - 1, -1))
          let distance = first - clamped(ends[place], -1...max(length - 1, -1))
          // The magnitude of the smallest number is none, so the division is by the step itself.
          count = distance <= 0 ? 0 : -((distance - 1) / step) + 1
        }
        shape[axis] = count
        // With one element or none the step is never taken, however large it is.
        stepped[axis] = count > 1 ? own[axis] * step : 0
        start += count > 0 ? first * own[axis] : 0
        if step == 1 {
          ranges.append((axis, first..<first + count))
        } else {
          isPlain = false
        }
      }
      if isPlain {
        for (axis, range) in ranges where range.count != value.shape[axis] {
          value = part(value, axis: axis, range)
        }
        return [value]
      }
      return [value.picking(places(shape, strides: stepped, start: start), shape: shape)]
    }
  }

  private enum Padding { case constant, reflect, edge, wrap }

  @Sendable private static func pad(_ node: NodeReader) throws -> Kernel {
    let mode = try node.choice(
      "mode", ["constant": Padding.constant, "reflect": .reflect, "edge": .edge, "wrap": .wrap],
      default: .constant)
    let isOld = node.opset < 11
    let attribute = isOld ? try node.integers("pads") : nil
    let number = isOld ? try node.float("value") ?? 0 : 0
    return { call in
      let value = try call.value(0)
      let rank = value.shape.count
      guard let pads = try attribute ?? call.integers(ifGiven: 1) else {
        throw Fault("pads are missing")
      }
      let axes = try resolve(axes: call.integers(ifGiven: 3) ?? Array(0..<rank), rank: rank)
      guard pads.count == 2 * axes.count else {
        throw Fault("\(2 * axes.count) pads expected, found \(pads.count)")
      }
      var before = [Int](repeating: 0, count: rank)
      var shape = value.shape
      for (place, axis) in axes.enumerated() {
        let (left, right) = (pads[place], pads[place + axes.count])
        before[axis] = left
        guard abs(max(left, -Int.max)) < 1 << 40, abs(max(right, -Int.max)) < 1 << 40 else {
          throw Fault("pads \(pads) are too large")
        }
        shape[axis] += left + right
        guard shape[axis] >= 0 else { throw Fault("pads \(pads) take more than there is") }
      }
      try call.check(shape, .int64)
      // For each axis the place that each place of the result takes its element from; −1 is none.
      let own = strides(of: value.shape)
      let sources = try shape.indices.map { axis in
        let length = value.shape[axis]
        return try (0..<shape[axis]).map { place -> Int in
          let from = place - before[axis]
          if (0..<length).contains(from) { return from * own[axis] }
          if mode == .constant { return -1 }
          guard length > 0 else { throw Fault("an empty axis has nothing to pad with") }
          switch mode {
          case .edge: return (from < 0 ? 0 : length - 1) * own[axis]
          case .wrap: return ((from % length) + length) % length * own[axis]
          default:
            if length == 1 { return 0 }
            let period = 2 * (length - 1)
            let turned = ((from % period) + period) % period
            return min(turned, period - turned) * own[axis]
          }
        }
      }
      var taken = [0]
      for axis in shape.indices {
        var next: [Int] = []
        next.reserveCapacity(taken.count * shape[axis])
        for base in taken {
          for source in sources[axis] { next.append(base < 0 || source < 0 ? -1 : base + source) }
        }
        taken = next
      }
      var fill = value.filled([], with: 0, on: call.context)
      if let given = call[2] {
        guard given.type == value.type, given.count == 1 else {
          throw Fault(
            "the value to pad with is one of the tensor's type, found \(given.description)")
        }
        fill = given
      } else if number != 0 {
        fill = .float32(Tensor(scalar: number, on: call.context))
      }
      guard fill.type == value.type else { throw call.refuse(value, fill) }
      return [value.picking(taken, shape: shape, fill: fill)]
    }
  }
}
