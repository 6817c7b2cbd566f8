/// A value in the equations of a cell: a vector, or a matrix that is handled as one.
///
/// Arithmetic and functions act element by element on equal shapes; an axis of one, and so a single
/// number, meets every size.
public struct Vector {
  let step: Step
  let index: Graph.NodeIndex

  /// The sizes of its axes; most values of most cells have one, the hidden size.
  public var shape: [Extent] { step.graph.shape(of: index) }
}

extension Vector {
  /// The value with a name in the equations, under which it can be recorded, printed and drawn:
  /// `let f = sigmoid(a["f"]).named("f")`. States have theirs already.
  public func named(_ name: String) -> Vector {
    step.name(self, name)
    return self
  }
}

// MARK: - Arithmetic

extension Vector {
  public static func + (a: Vector, b: Vector) -> Vector { a.step.binary(.add, a, b) }
  public static func - (a: Vector, b: Vector) -> Vector { a.step.binary(.subtract, a, b) }
  public static func * (a: Vector, b: Vector) -> Vector { a.step.binary(.multiply, a, b) }
  public static func / (a: Vector, b: Vector) -> Vector { a.step.binary(.divide, a, b) }
  public static prefix func - (a: Vector) -> Vector { a.step.unary(.negate, a) }

  public static func + (a: Vector, b: Double) -> Vector { a + a.step.constant(b, like: a) }
  public static func - (a: Vector, b: Double) -> Vector { a + (-b) }
  public static func * (a: Vector, b: Double) -> Vector { a * a.step.constant(b, like: a) }
  public static func / (a: Vector, b: Double) -> Vector { a / a.step.constant(b, like: a) }
  public static func + (a: Double, b: Vector) -> Vector { b + a }
  public static func - (a: Double, b: Vector) -> Vector { b.step.constant(a, like: b) - b }
  public static func * (a: Double, b: Vector) -> Vector { b * a }
  public static func / (a: Double, b: Vector) -> Vector { b.step.constant(a, like: b) / b }
}

// MARK: - Functions

/// σ(x) = 1 / (1 + e⁻ˣ).
public func sigmoid(_ x: Vector) -> Vector { x.step.unary(.sigmoid, x) }
/// The hyperbolic tangent.
public func tanh(_ x: Vector) -> Vector { x.step.unary(.tanh, x) }
/// eˣ.
public func exp(_ x: Vector) -> Vector { x.step.unary(.exp, x) }
/// The natural logarithm.
public func log(_ x: Vector) -> Vector { x.step.unary(.log, x) }
/// The square root.
public func sqrt(_ x: Vector) -> Vector { x.step.unary(.sqrt, x) }
/// |x|; its derivative at 0 is taken as 0.
public func abs(_ x: Vector) -> Vector { x.step.unary(.abs, x) }
/// The largest whole number not above x; its derivative is 0.
public func floor(_ x: Vector) -> Vector { x.step.unary(.floor, x) }
/// The larger of two, element by element; where they are equal the gradient goes to `b`.
public func max(_ a: Vector, _ b: Vector) -> Vector { a.step.binary(.max, a, b) }
/// The smaller of two, element by element; where they are equal the gradient goes to `b`.
public func min(_ a: Vector, _ b: Vector) -> Vector { a.step.binary(.min, a, b) }
/// The larger of a value's elements and a number; the gradient goes to `a` where it is larger.
public func max(_ a: Vector, _ b: Double) -> Vector { max(a, a.step.constant(b, like: a)) }
/// The smaller of a value's elements and a number; the gradient goes to `a` where it is smaller.
public func min(_ a: Vector, _ b: Double) -> Vector { min(a, a.step.constant(b, like: a)) }
/// Every element brought into −bound … bound; the derivative is 0 outside.
public func clip(_ x: Vector, to bound: Double) -> Vector { max(min(x, bound), -bound) }
/// max(x, 0); its derivative at 0 is 0, as PyTorch's.
public func relu(_ x: Vector) -> Vector { max(x, 0) }
/// 1 where a > b, else 0; its derivative is 0.
public func greater(_ a: Vector, _ b: Vector) -> Vector { a.step.binary(.greater, a, b) }
/// 1 where the number is above the element, else 0; the derivative is 0.
public func greater(_ a: Double, _ b: Vector) -> Vector { greater(b.step.constant(a, like: b), b) }
/// log(1 + eˣ), without overflow.
public func softplus(_ x: Vector) -> Vector { x.step.unary(.softplus, x) }
/// log σ(x), without overflow.
public func logSigmoid(_ x: Vector) -> Vector { -softplus(-x) }
/// `a` where the condition is above 0, else `b`.
public func select(_ condition: Vector, _ a: Vector, _ b: Vector) -> Vector {
  a.step.select(condition, a, b)
}

// MARK: - Across a vector

extension AffineSections {
  /// Layer normalisation over all sections together (Ba et al. 2016), with a gain for every element
  /// and, where `shift` says so, an offset: (x − mean) / √(variance + ε) ⊙ γ + β. They are learnt as
  /// `gain_<name>_<section>`, starting at 1, and `shift_<name>_<section>`, starting at 0.
  public func normalized(
    _ name: String, epsilon: Double = 1e-5, shift: Bool = false
  ) -> AffineSections {
    let values = step.normalized(nodes.map { Vector(step: step, index: $0) }, epsilon: epsilon)
    let normal = zip(names, values).map { section, value -> Vector in
      let gain = step.parameter("gain_\(name)_\(section)", like: value, start: .constant(1))
      let scaled = value * gain
      guard shift else { return scaled }
      return scaled + step.parameter("shift_\(name)_\(section)", like: value, start: .constant(0))
    }
    return AffineSections(step: step, names: names, nodes: normal.map(\.index))
  }
}

extension Vector {
  /// The sum over an axis, which stays as an axis of one.
  public func sum(axis: Int = 0) -> Vector { step.sum(self, axis: axis) }

  /// Σ over the axis, divided by its size.
  public func mean(axis: Int = 0) -> Vector {
    let total = step.sum(self, axis: axis)
    return shape.indices.contains(axis) ? total / step.size(shape[axis]) : total
  }

  /// An axis of one, repeated to a size.
  public func spread(axis: Int, to extent: Extent) -> Vector {
    step.spread(self, axis: axis, to: extent)
  }

  /// The same numbers, in row-major order, under another shape of the same total size.
  public func reshaped(_ shape: [Extent]) -> Vector { step.reshape(self, shape) }

  /// Layer normalisation with a learnt gain γ, `gain_<name>`, that starts at 1 and an offset β,
  /// `shift_<name>`, that starts at 0: (x − mean) / √(variance + ε) ⊙ γ + β.
  public func normalized(_ name: String, epsilon: Double = 1e-5) -> Vector {
    let gain = step.parameter("gain_\(name)", like: self, start: .constant(1))
    let shift = step.parameter("shift_\(name)", like: self, start: .constant(0))
    return normalized(epsilon: epsilon) * gain + shift
  }

  /// Layer normalisation (Ba et al. 2016) without gain and offset:
  /// (x − mean) / √(variance + ε) of a vector.
  public func normalized(epsilon: Double = 1e-5) -> Vector {
    step.normalized([self], epsilon: epsilon)[0]
  }
}
