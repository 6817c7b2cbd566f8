// Arithmetic, element by element. The operands have equal shapes, or the smaller one repeats to fill
// the larger: shapes are aligned at their last axes, and axes that the smaller one lacks or has of
// size 1 repeat, if they are neighbours. A gradient sums over what was repeated.

extension Tensor {
  /// The sum of each two elements.
  public static func + (left: Tensor, right: Tensor) -> Tensor {
    let shapes = (left.shape, right.shape)
    let needed = (left.trace != nil, right.trace != nil)
    return record(
      "+", inputs: [left, right], output: pair("+", left, right, Programs.sum)
    ) { gradient in
      [
        needed.0 ? gradient.summed(to: shapes.0) : nil,
        needed.1 ? gradient.summed(to: shapes.1) : nil,
      ]
    }
  }

  /// The difference of each two elements.
  public static func - (left: Tensor, right: Tensor) -> Tensor {
    let shapes = (left.shape, right.shape)
    let needed = (left.trace != nil, right.trace != nil)
    return record(
      "-", inputs: [left, right], output: pair("-", left, right, Programs.difference)
    ) { gradient in
      [
        needed.0 ? gradient.summed(to: shapes.0) : nil,
        needed.1 ? Programs.negative(gradient.summed(to: shapes.1)) : nil,
      ]
    }
  }

  /// The product of each two elements.
  public static func * (left: Tensor, right: Tensor) -> Tensor {
    let (x, y) = (left.detached, right.detached)
    let needed = (left.trace != nil, right.trace != nil)
    return record(
      "*", inputs: [left, right], output: pair("*", left, right, Programs.product)
    ) { gradient in
      [
        needed.0 ? gradient.timesSummed(y, to: x.shape) : nil,
        needed.1 ? gradient.timesSummed(x, to: y.shape) : nil,
      ]
    }
  }

  /// The quotient of each two elements.
  public static func / (left: Tensor, right: Tensor) -> Tensor {
    let (x, y) = (left.detached, right.detached)
    let needed = (left.trace != nil, right.trace != nil)
    return record(
      "/", inputs: [left, right], output: pair("/", left, right, Programs.quotient)
    ) { gradient in
      [
        needed.0 ? Programs.quotient(gradient, y).summed(to: x.shape) : nil,
        needed.1 ? Programs.quotientByDivisor(gradient, x, y).summed(to: y.shape) : nil,
      ]
    }
  }

  /// The negative of each element.
  public static prefix func - (operand: Tensor) -> Tensor {
    record("-", inputs: [operand], output: Programs.negative(operand)) { gradient in
      [Programs.negative(gradient)]
    }
  }

  // MARK: With a number

  /// Each element plus a number.
  public static func + (left: Tensor, right: Float) -> Tensor {
    record("+", inputs: [left], output: Programs.shift(left, values: [right])) { [$0] }
  }

  /// A number plus each element.
  public static func + (left: Float, right: Tensor) -> Tensor { right + left }

  /// Each element less a number.
  public static func - (left: Tensor, right: Float) -> Tensor { left + -right }

  /// A number less each element.
  public static func - (left: Float, right: Tensor) -> Tensor {
    record("-", inputs: [right], output: Programs.from(right, values: [left])) { gradient in
      [Programs.negative(gradient)]
    }
  }

  /// Each element times a number.
  public static func * (left: Tensor, right: Float) -> Tensor {
    record("*", inputs: [left], output: Programs.scale(left, values: [right])) { gradient in
      [Programs.scale(gradient, values: [right])]
    }
  }

  /// A number times each element.
  public static func * (left: Float, right: Tensor) -> Tensor { right * left }

  /// Each element over a number.
  public static func / (left: Tensor, right: Float) -> Tensor {
    record("/", inputs: [left], output: Programs.divide(left, values: [right])) { gradient in
      [Programs.divide(gradient, values: [right])]
    }
  }

