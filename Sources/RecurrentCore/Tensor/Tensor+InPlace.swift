// Updates in place, for optimizers and for gradients that add up. They leave the tape.

extension Tensor {
  /// Adds a multiple of another tensor of this shape.
  package mutating func add(_ other: Tensor, scaledBy scale: Float = 1) {
    precondition(
      other.shape == shape, "add expected the shape \(shape), found \(other.shape)")
    InPlace.addScaled.update(&self, reading: [other.detached], values: [scale])
  }

  /// Multiplies every element.
  package mutating func scale(by factor: Float) {
    InPlace.scale.update(&self, values: [factor])
  }

  /// Makes every element the same.
  package mutating func fill(_ value: Float) {
    if !hasOwnMemory {
      self = Tensor(uninitialized: shape, on: context)
    }
    InPlace.fill.update(&self, values: [value])
  }

  /// The sum of the squares of all elements.
  package var sumOfSquares: Double { context.sumAll(self, times: self) }
}

private enum InPlace {
  static let addScaled = ElementwiseProgram { formula in
    formula.store(
      multiplyAdd(formula.input(0), formula.value(0), formula.target(0)), to: 0)
  }
  static let scale = ElementwiseProgram { $0.store($0.target(0) * $0.value(0), to: 0) }
  static let fill = ElementwiseProgram { $0.store($0.value(0), to: 0) }
}
