/// A B, or with either or both transposed; for tensors of three axes, such a product for each index
/// of the first.
///
/// - Parameters:
///   - a: [m, k] or [batch, m, k]; if transposed, [k, m] or [batch, k, m].
///   - b: [k, n] or [batch, k, n]; if transposed, [n, k] or [batch, n, k].
/// - Returns: [m, n] or [batch, m, n].
public func matmul(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
) -> Tensor {
  let x = a.detached.stack(transposed: transposeA)
  let y = b.detached.stack(transposed: transposeB)
  let isBatched = a.shape.count == 3
  precondition(
    a.shape.count == b.shape.count && x.count == y.count && x.columns == y.rows,
    """
    matmul expected matrices that fit\(transposeA ? ", the first transposed" : "")\
    \(transposeB ? ", the second transposed" : ""), found \(a.shape) and \(b.shape)
    """)
  let needed = (a.trace != nil, b.trace != nil)
  let batch = isBatched ? [x.count] : []
  let result = x.times(y, shape: batch + [x.rows, y.columns])
  return Tensor.record("matmul", inputs: [a, b], output: result) { gradient in
    let g = gradient.stack(transposed: false)
    // C = A B gives Ȧ = Ċ Bᵀ and Ḃ = Aᵀ Ċ; for a factor that came transposed, the transposes.
    return [
      !needed.0
        ? nil
        : transposeA
          ? y.times(g.transposed, shape: batch + [x.columns, x.rows])
          : g.times(y.transposed, shape: batch + [x.rows, x.columns]),
      !needed.1
        ? nil
        : transposeB
          ? g.transposed.times(x, shape: batch + [y.columns, y.rows])
          : x.transposed.times(g, shape: batch + [y.rows, y.columns]),
    ]
  }
}

/// x Wᵀ + b over the last axis.
///
/// - Parameters:
///   - x: […, in].
///   - weight: [out, in].
///   - bias: [out].
/// - Returns: […, out].
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
  precondition(weight.shape.count == 2, "linear expected a weight [out, in], found \(weight.shape)")
  let (outputs, inputs) = (weight.shape[0], weight.shape[1])
  precondition(
    x.shape.last == inputs,
    "linear expected \(inputs) input features at axis \(x.shape.count - 1), found \(x.shape)")
  precondition(
    bias.map { $0.shape == [outputs] } ?? true,
    "linear expected a bias [\(outputs)], found \(bias?.shape ?? [])")
  let context = x.context
  let rows = x.shape.dropLast().reduce(1, *)
  let (x0, weight0) = (x.detached, weight.detached)
  let result = Tensor(uninitialized: x.shape.dropLast() + [outputs], on: context)
  if let bias { ElementwiseProgram.copy.write(into: [result], reading: [bias]) }
  context.multiply(
    x0.matrix(rows: rows, columns: inputs), weight0.rowMatrix.transposed,
    into: result.matrix(rows: rows, columns: outputs), accumulate: bias != nil)
  let needed = (x.trace != nil, weight.trace != nil, bias?.trace != nil)
  return Tensor.record("linear", inputs: [x, weight, bias], output: result) { gradient in
    let g = gradient.matrix(rows: rows, columns: outputs)
    var found: [Tensor?] = [nil, nil, nil]
    if needed.0 {
      let back = Tensor(uninitialized: x0.shape, on: context)
      context.multiply(g, weight0.rowMatrix, into: back.matrix(rows: rows, columns: inputs))
      found[0] = back
    }
    if needed.1 {
      let back = Tensor(uninitialized: weight0.shape, on: context)
      context.multiply(
        g.transposed, x0.matrix(rows: rows, columns: inputs), into: back.rowMatrix)
      found[1] = back
    }
    if needed.2 {
      let back = Tensor(uninitialized: [outputs], on: context)
      context.sumColumns(g, into: back.matrix(rows: 1, columns: outputs))
      found[2] = back
    }
    return found
  }
}

/// Matrices of one size, one after the other in memory.
private struct MatrixStack: Sendable {
  let buffer: TensorBuffer
  let offset: Int
  let count: Int
  let rows: Int
  let columns: Int
  let isTransposed: Bool

  var transposed: MatrixStack {
    MatrixStack(
      buffer: buffer, offset: offset, count: count, rows: columns, columns: rows,
      isTransposed: !isTransposed)
  }

  subscript(index: Int) -> Matrix {
    let start = offset + index * rows * columns
    return isTransposed
      ? Matrix(buffer, offset: start, rows: columns, columns: rows).transposed
      : Matrix(buffer, offset: start, rows: rows, columns: columns)
  }

  func times(_ other: MatrixStack, shape: [Int]) -> Tensor {
    let context = buffer.context
    let result = Tensor(uninitialized: shape, on: context)
    let products = result.stack(transposed: false)
    if count >= 2 * context.threadCount {
      context.workers.forEach(count) { index in
        context.multiply(self[index], other[index], into: products[index])
      }
    } else {
      for index in 0..<count { context.multiply(self[index], other[index], into: products[index]) }
    }
    return result
  }
}

extension Tensor {
  fileprivate func stack(transposed: Bool) -> MatrixStack {
    precondition(
      shape.count == 2 || shape.count == 3, "matmul expected 2 or 3 axes, found \(shape)")
    let stack = MatrixStack(
      buffer: buffer, offset: offset, count: shape.count == 3 ? shape[0] : 1,
      rows: shape[shape.count - 2], columns: shape[shape.count - 1], isTransposed: false)
    return transposed ? stack.transposed : stack
  }
}