  /// A number over each element.
  public static func / (left: Float, right: Tensor) -> Tensor {
    let y = right.detached
    return record("/", inputs: [right], output: Programs.divideNumber(y, values: [left])) {
      gradient in
      [Programs.divideNumberBackward(gradient, y, values: [left])]
    }
  }

  public static func += (left: inout Tensor, right: Tensor) { left = left + right }
  public static func -= (left: inout Tensor, right: Tensor) { left = left - right }
  public static func *= (left: inout Tensor, right: Tensor) { left = left * right }
  public static func /= (left: inout Tensor, right: Tensor) { left = left / right }

  // MARK: Repeating

  /// The result of a program for two operands of which one repeats to fill the other.
  static func pair(
    _ name: StaticString, _ left: Tensor, _ right: Tensor, _ program: ElementwiseProgram
  ) -> Tensor {
    let shape =
      Broadcast(of: right.shape, to: left.shape) != nil
      ? left.shape
      : Broadcast(of: left.shape, to: right.shape) != nil ? right.shape : nil
    guard let shape else {
      preconditionFailure(
        "\(name) expected shapes of which one repeats to fill the other, found \(left.shape) "
          + "and \(right.shape)")
    }
    return program(left, right, shape: shape)
  }

  /// This, repeated to fill a larger shape.
  func repeated(to larger: [Int]) -> Tensor { ElementwiseProgram.copy(self, shape: larger) }

  /// The sum over what was repeated to fill a larger shape.
  func summed(to smaller: [Int]) -> Tensor {
    if shape == smaller { return self }
    let broadcast = Broadcast(of: smaller, to: shape)!
    return sum(outer: broadcast.outer, axis: broadcast.axis, inner: broadcast.inner, to: smaller)
  }

  /// This times another tensor, summed over what was repeated to fill the product's shape, which is
  /// that of this tensor.
  fileprivate func timesSummed(_ other: Tensor, to smaller: [Int]) -> Tensor {
    let broadcast = Broadcast(of: smaller, to: shape)!
    if broadcast.outer == 1 && broadcast.inner > 1 && broadcast.axis > 1 && other.shape == shape {
      let result = Tensor(uninitialized: smaller, on: context)
      context.sumColumns(
        matrix(rows: broadcast.axis, columns: broadcast.inner),
        times: other.matrix(rows: broadcast.axis, columns: broadcast.inner),
        into: result.matrix(rows: 1, columns: broadcast.inner))
      return result
    }
    return Programs.product(self, other, shape: shape).summed(to: smaller)
  }

  private enum Programs {
    static let sum = ElementwiseProgram { $0.store($0.input(0) + $0.input(1), to: 0) }
    static let difference = ElementwiseProgram { $0.store($0.input(0) - $0.input(1), to: 0) }
    static let product = ElementwiseProgram { $0.store($0.input(0) * $0.input(1), to: 0) }
    static let quotient = ElementwiseProgram { $0.store($0.input(0) / $0.input(1), to: 0) }
    /// −g x / y²
    static let quotientByDivisor = ElementwiseProgram { formula in
      let (g, x, y) = (formula.input(0), formula.input(1), formula.input(2))
      formula.store(-(g * (x / y) / y), to: 0)
    }
    static let negative = ElementwiseProgram { $0.store(-$0.input(0), to: 0) }
    static let shift = ElementwiseProgram { $0.store($0.input(0) + $0.value(0), to: 0) }
    static let from = ElementwiseProgram { $0.store($0.value(0) - $0.input(0), to: 0) }
    static let scale = ElementwiseProgram { $0.store($0.input(0) * $0.value(0), to: 0) }
    static let divide = ElementwiseProgram { $0.store($0.input(0) / $0.value(0), to: 0) }
    static let divideNumber = ElementwiseProgram { $0.store($0.value(0) / $0.input(0), to: 0) }
    /// −g a / y²
    static let divideNumberBackward = ElementwiseProgram { formula in
      let (g, y) = (formula.input(0), formula.input(1))
      formula.store(-(g * (formula.value(0) / y) / y), to: 0)
    }
  }
}
