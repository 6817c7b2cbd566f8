import RecurrentCore

/// Products of matrices.
enum Products {
  static let operators: [Operator] = [
    Operator("MatMul", inputs: 2...2, isCheap: false) { _ in
      { call in [.float32(try product(call.float(0), call.float(1), call))] }
    },
    Operator("Gemm", inputs: 2...3, isCheap: false, prepare: gemm),
    Operator("Einsum", inputs: Operator.many, since: 12, isCheap: false) { node in
      let equation = try Einsum(try node.required("equation", try node.string("equation")))
      return { call in
        [.float32(try equation(call.inputs.indices.map(call.float), call))]
      }
    },
  ]

  /// As NumPy's `matmul`: of the last two axes, for each place of the axes before them.
  static func product(_ a: Tensor, _ b: Tensor, _ call: Call) throws -> Tensor {
    guard !a.shape.isEmpty, !b.shape.isEmpty else {
      throw Fault("a number is no matrix: found \(a.shape) and \(b.shape)")
    }
    let left = a.shape.count == 1 ? [1] + a.shape : a.shape
    let right = b.shape.count == 1 ? b.shape + [1] : b.shape
    let (rows, depth) = (left[left.count - 2], left[left.count - 1])
    let columns = right[right.count - 1]
    guard right[right.count - 2] == depth else {
      throw Fault("matrices \(a.shape) and \(b.shape) do not fit")
    }
    let batch = try broadcastShape([Array(left.dropLast(2)), Array(right.dropLast(2))])
    try call.check(batch + [rows, columns])
    var shape = batch
    if a.shape.count > 1 { shape.append(rows) }
    if b.shape.count > 1 { shape.append(columns) }
    if shape.contains(0) || depth == 0 { return Tensor.zeros(shape, on: call.context) }
    if right.count == 2 {
      // One matrix for all: the rows of all batches are rows of one product.
      let matrix = a.reshaped([a.count / depth, depth])
      return matmul(matrix, b.reshaped(right)).reshaped(shape)
    }
    try call.check(batch + [rows, depth])
    try call.check(batch + [depth, columns])
    let count = batch.reduce(1, *)
    let x = a.reshaped(left).filling(batch + [rows, depth]).reshaped([count, rows, depth])
    let y = b.reshaped(right).filling(batch + [depth, columns]).reshaped([count, depth, columns])
    return matmul(x, y).reshaped(shape)
  }

  @Sendable private static func gemm(_ node: NodeReader) throws -> Kernel {
    let (alpha, beta) = (try node.float("alpha") ?? 1, try node.float("beta") ?? 1)
    let (transA, transB) = (try node.flag("transA"), try node.flag("transB"))
    return { call in
      let (a, b, c) = (try call.float(0), try call.float(1), try call.float(ifGiven: 2))
      guard a.shape.count == 2, b.shape.count == 2 else {
        throw Fault("matrices expected, found \(a.shape) and \(b.shape)")
      }
      let (rows, depth) = transA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
      let (inner, columns) = transB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
      guard inner == depth else { throw Fault("matrices \(a.shape) and \(b.shape) do not fit") }
      try call.check([rows, columns])
      if let c, try broadcastShape([c.shape, [rows, columns]]) != [rows, columns] {
        throw Fault("\(c.shape) does not repeat to fill [\(rows), \(columns)]")
      }
      if rows == 0 || columns == 0 {
        return [.float32(Tensor([], shape: [rows, columns], on: call.context))]
      }
      if alpha == 1, beta == 1, !transA, transB, depth > 0, let c, c.count == columns,
        c.shape.last == columns
      {
        return [.float32(linear(a, b, c.reshaped([columns])))]
      }
      var result =
        depth == 0
        ? Tensor.zeros([rows, columns], on: call.context)
        : matmul(a, b, transposeA: transA, transposeB: transB)
      if alpha != 1 { result = result * alpha }
      if let c { result = try call.pairs(result, beta == 1 ? c : c * beta) { $0 + $1 } }
      return [.float32(result)]
    }
  }
}
