/// A function of one number and its derivative, each written once as an elementwise program.
private struct ElementwiseFunction: Sendable {
  /// What the derivative is computed from.
  enum Kept { case argument, result }

  let name: StaticString
  let value: ElementwiseProgram
  /// The gradient from that of the result and from what was kept.
  let backward: ElementwiseProgram
  let kept: Kept

  init(
    _ name: StaticString, keeping kept: Kept, _ value: (Term) -> Term,
    backward: (_ gradient: Term, _ kept: Term) -> Term
  ) {
    self.name = name
    self.kept = kept
    self.value = ElementwiseProgram { $0.store(value($0.input(0)), to: 0) }
    self.backward = ElementwiseProgram { $0.store(backward($0.input(0), $0.input(1)), to: 0) }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let result = value(x)
    let kept = kept == .argument ? x.detached : result
    return Tensor.record(name, inputs: [x], output: result) { gradient in
      [backward(gradient, kept)]
    }
  }

  static let exponential = ElementwiseFunction("exp", keeping: .result) { x in
    exp(x)
  } backward: { gradient, y in
    gradient * y
  }

  static let logarithm = ElementwiseFunction("log", keeping: .argument) { x in
    log(x)
  } backward: { gradient, x in
    gradient / x
  }

  static let hyperbolicTangent = ElementwiseFunction("tanh", keeping: .result) { x in
    tanh(x)
  } backward: { gradient, y in
    gradient * (1 - y * y)
  }

  static let logistic = ElementwiseFunction("sigmoid", keeping: .result) { x in
    sigmoid(x)
  } backward: { gradient, y in
    gradient * (y * (1 - y))
  }

  static let rectifier = ElementwiseFunction("relu", keeping: .result) { x in
    maximum(x, x.constant(0))
  } backward: { gradient, y in
    select(where: y, gradient, y.constant(0))
  }

  /// max(x, 0) + log(1 + exp(−|x|)), with Kahan's correction where 1 + e rounds.
  static let softRectifier = ElementwiseFunction("softplus", keeping: .argument) { x in
    let e = exp(-abs(x))
    let rounded = (e + 1) - 1
    return maximum(x, x.constant(0)) + select(where: rounded, log(e + 1) * (e / rounded), e)
  } backward: { gradient, x in
    gradient * sigmoid(x)
  }

  static let squareRoot = ElementwiseFunction("sqrt", keeping: .result) { x in
    sqrt(x)
  } backward: { gradient, y in
    gradient * 0.5 / y
  }

  static let magnitude = ElementwiseFunction("abs", keeping: .argument) { x in
    abs(x)
  } backward: { gradient, x in
    let zero = x.constant(0)
    return gradient * (isGreater(x, zero) - isGreater(zero, x))
  }

  static let square = ElementwiseFunction("square", keeping: .argument) { x in
    x * x
  } backward: { gradient, x in
    gradient * x * 2
  }
}

/// eˣ of each element.
public func exp(_ x: Tensor) -> Tensor { ElementwiseFunction.exponential(x) }

/// The natural logarithm of each element.
public func log(_ x: Tensor) -> Tensor { ElementwiseFunction.logarithm(x) }

/// The hyperbolic tangent of each element.
public func tanh(_ x: Tensor) -> Tensor { ElementwiseFunction.hyperbolicTangent(x) }

/// 1 / (1 + e⁻ˣ) of each element.
public func sigmoid(_ x: Tensor) -> Tensor { ElementwiseFunction.logistic(x) }

/// max(x, 0) of each element; its derivative at 0 is 0.
public func relu(_ x: Tensor) -> Tensor { ElementwiseFunction.rectifier(x) }

/// log(1 + eˣ) of each element, for any x.
public func softplus(_ x: Tensor) -> Tensor { ElementwiseFunction.softRectifier(x) }

/// The square root of each element.
public func sqrt(_ x: Tensor) -> Tensor { ElementwiseFunction.squareRoot(x) }

