import RecurrentCore

/// Sums and the like over axes.
enum Reductions {
  static let operators: [Operator] = [
    reduction(
      "ReduceSum", inputSince: 13, { $0.sum(axis: 1) }, { $0.reduce(0, &+) },
      { $0.reduce(0, &+) }),
    reduction("ReduceMean", { $0.mean(axis: 1) }, { mean($0) }, { mean($0) }),
    reduction(
      "ReduceMax", { $0.shape[1] > 0 ? $0.maximum(axis: 1) : $0.empty(-.infinity) },
      { $0.max() ?? Int64.min }, { $0.max() ?? Int32.min }, bools: { $0.contains(true) }),
    reduction(
      "ReduceMin", { $0.shape[1] > 0 ? -((-$0).maximum(axis: 1)) : $0.empty(.infinity) },
      { $0.min() ?? Int64.max }, { $0.min() ?? Int32.max }, bools: { !$0.contains(false) }),
    reduction(
      "ReduceProd", { $0.folded(1) { $0 * $1 } }, { $0.reduce(1, &*) }, { $0.reduce(1, &*) }),
    reduction(
      "ReduceL1", { abs($0).sum(axis: 1) }, { $0.reduce(0) { $1 < 0 ? $0 &- $1 : $0 &+ $1 } },
      { $0.reduce(0) { $1 < 0 ? $0 &- $1 : $0 &+ $1 } }),
    reduction("ReduceL2", { sqrt(square($0).sum(axis: 1)) }),
    reduction(
      "ReduceSumSquare", { square($0).sum(axis: 1) }, { $0.reduce(0) { $0 &+ $1 &* $1 } },
      { $0.reduce(0) { $0 &+ $1 &* $1 } }),
    reduction("ReduceLogSum", { log($0.sum(axis: 1)) }),
    reduction(
      "ReduceLogSumExp",
      {
        guard $0.shape[1] > 0 else { return $0.empty(-.infinity) }
        let largest = $0.maximum(axis: 1).mapElements { $0.isFinite ? $0 : 0 }
        return log(exp($0 - largest.reshaped([$0.shape[0], 1])).sum(axis: 1)) + largest
      }),
  ]

  /// - Parameters:
  ///   - inputSince: The opset from which on the axes are an input.
  ///   - floats: Of a matrix, a number for each row.
  ///   - longs: Of a row.
  private static func reduction(
    _ name: String, inputSince: Int = 18, _ floats: @escaping @Sendable (Tensor) -> Tensor,
    _ longs: (@Sendable (ArraySlice<Int64>) -> Int64)? = nil,
    _ ints: (@Sendable (ArraySlice<Int32>) -> Int32)? = nil,
    bools: (@Sendable (ArraySlice<Bool>) -> Bool)? = nil
  ) -> Operator {
    Operator(name, inputs: 1...2) { node in
      let keeps = try node.flag("keepdims", default: true)
      let attribute = node.opset < inputSince ? try node.integers("axes") : nil
      let emptyIsNone =
        node.opset >= inputSince ? try node.flag("noop_with_empty_axes") : false
      return { call in
        let value = try call.value(0)
        let rank = value.shape.count
        let given = try call.integers(ifGiven: 1) ?? attribute
        if given?.isEmpty ?? true, emptyIsNone { return [try unreduced(value)] }
        let axes =
          try given.flatMap { $0.isEmpty ? nil : try resolve(axes: $0, rank: rank) }
          ?? Array(0..<rank)
        let kept = (0..<rank).filter { !axes.contains($0) }
        let shape =
          keeps
          ? (0..<rank).map { axes.contains($0) ? 1 : value.shape[$0] }
          : kept.map { value.shape[$0] }
        let rows = kept.reduce(1) { $0 * value.shape[$1] }
        let columns = axes.reduce(1) { $0 * value.shape[$1] }
        let matrix = Moves.transposed(value, kept + axes.sorted()).reshaped([rows, columns])
        func eachRow<Element>(
          _ array: OnnxArray<Element>, _ function: (ArraySlice<Element>) -> Element
        ) -> OnnxArray<Element> {
          OnnxArray(
            (0..<rows).map { function(array.elements[$0 * columns..<($0 + 1) * columns]) },
            shape: shape)
        }
        switch matrix {
        case .float32(let tensor):
          if rows == 0 { return [.float32(Tensor([], shape: shape, on: call.context))] }
          return [.float32(floats(tensor).reshaped(shape))]
        case .int64(let array):
          if let longs { return [.int64(eachRow(array, longs))] }
        case .int32(let array):
          if let ints { return [.int32(eachRow(array, ints))] }
        case .bool(let array):
          if let bools { return [.bool(eachRow(array, bools))] }
        }
        throw Fault("it is not computed of \(value.description)")
      }

      /// What a reduction over no axis leaves: each element is a row of one.
      @Sendable func unreduced(_ value: OnnxValue) throws -> OnnxValue {
        guard case .float32(let tensor) = value, tensor.count > 0 else { return value }
        return .float32(floats(tensor.reshaped([tensor.count, 1])).reshaped(tensor.shape))
      }
    }
  }

  private static func mean<Number: FixedWidthInteger>(_ row: ArraySlice<Number>) -> Number {
    row.isEmpty ? 0 : row.reduce(0, &+) / Number(truncatingIfNeeded: row.count)
  }
}

extension Tensor {
  /// A column of as many rows as this has.
  fileprivate func empty(_ value: Float) -> Tensor {
    Tensor(repeating: value, shape: [shape[0]], on: context)
  }

  fileprivate func folded(_ start: Float, _ combine: (Float, Float) -> Float) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let elements = elements
    return Tensor(
      (0..<rows).map { row in
        elements[row * columns..<(row + 1) * columns].reduce(start, combine)
      }, shape: [rows], on: context)
  }
}
