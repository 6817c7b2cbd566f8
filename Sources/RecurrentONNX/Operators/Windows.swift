import RecurrentCore

/// What slides a window over the axes behind batch and channel: one, two or more.
enum Windows {
  static let operators: [Operator] = [
    Operator("Conv", inputs: 2...3, isCheap: false, prepare: convolution),
    Operator("MaxPool", inputs: 1...1, outputs: 1...2, isCheap: false, prepare: largest),
    Operator("AveragePool", inputs: 1...1, isCheap: false, prepare: mean),
    Operator("GlobalAveragePool", inputs: 1...1) { _ in
      { call in
        let x = try call.float(0)
        guard x.shape.count >= 3, x.count > 0 else {
          throw Fault("a batch of channels with places expected, found \(x.shape)")
        }
        let lines = x.shape[0] * x.shape[1]
        let shape = x.shape[..<2] + x.shape[2...].map { _ in 1 }
        return [
          .float32(x.reshaped([lines, x.count / lines]).mean(axis: 1).reshaped(Array(shape)))
        ]
      }
    },
  ]

  @Sendable private static func convolution(_ node: NodeReader) throws -> Kernel {
    let form = try WindowForm(node)
    let groups = try node.integer("group") ?? 1
    guard groups >= 1 else { throw Fault("group is at least 1, found \(groups)") }
    return { call in
      let (x, weight, bias) = (try call.float(0), try call.float(1), try call.float(ifGiven: 2))
      guard x.shape.count >= 3, weight.shape.count == x.shape.count,
        let kernel = form.kernel ?? .some(Array(weight.shape[2...])),
        kernel == Array(weight.shape[2...])
      else { throw Fault("input \(x.shape) and weight \(weight.shape) do not fit") }
      let (filters, depth) = (weight.shape[0], weight.shape[1])
      guard filters % groups == 0, x.shape[1] % groups == 0, x.shape[1] / groups == depth,
        bias.map({ $0.shape == [filters] }) ?? true
      else {
        throw Fault(
          "input \(x.shape) and weight \(weight.shape) do not fit in \(groups) groups")
      }
      let windows = try form.windows(Array(x.shape[2...]), kernel: kernel)
      let shape = [x.shape[0], filters] + windows.output
      try call.check(shape)
      let (area, size) = (windows.output.reduce(1, *), kernel.reduce(1, *))
      try call.check([depth, size, area], .int64)
      if shape.contains(0) || depth * size == 0 || x.count == 0 {
        return [.float32(Tensor.zeros(shape, on: call.context))]
      }
      // The elements that each place of the kernel meets, beneath each other: a product with the
      // weights is the convolution.
      let plane = x.shape[2...].reduce(1, *)
      let positions = windows.sources()
      var sources: [Int] = []
      sources.reserveCapacity(depth * size * area)
      for channel in 0..<depth {
        for place in 0..<size {
          for position in 0..<area {
            let source = positions[position * size + place]
            sources.append(source < 0 ? -1 : channel * plane + source)
          }
        }
      }
      let perGroup = filters / groups
      let zero = OnnxValue.float32(Tensor(scalar: 0, on: call.context))
      let lines = x.reshaped([x.shape[0] * groups, depth * plane])
      let matrices = weight.reshaped([groups, perGroup, depth * size])
      var parts: [Tensor] = []
      for row in 0..<x.shape[0] * groups {
        let line = OnnxValue.float32(lines.slice(axis: 0, range: row..<row + 1))
        guard
          case .float32(let columns) = line.picking(
            sources, shape: [depth * size, area], fill: zero)
        else { continue }
        let group = row % groups
        let matrix = matrices.slice(axis: 0, range: group..<group + 1)
          .reshaped([perGroup, depth * size])
        parts.append(matmul(matrix, columns))
      }
      var result = RecurrentCore.concatenated(parts, alongAxis: 0).reshaped(shape)
      if let bias {
        let column = [filters] + windows.output.map { _ in 1 }
        result = try call.pairs(result, bias.reshaped(column)) { $0 + $1 }
      }
      return [.float32(result)]
    }
  }

