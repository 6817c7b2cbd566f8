extension Tensor {
  /// The same elements in memory order under another shape. Shares memory.
  ///
  /// - Parameter shape: At most one size is −1: what is left.
  public func reshaped(_ shape: [Int]) -> Tensor {
    var sizes = shape
    if let open = sizes.firstIndex(of: -1) {
      sizes[open] = 1
      let known = sizes.reduce(1, *)
      sizes[open] = known == 0 ? 0 : count / known
    }
    precondition(
      sizes.allSatisfy { $0 >= 0 } && sizes.reduce(1, *) == count,
      "reshaped expected a shape of \(count) elements, found \(shape)")
    let old = self.shape
    return Tensor.record("reshaped", inputs: [self], output: view(offset: 0, shape: sizes)) {
      [$0.view(offset: 0, shape: old)]
    }
  }

  /// The axes in another order: axis `axes[i]` becomes axis i.
  public func transposed(_ axes: [Int]) -> Tensor {
    precondition(
      axes.sorted() == Array(shape.indices),
      "transposed expected each axis of \(shape) once, found \(axes)")
    var back = axes
    for (index, axis) in axes.enumerated() { back[axis] = index }
    let inverse = back
    return Tensor.record("transposed", inputs: [self], output: permuted(axes)) {
      [$0.permuted(inverse)]
    }
  }

  /// A matrix's transpose.
  public func transposed() -> Tensor {
    precondition(shape.count == 2, "transposed expected a matrix, found \(shape)")
    return transposed([1, 0])
  }

  /// The elements at the places `range` of an axis. Shares memory where they stand together.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func slice(axis: Int, range: Range<Int>) -> Tensor {
    let parts = parts(around: axis, for: "slice")
    precondition(
      range.lowerBound >= 0 && range.upperBound <= parts.length,
      "slice expected a range within 0..<\(parts.length) at axis \(axis), found \(range)")
    let shape = shape
    return Tensor.record("slice", inputs: [self], output: part(parts, range)) { gradient in
      let back = Tensor.zeros(shape, on: gradient.context)
      gradient.copy(into: back, parts, at: range.lowerBound)
      return [back]
    }
  }

  /// Neighbouring slices of the given sizes along an axis, which they fill.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func split(axis: Int, sizes: [Int]) -> [Tensor] {
    let parts = parts(around: axis, for: "split")
    precondition(
      sizes.reduce(0, +) == parts.length && sizes.allSatisfy { $0 >= 0 },
      "split expected sizes that add up to \(parts.length), found \(sizes)")
    var start = 0
    let ranges = sizes.map { size in
      defer { start += size }
      return start..<start + size
    }
    let shape = shape
    let context = context
    return Tensor.record(
      "split", inputs: [self], outputs: ranges.map { part(parts, $0) }
    ) { gradients in
      let isWhole = gradients.allSatisfy { $0 != nil }
      let back =
        isWhole ? Tensor(uninitialized: shape, on: context) : Tensor.zeros(shape, on: context)
      for (gradient, range) in zip(gradients, ranges) {
        gradient?.copy(into: back, parts, at: range.lowerBound)
      }
      return [back]
    }
  }

  /// Neighbouring slices along an axis, made as they are asked for.
  ///
  /// - Parameters:
  ///   - size: Places in each slice, at least 1; the last one may have fewer.
  ///   - axis: Counted from the end if negative.
  public func chunks(of size: Int, axis: Int = 0) -> some Sequence<Tensor> {
    let length = parts(around: axis, for: "chunks").length
    precondition(size >= 1, "chunks expected at least 1 place in each, found \(size)")
    let count = length / size + (length % size == 0 ? 0 : 1)
    return (0..<count).lazy.map { index in
      let start = index * size
      return slice(axis: axis, range: start..<start + min(size, length - start))
    }
  }

  /// The places of an axis in reverse order.
  ///
  /// - Parameter axis: Counted from the end if negative.
  public func reversed(axis: Int) -> Tensor {
    let parts = parts(around: axis, for: "reversed")
    return Tensor.record("reversed", inputs: [self], output: flipped(parts)) {
      [$0.flipped(parts)]
    }
  }

  /// Repeats axes of size 1, and axes in front, to fill a larger shape; they must be neighbours.
  public func expanded(to shape: [Int]) -> Tensor {
    precondition(
      Broadcast(of: self.shape, to: shape) != nil,
      "expanded expected a shape that \(self.shape) repeats to fill, found \(shape)")
    let old = self.shape
    return Tensor.record("expanded", inputs: [self], output: repeated(to: shape)) {
      [$0.summed(to: old)]
    }
  }

  /// The rows at the given places: an embedding's look-up.
  ///
  /// - Parameter indices: Each 0 ..< rows; any may come more than once.
  /// - Returns: [indices, …] of a tensor [rows, …].
  public func gatherRows(_ indices: [Int]) -> Tensor {
    precondition(!shape.isEmpty, "gatherRows expected an axis of rows, found a single number")
    let rows = shape[0]
    for index in indices {
      precondition(
        index >= 0 && index < rows, "gatherRows expected rows 0..<\(rows), found \(index)")
    }
    let shape = shape
    let width = shape.dropFirst().reduce(1, *)
    let x = detached
    let result = Tensor(uninitialized: [indices.count] + shape.dropFirst(), on: context)
    let step = max(1, 16_384 / max(width, 1))
    context.workers.forEach((indices.count + step - 1) / step) { piece in
      for place in piece * step..<min((piece + 1) * step, indices.count) {
        unsafe (result.pointer + place * width).update(
          from: x.pointer + indices[place] * width, count: width)
      }
    }
    return Tensor.record("gatherRows", inputs: [self], output: result) { gradient in
      let back = Tensor.zeros(shape, on: gradient.context)
      // A row may be looked up often: every piece adds up some columns, in the order of the indices.
      let columns = 64
      gradient.context.workers.forEach((width + columns - 1) / columns) { piece in
        let range = piece * columns..<min((piece + 1) * columns, width)
        for (place, index) in indices.enumerated() {
          for column in range {
            unsafe back.pointer[index * width + column] +=
              gradient.pointer[
                place * width + column]
          }
        }
      }
      return [back]
    }
  }

  // MARK: Untraced

  /// A part of the same memory, outside any tape.
  package func view(offset: Int, shape: [Int]) -> Tensor {
    Tensor(buffer: buffer, offset: self.offset + offset, shape: shape)
  }

  /// The elements at `range` of an axis: shared where they stand together, copied where not.
  private func part(_ parts: AxisParts, _ range: Range<Int>) -> Tensor {
    var sizes = shape
    sizes[parts.axis] = range.count
    let start = range.lowerBound * parts.inner
    if parts.outer == 1 { return view(offset: start, shape: sizes) }
    let result = Tensor(uninitialized: sizes, on: context)
    let length = range.count * parts.inner
    context.copyRuns(
      count: parts.outer, length: length, from: self, start: start,
      stride: parts.length * parts.inner, to: result, targetStride: length)
    return result
  }

  /// Copies this into a slice of a larger tensor, which `parts` describes.
  fileprivate func copy(into target: Tensor, _ parts: AxisParts, at start: Int) {
    let length = parts.outer == 0 ? 0 : count / parts.outer
    context.copyRuns(
      count: parts.outer, length: length, from: self, stride: length, to: target,
      targetStart: start * parts.inner, targetStride: parts.length * parts.inner)
  }

  private func permuted(_ axes: [Int]) -> Tensor {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let result = Tensor(uninitialized: axes.map { shape[$0] }, on: context)
    context.copyStrided(
      from: self, strides: axes.map { strides[$0] }, to: result, shape: result.shape)
    return result
  }

  private func flipped(_ parts: AxisParts) -> Tensor {
    let result = Tensor(uninitialized: shape, on: context)
    let block = parts.length * parts.inner
    for outer in 0..<parts.outer where parts.length > 0 {
      context.copyRuns(
        count: parts.length, length: parts.inner, from: self,
        start: outer * block + block - parts.inner, stride: -parts.inner, to: result,
        targetStart: outer * block, targetStride: parts.inner)
    }
    return result
  }
}

