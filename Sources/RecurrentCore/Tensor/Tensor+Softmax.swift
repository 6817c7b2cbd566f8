/// eˣ / Σ eˣ over the last axis.
public func softmax(_ x: Tensor) -> Tensor {
  let classes = classes(of: x, for: "softmax")
  let context = x.context
  let rows = x.count / max(classes, 1)
  let source = x.detached
  let result = Tensor(uninitialized: x.shape, on: context)
  forEachRowPiece(rows, width: classes, on: context) { piece in
    let y = result.rows(piece, width: classes)
    let largest = context.largestOfRows(source.rows(piece, width: classes), rows: piece.count)
      .view(offset: 0, shape: [piece.count, 1])
    Softmax.exponential.write(
      into: [y], reading: [source.rows(piece, width: classes), largest])
    let sums = context.sumRows(y, rows: piece.count).view(offset: 0, shape: [piece.count, 1])
    Softmax.divide.update(y, reading: [sums])
  }
  return Tensor.record("softmax", inputs: [x], output: result) { gradient in
    // ẋ = y ⊙ (g − Σ g ⊙ y)
    let back = Tensor(uninitialized: result.shape, on: context)
    forEachRowPiece(rows, width: classes, on: context) { piece in
      let g = gradient.rows(piece, width: classes)
      let y = result.rows(piece, width: classes)
      let sums = context.sumRows(g, times: y, rows: piece.count)
        .view(offset: 0, shape: [piece.count, 1])
      Softmax.backward.write(into: [back.rows(piece, width: classes)], reading: [g, y, sums])
    }
    return [back]
  }
}

/// x − log Σ eˣ over the last axis.
public func logSoftmax(_ x: Tensor) -> Tensor {
  let classes = classes(of: x, for: "logSoftmax")
  let context = x.context
  let rows = x.count / max(classes, 1)
  let source = x.detached
  let result = Tensor(uninitialized: x.shape, on: context)
  forEachRowPiece(rows, width: classes, on: context) { piece in
    let x = source.rows(piece, width: classes)
    let y = result.rows(piece, width: classes)
    let (largest, logarithms) = logSumOfExponentials(x, scratch: y)
    Softmax.subtractBoth.write(into: [y], reading: [x, largest, logarithms])
  }
  return Tensor.record("logSoftmax", inputs: [x], output: result) { gradient in
    // ẋ = g − eʸ Σ g
    let back = Tensor(uninitialized: result.shape, on: context)
    forEachRowPiece(rows, width: classes, on: context) { piece in
      let g = gradient.rows(piece, width: classes)
      let sums = context.sumRows(g, rows: piece.count).view(offset: 0, shape: [piece.count, 1])
      Softmax.logBackward.write(
        into: [back.rows(piece, width: classes)],
        reading: [g, result.rows(piece, width: classes), sums])
    }
    return [back]
  }
}

