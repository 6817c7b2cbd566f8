/// Layer normalisation over the last axis (Ba, Kiros & Hinton 2016):
/// y = (x − mean) / √(variance + ε) ⊙ gain + bias, with the variance of the n features over n.
///
/// - Parameters:
///   - x: […, features].
///   - gain: [features]; 1 if not given.
///   - bias: [features]; 0 if not given.
/// - Returns: […, features].
public func layerNorm(
  _ x: Tensor, gain: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
) -> Tensor {
  let features = x.shape.last ?? 0
  precondition(features > 0, "layerNorm expected features at the last axis, found \(x.shape)")
  for parameter in [gain, bias].compactMap(\.self) {
    precondition(
      parameter.shape == [features],
      "layerNorm expected a gain and a bias [\(features)], found \(parameter.shape)")
  }
  let context = x.context
  let rows = x.count / features
  let normal = Tensor(uninitialized: [rows, features], on: context)
  let scale = Tensor(uninitialized: [rows, 1], on: context)
  let result =
    gain == nil && bias == nil ? normal : Tensor(uninitialized: [rows, features], on: context)
  let (one, zero) = (Tensor(scalar: 1, on: context), Tensor(scalar: 0, on: context))
  let source = x.detached
  forEachRowPiece(rows, width: features, on: context) { piece in
    let x = source.rows(piece, width: features)
    let normal = normal.rows(piece, width: features)
    let scale = scale.rows(piece, width: 1)
    let means = context.sumRows(x, rows: piece.count).view(offset: 0, shape: scale.shape)
    LayerNorm.centre.write(into: [normal], reading: [x, means], values: [Float(features)])
    let squares = context.sumRows(normal, times: normal, rows: piece.count)
      .view(offset: 0, shape: scale.shape)
    LayerNorm.inverseDeviation.write(
      into: [scale], reading: [squares], values: [Float(features), epsilon])
    LayerNorm.scale.update(normal, reading: [scale])
    if gain != nil || bias != nil {
      LayerNorm.affine.write(
        into: [result.rows(piece, width: features)],
        reading: [normal, gain?.detached ?? one, bias?.detached ?? zero])
    }
  }

  let gain0 = gain?.detached
  let needed = (x.trace != nil, gain?.trace != nil, bias?.trace != nil)
  let shape = x.shape
  return Tensor.record(
    "layerNorm", inputs: [x, gain, bias], output: result.view(offset: 0, shape: shape)
  ) { gradient in
    var found: [Tensor?] = [nil, nil, nil]
    let g = gradient.matrix(rows: rows, columns: features)
    if needed.0 {
      let back = Tensor(uninitialized: shape, on: context)
      forEachRowPiece(rows, width: features, on: context) { piece in
        // With ĝ = g ⊙ gain and x̂ the normalised row:
        // ẋ = (ĝ − mean(ĝ) − x̂ mean(ĝ ⊙ x̂)) / √(variance + ε)
        let back = back.rows(piece, width: features)
        let normal = normal.rows(piece, width: features)
        let scale = scale.rows(piece, width: 1)
        LayerNorm.product.write(
          into: [back], reading: [gradient.rows(piece, width: features), gain0 ?? one])
        let sums = context.sumRows(back, rows: piece.count)
        let products = context.sumRows(back, times: normal, rows: piece.count)
        LayerNorm.backward.update(
          back,
          reading: [
            normal, scale, sums.view(offset: 0, shape: scale.shape),
            products.view(offset: 0, shape: scale.shape),
          ], values: [1 / Float(features)])
      }
      found[0] = back
    }
    if needed.1 {
      let back = Tensor(uninitialized: [features], on: context)
      context.sumColumns(
        g, times: normal.rowMatrix, into: back.matrix(rows: 1, columns: features))
      found[1] = back
    }
    if needed.2 {
      let back = Tensor(uninitialized: [features], on: context)
      context.sumColumns(g, into: back.matrix(rows: 1, columns: features))
      found[2] = back
    }
    return found
  }
}

private enum LayerNorm {
  static let centre = ElementwiseProgram { formula in
    formula.store(formula.input(0) - formula.input(1) / formula.value(0), to: 0)
  }
  static let inverseDeviation = ElementwiseProgram { formula in
    formula.store(1 / sqrt(formula.input(0) / formula.value(0) + formula.value(1)), to: 0)
  }
  static let scale = ElementwiseProgram { $0.store($0.target(0) * $0.input(0), to: 0) }
  static let affine = ElementwiseProgram { formula in
    formula.store(
      multiplyAdd(formula.input(0), formula.input(1), formula.input(2)), to: 0)
  }
  static let product = ElementwiseProgram { $0.store($0.input(0) * $0.input(1), to: 0) }
  static let backward = ElementwiseProgram { formula in
    let g = formula.target(0)
    let normal = formula.input(0)
    let scale = formula.input(1)
    let meanOfG = formula.input(2) * formula.value(0)
    let meanOfProduct = formula.input(3) * formula.value(0)
    formula.store((g - meanOfG - normal * meanOfProduct) * scale, to: 0)
  }
}
