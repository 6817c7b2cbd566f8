import RecurrentCore

/// How gradients are kept from growing too large.
public enum GradientClipping: Sendable, Hashable {
  /// All are scaled so that the root of the sum of all squares is at most this; see
  /// `clip(toNorm:)`.
  case norm(Double)
  /// Each element is kept between minus this and this.
  case value(Double)
}

extension TensorTree {
  /// √Σ x² over all numbers of the tree; not finite if and only if one of them is not.
  public var norm: Double { norms.norm }

  /// √Σ x² of each tensor; finite if and only if all its elements are.
  var norms: [Double] { tensors.map(\.euclideanNorm) }

  /// Scales a gradient g to at most the given norm: g · min(1, limit / (‖g‖ + 10⁻⁶)).
  ///
  /// Source: PyTorch's `clip_grad_norm_`.
  /// - Returns: The norm it had, ‖g‖.
  @discardableResult
  public mutating func clip(toNorm limit: Double) -> Double {
    let norm = norm
    clip(.norm(limit), norm: norm)
    return norm
  }

  /// Clips a gradient whose norm is known.
  mutating func clip(_ clipping: GradientClipping, norm: Double) {
    switch clipping {
    case .norm(let limit):
      let factor = limit / (norm + 1e-6)
      if factor < 1 { scaleAll(by: factor) }
    case .value(let limit): clip(toValue: limit)
    }
  }

  /// Keeps each element between −limit and limit.
  ///
  /// Source: PyTorch's `clip_grad_value_`.
  public mutating func clip(toValue limit: Double) {
    withTensors { _, tensors in
      for index in tensors.indices {
        clamping.update(&tensors[index], values: [Float(-limit), Float(limit)])
      }
    }
  }

  /// Multiplies every number.
  mutating func scaleAll(by factor: Double) {
    withTensors { _, tensors in
      for index in tensors.indices { tensors[index].scale(by: Float(factor)) }
    }
  }

  /// Adds another tree's numbers.
  mutating func accumulate(_ other: Self) {
    let others = other.tensors
    withTensors { _, tensors in
      for index in tensors.indices { tensors[index].add(others[index]) }
    }
  }
}

extension [Double] {
  /// √Σ x²
  var norm: Double { reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

extension Tensor {
  /// √Σ x². The fast sum squares in Float, where 10²⁰ overflows; a sum in Double has the last word.
  fileprivate var euclideanNorm: Double {
    let fast = sumOfSquares
    if fast.isFinite { return fast.squareRoot() }
    return withElements { elements in
      var sum = 0.0
      for index in elements.indices { sum += Double(elements[index]) * Double(elements[index]) }
      return sum.squareRoot()
    }
  }
}

private let clamping = ElementwiseProgram { formula in
  let inner = minimum(formula.target(0), formula.value(1))
  formula.store(maximum(inner, formula.value(0)), to: 0)
}