  @Sendable private static func largest(_ node: NodeReader) throws -> Kernel {
    let form = try WindowForm(node, pools: true)
    let kernel = try node.required("kernel_shape", form.kernel)
    let isColumnMajor = try node.flag("storage_order")
    return { call in
      let x = try call.float(0)
      let pool = try Pool(x, form, kernel, call)
      let elements = x.elements
      var values: [Float] = []
      var indices: [Int64] = []
      pool.eachWindow { line, sources in
        var best = -1
        for source in sources where source >= 0 {
          if best < 0 || elements[line * pool.plane + source] > elements[line * pool.plane + best] {
            best = source
          }
        }
        values.append(best < 0 ? -.infinity : elements[line * pool.plane + best])
        let place = isColumnMajor ? pool.transposed(best) : best
        indices.append(Int64(line * pool.plane + place))
      }
      return [
        .float32(Tensor(values, shape: pool.shape, on: call.context)),
        .int64(OnnxArray(indices, shape: pool.shape)),
      ]
    }
  }

  @Sendable private static func mean(_ node: NodeReader) throws -> Kernel {
    let form = try WindowForm(node, pools: true)
    let kernel = try node.required("kernel_shape", form.kernel)
    let countsPadding = try node.flag("count_include_pad")
    return { call in
      let x = try call.float(0)
      let pool = try Pool(x, form, kernel, call)
      let elements = x.elements
      var values: [Float] = []
      pool.eachWindow { line, sources in
        var (sum, count) = (0.0, 0)
        for source in sources {
          if source >= 0 { sum += Double(elements[line * pool.plane + source]) }
          if source >= 0 || (countsPadding && source == -1) { count += 1 }
        }
        values.append(count == 0 ? 0 : Float(sum / Double(count)))
      }
      return [.float32(Tensor(values, shape: pool.shape, on: call.context))]
    }
  }
}

/// A tensor whose channels are pooled.
private struct Pool {
  let shape: [Int]
  /// Elements of a channel.
  let plane: Int
  private let lines: Int
  private let size: Int
  private let area: Int
  private let sources: [Int]
  private let places: [Int]

  init(_ x: Tensor, _ form: WindowForm, _ kernel: [Int], _ call: Call) throws {
    guard x.shape.count == kernel.count + 2 else {
      throw Fault("a window of \(kernel.count) axes does not fit \(x.shape)")
    }
    try call.check(kernel, .int64)
    let windows = try form.windows(Array(x.shape[2...]), kernel: kernel)
    shape = Array(x.shape[..<2]) + windows.output
    try call.check(shape, .int64)
    (size, area) = (kernel.reduce(1, *), windows.output.reduce(1, *))
    try call.check([size, area], .int64)
    lines = x.shape[0] * x.shape[1]
    places = Array(x.shape[2...])
    plane = places.reduce(1, *)
    sources = windows.sources()
  }

  /// Runs `body` for each element of the result: with its channel's number and what the window sees.
  func eachWindow(_ body: (_ line: Int, _ sources: ArraySlice<Int>) -> Void) {
    for line in 0..<lines {
      for position in 0..<area { body(line, sources[position * size..<(position + 1) * size]) }
    }
  }

  /// A place of a channel, counted down the columns.
  func transposed(_ place: Int) -> Int {
    var (rest, result, step) = (place, 0, plane)
    for size in places.reversed() {
      step /= size
      result += rest % size * step
      rest /= size
    }
    return result
  }
}

/// The attributes of a sliding window.
struct WindowForm: Sendable {
  enum Padding { case given, sameUpper, sameLower, valid }

  let kernel: [Int]?
  private let strides: [Int]?
  private let dilations: [Int]?
  private let pads: [Int]?
  private let padding: Padding
  private let roundsUp: Bool

