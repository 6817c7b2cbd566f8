import RecurrentCore

/// Softmax, and what brings tensors to mean 0 and variance 1.
enum Normalizations {
  static let operators: [Operator] = [
    Operator("Softmax", inputs: 1...1) { try overAxis($0, softmax) },
    Operator("LogSoftmax", inputs: 1...1) { try overAxis($0, logSoftmax) },
    Operator("LayerNormalization", inputs: 2...3, outputs: 1...3, since: 17, prepare: layer),
    Operator("BatchNormalization", inputs: 5...5, outputs: 1...5, prepare: batch),
  ]

  private static func overAxis(
    _ node: NodeReader, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) throws -> Kernel {
    // Before opset 13 all axes from this one on are one.
    let isFlat = node.opset < 13
    let axis = try node.integer("axis") ?? (isFlat ? 1 : -1)
    return { call in
      let x = try call.float(0)
      if x.count == 0 { return [.float32(x)] }
      let rank = x.shape.count
      if isFlat {
        guard (-rank...rank).contains(axis) else {
          throw Fault("axis \(axis) is not one of a tensor of \(rank) axes")
        }
        let rows = x.shape[..<(axis < 0 ? axis + rank : axis)].reduce(1, *)
        return [.float32(function(x.reshaped([rows, x.count / rows])).reshaped(x.shape))]
      }
      if rank == 0 { return [.float32(function(x.reshaped([1])).reshaped([]))] }
      let place = try resolve(axis: axis, rank: rank)
      if place == rank - 1 { return [.float32(function(x))] }
      var order = Array(0..<rank)
      order.swapAt(place, rank - 1)
      return [.float32(function(x.transposed(order)).transposed(order))]
    }
  }

  @Sendable private static func layer(_ node: NodeReader) throws -> Kernel {
    let axis = try node.integer("axis") ?? -1
    let epsilon = try node.float("epsilon") ?? 1e-5
    _ = try node.integer("stash_type")
    let wantsMoments = node.wantsOutput.dropFirst().contains(true)
    return { call in
      let (x, scale, shift) = (try call.float(0), try call.float(1), try call.float(ifGiven: 2))
      let place = try resolve(axis: axis, rank: x.shape.count)
      let features = x.shape[place...].reduce(1, *)
      let moments = x.shape.indices.map { $0 < place ? x.shape[$0] : 1 }
      guard x.count > 0 else {
        let empty = OnnxValue.float32(Tensor.zeros(moments, on: call.context))
        return [.float32(x), empty, empty]
      }
      let rows = x.reshaped([x.count / features, features])
      var result: Tensor
      if scale.count == features, shift.map({ $0.count == features }) ?? true {
        result = layerNorm(
          rows, gain: scale.reshaped([features]), bias: shift?.reshaped([features]),
          epsilon: epsilon
        ).reshaped(x.shape)
      } else {
        result = try call.pairs(layerNorm(rows, epsilon: epsilon).reshaped(x.shape), scale) {
          $0 * $1
        }
        if let shift { result = try call.pairs(result, shift) { $0 + $1 } }
      }
      guard wantsMoments else { return [.float32(result)] }
      let mean = rows.mean(axis: 1)
      let centred = rows - mean.reshaped([rows.shape[0], 1])
      let deviation = 1 / sqrt(square(centred).mean(axis: 1) + epsilon)
      return [
        .float32(result), .float32(mean.reshaped(moments)), .float32(deviation.reshaped(moments)),
      ]
    }
  }

  @Sendable private static func batch(_ node: NodeReader) throws -> Kernel {
    let epsilon = try node.float("epsilon") ?? 1e-5
    let momentum = try node.float("momentum") ?? 0.9
    let isTraining = node.opset >= 14 ? try node.flag("training_mode") : false
    if node.opset < 9, try !node.flag("spatial", default: true) {
      throw Fault("spatial = 0 is not computed here")
    }
    if !isTraining, node.wantsOutput.dropFirst().contains(true) {
      throw Fault("batch normalisation in training mode is not computed in this opset")
    }
    return { call in
      let x = try call.float(0)
      let given = try (1...4).map(call.float)
      guard x.shape.count >= 2 else {
        throw Fault("a batch of channels expected, found \(x.shape)")
      }
      let channels = x.shape[1]
      guard given.allSatisfy({ $0.shape == [channels] }) else {
        throw Fault("numbers for \(channels) channels expected, found \(given.map(\.shape))")
      }
      guard x.count > 0 else { return [.float32(x), .float32(given[2]), .float32(given[3])] }
      let (scale, shift) = (given[0], given[1])
      var (mean, variance) = (given[2], given[3])
      if isTraining {
        let order = [1, 0] + (2..<x.shape.count)
        let rows = x.transposed(order).reshaped([channels, x.count / channels])
        mean = rows.mean(axis: 1)
        variance = square(rows - mean.reshaped([channels, 1])).mean(axis: 1)
      }
      let factor = scale / sqrt(variance + epsilon)
      let column = [channels] + x.shape[2...].map { _ in 1 }
      let scaled = try call.pairs(x, factor.reshaped(column)) { $0 * $1 }
      let result = try call.pairs(scaled, (shift - mean * factor).reshaped(column)) { $0 + $1 }
      func running(_ old: Tensor, _ new: Tensor) -> OnnxValue {
        .float32(old * momentum + new * (1 - momentum))
      }
      return isTraining
        ? [.float32(result), running(given[2], mean), running(given[3], variance)]
        : [.float32(result)]
    }
  }
}