/// The mean of −log softmax(logits)[target] over the rows, each with its weight:
/// Σ w loss / Σ w; 0 if no row weighs anything.
///
/// - Parameters:
///   - logits: [n, classes].
///   - targets: A class for each row.
///   - weights: One for each row, not negative; all 1 if not given. A row of weight 0 is padding.
public func softmaxCrossEntropy(
  _ logits: Tensor, targets: [Int], weights: [Float]? = nil
) -> Tensor {
  precondition(
    logits.shape.count == 2 && logits.shape[0] == targets.count,
    "softmaxCrossEntropy expected logits [\(targets.count), classes], found \(logits.shape)")
  precondition(
    weights.map { $0.count == targets.count } ?? true,
    "softmaxCrossEntropy expected \(targets.count) weights, found \(weights?.count ?? 0)")
  let (rows, classes) = (logits.shape[0], logits.shape[1])
  for target in targets {
    precondition(
      target >= 0 && target < classes,
      "softmaxCrossEntropy expected targets 0..<\(classes), found \(target)")
  }
  let context = logits.context
  let totalWeight = weights.map { $0.reduce(0.0) { $0 + Double($1) } } ?? Double(rows)
  let losses = Tensor(uninitialized: [rows], on: context)
  // The gradient is almost there when the loss is known, and taking it now lets the logits go.
  let isTraced = logits.trace != nil
  let back = Tensor(uninitialized: isTraced ? [rows, classes] : [0, classes], on: context)
  let source = logits.detached
  forEachRowPiece(rows, width: classes, on: context) { piece in
    let x = source.rows(piece, width: classes)
    let exponentials =
      isTraced
      ? back.rows(piece, width: classes) : Tensor(uninitialized: x.shape, on: context)
    let (largest, logarithms) = logSumOfExponentials(x, scratch: exponentials)
    if isTraced {
      Softmax.exponentialOfBoth.write(into: [exponentials], reading: [x, largest, logarithms])
    }
    for (line, row) in piece.enumerated() {
      let target = line * classes + targets[row]
      unsafe losses.pointer[row] =
        (largest.pointer[line] - x.pointer[target]) + logarithms.pointer[line]
      if isTraced { unsafe exponentials.pointer[target] -= 1 }
    }
    if isTraced {
      let shares = Tensor(
        piece.map { totalWeight > 0 ? Float(Double(weights?[$0] ?? 1) / totalWeight) : 0 },
        shape: [piece.count, 1], on: context)
      Softmax.scale.update(exponentials, reading: [shares])
    }
  }
  var sum = 0.0
  losses.withElements { losses in
    for row in losses.indices {
      let weight = weights?[row] ?? 1
      // A row that does not count may hold anything, even numbers that are none.
      if weight > 0 { sum += Double(weight) * Double(losses[row]) }
    }
  }
  let mean = Tensor(scalar: totalWeight > 0 ? Float(sum / totalWeight) : 0, on: context)
  return Tensor.record("softmaxCrossEntropy", inputs: [logits], output: mean) { gradient in
    [gradient.scalar == 1 ? back : Softmax.product(back, gradient)]
  }
}

private func classes(of x: Tensor, for operation: StaticString) -> Int {
  guard let classes = x.shape.last else {
    preconditionFailure("\(operation) expected classes at the last axis, found a single number")
  }
  return classes
}

/// For each row its largest element and log Σ e^(x − largest).
///
/// - Parameter scratch: Of the shape of x; overwritten.
private func logSumOfExponentials(
  _ x: Tensor, scratch: Tensor
) -> (largest: Tensor, logarithms: Tensor) {
  let rows = x.shape[0]
  let largest = x.context.largestOfRows(x, rows: rows).view(offset: 0, shape: [rows, 1])
  Softmax.exponential.write(into: [scratch], reading: [x, largest])
  let sums = x.context.sumRows(scratch, rows: rows).view(offset: 0, shape: [rows, 1])
  let logarithms = Tensor(uninitialized: [rows, 1], on: x.context)
  Softmax.logarithm.write(into: [logarithms], reading: [sums])
  return (largest, logarithms)
}

private enum Softmax {
  static let exponential = ElementwiseProgram { formula in
    formula.store(exp(formula.input(0) - formula.input(1)), to: 0)
  }
  static let logarithm = ElementwiseProgram { $0.store(log($0.input(0)), to: 0) }
  static let divide = ElementwiseProgram { $0.store($0.target(0) / $0.input(0), to: 0) }
  /// A row whose share is 0 gets no gradient, whatever it holds.
  static let scale = ElementwiseProgram { formula in
    let share = formula.input(0)
    formula.store(select(where: share, formula.target(0) * share, share), to: 0)
  }
  static let product = ElementwiseProgram { $0.store($0.input(0) * $0.input(1), to: 0) }
  static let subtractBoth = ElementwiseProgram { formula in
    formula.store(formula.input(0) - formula.input(1) - formula.input(2), to: 0)
  }
  static let exponentialOfBoth = ElementwiseProgram { formula in
    formula.store(exp(formula.input(0) - formula.input(1) - formula.input(2)), to: 0)
  }
  static let backward = ElementwiseProgram { formula in
    let (g, y, sum) = (formula.input(0), formula.input(1), formula.input(2))
    formula.store(y * (g - sum), to: 0)
  }
  static let logBackward = ElementwiseProgram { formula in
    let (g, y, sum) = (formula.input(0), formula.input(1), formula.input(2))
    formula.store(g - exp(y) * sum, to: 0)
  }
}