  init(_ node: NodeReader, pools: Bool = false) throws {
    kernel = try node.integers("kernel_shape")
    strides = try node.integers("strides")
    dilations = try node.integers("dilations")
    pads = try node.integers("pads")
    padding = try node.choice(
      "auto_pad",
      [
        "NOTSET": Padding.given, "SAME_UPPER": .sameUpper, "SAME_LOWER": .sameLower,
        "VALID": .valid,
      ], default: .given)
    roundsUp = pools ? try node.flag("ceil_mode") : false
    let bounds = 0...(1 << 30)
    let all = [kernel, strides, dilations, pads].compactMap { $0 }.joined()
    guard all.allSatisfy(bounds.contains), !(strides ?? []).contains(0),
      !(dilations ?? []).contains(0), !(kernel ?? []).contains(0)
    else { throw Fault("a window's sizes, steps and pads are positive numbers") }
  }

  /// Where the windows stand on axes of these sizes.
  func windows(_ sizes: [Int], kernel: [Int]) throws -> Windows {
    let rank = sizes.count
    let ones = [Int](repeating: 1, count: rank)
    let (steps, gaps) = (strides ?? ones, dilations ?? ones)
    let given = pads ?? [Int](repeating: 0, count: 2 * rank)
    guard kernel.count == rank, steps.count == rank, gaps.count == rank, given.count == 2 * rank,
      kernel.allSatisfy({ (1...(1 << 30)).contains($0) })
    else { throw Fault("the window's attributes are not of \(rank) axes") }
    var (before, after, output) = ([Int](), [Int](), [Int]())
    for axis in 0..<rank {
      let reach = (kernel[axis] - 1) * gaps[axis] + 1
      var (front, back) = (0, 0)
      var count: Int
      switch padding {
      case .given, .valid:
        if padding == .given { (front, back) = (given[axis], given[axis + rank]) }
        let room = sizes[axis] + front + back - reach
        guard room >= 0 else {
          throw Fault("the window is larger than what it slides over, \(sizes)")
        }
        count = room / steps[axis] + 1
        if roundsUp, room % steps[axis] != 0, count * steps[axis] < sizes[axis] + front {
          count += 1
        }
      case .sameUpper, .sameLower:
        count = (sizes[axis] + steps[axis] - 1) / steps[axis]
        let total = max(0, (count - 1) * steps[axis] + reach - sizes[axis])
        front = padding == .sameUpper ? total / 2 : total - total / 2
        back = total - front
      }
      before.append(front)
      after.append(back)
      output.append(count)
    }
    return Windows(
      sizes: sizes, kernel: kernel, steps: steps, gaps: gaps, before: before, after: after,
      output: output)
  }

  struct Windows {
    let sizes: [Int]
    let kernel: [Int]
    let steps: [Int]
    let gaps: [Int]
    let before: [Int]
    let after: [Int]
    let output: [Int]

    /// For each window, for each of its places, the place it meets; −1 where that is padding, −2
    /// beyond it.
    func sources() -> [Int] {
      let own = RecurrentONNX.strides(of: sizes)
      let corners = places(output, strides: RecurrentONNX.strides(of: output))
      let offsets = places(kernel, strides: RecurrentONNX.strides(of: kernel))
      var sources: [Int] = []
      sources.reserveCapacity(corners.count * offsets.count)
      let (outer, inner) = (RecurrentONNX.strides(of: output), RecurrentONNX.strides(of: kernel))
      for corner in corners {
        for offset in offsets {
          var place = 0
          for axis in sizes.indices {
            let window = corner / outer[axis] % output[axis] * steps[axis]
            let index = window + offset / inner[axis] % kernel[axis] * gaps[axis] - before[axis]
            if index >= sizes[axis] + after[axis] {
              place = -2
              break
            }
            if index < 0 || index >= sizes[axis] {
              place = -1
            } else if place >= 0 {
              place += index * own[axis]
            }
          }
          sources.append(place)
        }
      }
      return sources
    }
  }
}
