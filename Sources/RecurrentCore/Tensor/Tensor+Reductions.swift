extension Tensor {
  /// The sum of all elements: a tensor of no axes.
  public func sum() -> Tensor {
    let shape = shape
    return Tensor.record(
      "sum", inputs: [self], output: Tensor(scalar: Float(context.sumAll(self)), on: context)
    ) { gradient in
      [Tensor(repeating: gradient.scalar, shape: shape, on: gradient.context)]
    }
  }

  /// The mean of all elements: a tensor of no axes. NaN if there are none.
  public func mean() -> Tensor {
    let (shape, count) = (shape, count)
    let mean = Tensor(scalar: Float(context.sumAll(self) / Double(count)), on: context)
    return Tensor.record("mean", inputs: [self], output: mean) { gradient in
      [
        Tensor(repeating: gradient.scalar / Float(count), shape: shape, on: gradient.context)
      ]
    }
  }

  /// The sums along an axis, which disappears.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func sum(axis: Int) -> Tensor {
    let parts = parts(around: axis, for: "sum")
    let shape = shape
    let result = sum(
      outer: parts.outer, axis: parts.length, inner: parts.inner, to: parts.shapeWithout)
    return Tensor.record("sum", inputs: [self], output: result) { gradient in
      [gradient.repeated(parts, to: shape)]
    }
  }

  /// The means along an axis, which disappears. NaN if it is empty.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func mean(axis: Int) -> Tensor {
    let length = parts(around: axis, for: "mean").length
    return sum(axis: axis) / Float(length)
  }

  /// The largest elements along an axis, which disappears; NaN where there is one. The gradient goes
  /// to the first of equal elements.
  ///
  /// - Parameter axis: Not empty; counted from the end if negative.
  public func maximum(axis: Int) -> Tensor {
    let parts = parts(around: axis, for: "maximum")
    precondition(parts.length > 0, "maximum expected elements at axis \(axis), found \(shape)")
    let x = detached
    let result = x.largest(parts)
    return Tensor.record("maximum", inputs: [self], output: result) { gradient in
      let back = Tensor.zeros(x.shape, on: gradient.context)
      x.scan(parts) { place, outer in
        let largest = unsafe result.pointer[outer]
        for index in 0..<parts.length {
          let next = unsafe x.pointer[place(index)]
          if next == largest || (largest.isNaN && next.isNaN) {
            unsafe back.pointer[place(index)] = gradient.pointer[outer]
            break
          }
        }
      }
      return [back]
    }
  }

  /// The sums of the elements up to and including each, along an axis.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func cumulativeSum(axis: Int) -> Tensor {
    let parts = parts(around: axis, for: "cumulativeSum")
    return Tensor.record(
      "cumulativeSum", inputs: [self], output: runningSum(parts, backwards: false)
    ) { gradient in
      [gradient.runningSum(parts, backwards: true)]
    }
  }

  // MARK: Untraced

  /// The sums over the middle one of three axes.
  func sum(outer: Int, axis: Int, inner: Int, to shape: [Int]) -> Tensor {
    let context = context
    if inner == 1 {
      if outer == 1 {
        return Tensor(repeating: Float(context.sumAll(self)), shape: shape, on: context)
      }
      let sums = context.sumRows(self, rows: outer)
      return Tensor(buffer: sums.buffer, shape: shape)
    }
    let result = Tensor(uninitialized: shape, on: context)
    let offset = offset
    let buffer = buffer
    let step = max(1, 16_384 / max(axis * inner, 1))
    context.workers.forEach((outer + step - 1) / step) { piece in
      for index in piece * step..<min((piece + 1) * step, outer) {
        context.sumColumns(
          Matrix(buffer, offset: offset + index * axis * inner, rows: axis, columns: inner),
          into: Matrix(result.buffer, offset: index * inner, rows: 1, columns: inner))
      }
    }
    return result
  }

  private func largest(_ parts: AxisParts) -> Tensor {
    if parts.inner == 1 {
      return context.largestOfRows(self, rows: parts.outer)
        .view(offset: 0, shape: parts.shapeWithout)
    }
    let result = Tensor(uninitialized: parts.shapeWithout, on: context)
    scan(parts) { place, line in
      var largest = unsafe pointer[place(0)]
      for index in 1..<parts.length {
        let next = unsafe pointer[place(index)]
        if next > largest || next.isNaN { largest = next }
      }
      unsafe result.pointer[line] = largest
    }
    return result
  }

  /// The elements of a reduced tensor, each for all the places it came from.
  private func repeated(_ parts: AxisParts, to shape: [Int]) -> Tensor {
    let kept = Array(shape[..<parts.axis]) + [1] + Array(shape[(parts.axis + 1)...])
    let column = Tensor(buffer: buffer, offset: offset, shape: kept)
    return column.repeated(to: shape)
  }

  private func runningSum(_ parts: AxisParts, backwards: Bool) -> Tensor {
    let x = detached
    let result = Tensor(uninitialized: shape, on: context)
    x.scan(parts) { place, _ in
      var sum = 0.0
      for step in 0..<parts.length {
        let index = place(backwards ? parts.length - 1 - step : step)
        unsafe sum += Double(x.pointer[index])
        unsafe result.pointer[index] = Float(sum)
      }
    }
    return result
  }

  /// Runs `body` for each line of elements along an axis: with the places of the elements in it, and
  /// the place of the line among all lines.
  private func scan(
    _ parts: AxisParts, _ body: @Sendable (_ place: (Int) -> Int, _ line: Int) -> Void
  ) {
    let step = max(1, 16_384 / max(parts.length * parts.inner, 1))
    context.workers.forEach((parts.outer + step - 1) / step) { piece in
      for outer in piece * step..<min((piece + 1) * step, parts.outer) {
        for inner in 0..<parts.inner {
          body(
            { (outer * parts.length + $0) * parts.inner + inner }, outer * parts.inner + inner)
        }
      }
    }
  }
}

/// A shape seen from one of its axes: outer × length × inner.
package struct AxisParts: Sendable {
  package let axis: Int
  package let outer: Int
  package let length: Int
  package let inner: Int
  /// The shape without the axis.
  package let shapeWithout: [Int]
}

extension Tensor {
  /// - Parameter axis: Counted from the end if negative.
  package func parts(around axis: Int, for operation: StaticString) -> AxisParts {
    let place = axis < 0 ? axis + shape.count : axis
    precondition(
      shape.indices.contains(place), "\(operation) expected an axis \(axis), found \(shape)")
    return AxisParts(
      axis: place, outer: shape[..<place].reduce(1, *), length: shape[place],
      inner: shape[(place + 1)...].reduce(1, *),
      shapeWithout: Array(shape[..<place] + shape[(place + 1)...]))
  }

  /// The first element.
  var pointer: UnsafeMutablePointer<Float> { unsafe buffer.address + offset }
}