/// |x| of each element; its derivative at 0 is 0.
public func abs(_ x: Tensor) -> Tensor { ElementwiseFunction.magnitude(x) }

/// x² of each element.
public func square(_ x: Tensor) -> Tensor { ElementwiseFunction.square(x) }

// MARK: - Of several tensors

/// The larger of each two elements, NaN if either is; equal ones share the gradient. Shapes as for
/// `+`.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
  extremum("maximum", a, b, Extremum.larger, share: Extremum.shareOfLarger)
}

/// The smaller of each two elements, NaN if either is; equal ones share the gradient. Shapes as for
/// `+`.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
  extremum("minimum", a, b, Extremum.smaller, share: Extremum.shareOfSmaller)
}

public func maximum(_ a: Tensor, _ b: Float) -> Tensor {
  maximum(a, Tensor(scalar: b, on: a.context))
}

public func minimum(_ a: Tensor, _ b: Float) -> Tensor {
  minimum(a, Tensor(scalar: b, on: a.context))
}

private func extremum(
  _ name: StaticString, _ a: Tensor, _ b: Tensor, _ program: ElementwiseProgram,
  share: ElementwiseProgram
) -> Tensor {
  let (x, y) = (a.detached, b.detached)
  let needed = (a.trace != nil, b.trace != nil)
  return Tensor.record(
    name, inputs: [a, b], output: Tensor.pair(name, a, b, program)
  ) { gradient in
    [
      needed.0 ? share(gradient, x, y).summed(to: x.shape) : nil,
      needed.1 ? share(gradient, y, x).summed(to: y.shape) : nil,
    ]
  }
}

private enum Extremum {
  static let larger = ElementwiseProgram { formula in
    formula.store(maximum(formula.input(0), formula.input(1)), to: 0)
  }
  static let smaller = ElementwiseProgram { formula in
    formula.store(minimum(formula.input(0), formula.input(1)), to: 0)
  }
  /// g where x is the larger, g / 2 where they are equal.
  static let shareOfLarger = ElementwiseProgram { formula in
    let (g, x, y) = (formula.input(0), formula.input(1), formula.input(2))
    formula.store(g * ((isGreater(x, y) - isGreater(y, x)) * 0.5 + 0.5), to: 0)
  }
  static let shareOfSmaller = ElementwiseProgram { formula in
    let (g, x, y) = (formula.input(0), formula.input(1), formula.input(2))
    formula.store(g * ((isGreater(y, x) - isGreater(x, y)) * 0.5 + 0.5), to: 0)
  }
}

/// a where the mask is positive, else b. Shapes as for `+`, the largest of the three being that of
/// the result.
///
/// - Parameter mask: Has no gradient.
public func select(where mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
  let shape = [mask.shape, a.shape, b.shape].max { $0.reduce(1, *) < $1.reduce(1, *) }!
  for operand in [mask, a, b] {
    precondition(
      Broadcast(of: operand.shape, to: shape) != nil,
      "select expected shapes that repeat to fill \(shape), found \(operand.shape)")
  }
  let chosen = mask.detached
  let shapes = (a.shape, b.shape)
  let needed = (a.trace != nil, b.trace != nil)
  return Tensor.record(
    "select", inputs: [a, b], output: Selection.select(mask, a, b, shape: shape)
  ) { gradient in
    let zero = Tensor(scalar: 0, on: gradient.context)
    return [
      needed.0
        ? Selection.select(chosen, gradient, zero, shape: shape).summed(to: shapes.0) : nil,
      needed.1
        ? Selection.select(chosen, zero, gradient, shape: shape).summed(to: shapes.1) : nil,
    ]
  }
}

private enum Selection {
  static let select = ElementwiseProgram { formula in
    let (mask, a, b) = (formula.input(0), formula.input(1), formula.input(2))
    formula.store(RecurrentCore.select(where: mask, a, b), to: 0)
  }
}