/// Tensors one after the other along an axis.
///
/// - Parameters:
///   - tensors: At least one; equal in every other axis.
///   - axis: Counted from the end if negative.
public func concatenated(_ tensors: [Tensor], alongAxis axis: Int) -> Tensor {
  guard let first = tensors.first else {
    preconditionFailure("concatenated expected at least one tensor")
  }
  let place = first.parts(around: axis, for: "concatenated").axis
  var shape = first.shape
  shape[place] = 0
  for tensor in tensors {
    var other = tensor.shape
    precondition(other.count == shape.count, mismatch(first, tensor))
    other[place] = 0
    precondition(other == shape, mismatch(first, tensor))
  }
  func mismatch(_ first: Tensor, _ other: Tensor) -> String {
    "concatenated expected shapes that differ at axis \(axis) only, found \(first.shape) and "
      + "\(other.shape)"
  }
  let sizes = tensors.map { $0.shape[place] }
  shape[place] = sizes.reduce(0, +)
  let result = Tensor(uninitialized: shape, on: first.context)
  let parts = result.parts(around: place, for: "concatenated")
  var start = 0
  for tensor in tensors {
    tensor.copy(into: result, parts, at: start)
    start += tensor.shape[place]
  }
  return Tensor.record("concatenated", inputs: tensors, outputs: [result]) { gradients in
    gradients[0]!.split(axis: place, sizes: sizes)
  }[0]
}

/// Tensors of one shape as the places of a new axis.
///
/// - Parameters:
///   - tensors: At least one.
///   - axis: Where the new axis stands in the result; counted from the end if negative.
public func stacked(_ tensors: [Tensor], alongAxis axis: Int = 0) -> Tensor {
  guard let first = tensors.first else {
    preconditionFailure("stacked expected at least one tensor")
  }
  let place = axis < 0 ? axis + first.shape.count + 1 : axis
  precondition(
    place >= 0 && place <= first.shape.count,
    "stacked expected an axis \(axis) within \(first.shape.count + 1) axes")
  for tensor in tensors {
    precondition(
      tensor.shape == first.shape,
      "stacked expected equal shapes, found \(first.shape) and \(tensor.shape)")
  }
  let shape = first.shape[..<place] + [1] + first.shape[place...]
  return concatenated(tensors.map { $0.reshaped(Array(shape)) }, alongAxis: place)
}
