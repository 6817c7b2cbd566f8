extension ComputeContext {
  /// Σⱼ x[i][j], or Σⱼ x[i][j] y[i][j], for each row i.
  ///
  /// Products are rounded to Float and added in an order that depends on the length of a row alone.
  func sumRows(_ x: Tensor, times y: Tensor? = nil, rows: Int) -> Tensor {
    let sums = Tensor(uninitialized: [rows], on: self)
    let width = rows == 0 ? 0 : x.count / rows
    let step = max(1, 16_384 / max(width, 1))
    workers.forEach((rows + step - 1) / step) { piece in
      for row in piece * step..<min((piece + 1) * step, rows) {
        let start = unsafe UnsafePointer(x.buffer.address + x.offset + row * width)
        let sum =
          if let y {
            unsafe dot(start, UnsafePointer(y.buffer.address + y.offset + row * width), width)
          } else {
            unsafe total(start, width)
          }
        unsafe sums.buffer.address[row] = Float(sum)
      }
    }
    return sums
  }

  /// The largest element of each row; −∞ for a row of none, NaN where there is one.
  func largestOfRows(_ x: Tensor, rows: Int) -> Tensor {
    let result = Tensor(uninitialized: [rows], on: self)
    let width = rows == 0 ? 0 : x.count / rows
    let step = max(1, 16_384 / max(width, 1))
    workers.forEach((rows + step - 1) / step) { piece in
      for row in piece * step..<min((piece + 1) * step, rows) {
        unsafe result.buffer.address[row] = largest(
          UnsafePointer(x.buffer.address + x.offset + row * width), width)
      }
    }
    return result
  }

  /// The sum of all elements, or of all products: in pieces of one length, added in order.
  func sumAll(_ x: Tensor, times y: Tensor? = nil) -> Double {
    let length = 16_384
    let whole = x.count / length
    let rest = x.count - whole * length
    var sum = 0.0
    if whole > 0 {
      let head = Tensor(buffer: x.buffer, offset: x.offset, shape: [whole * length])
      let other = y.map {
        Tensor(buffer: $0.buffer, offset: $0.offset, shape: [whole * length])
      }
      sumRows(head, times: other, rows: whole).withElements { sums in
        for index in sums.indices { sum += Double(sums[index]) }
      }
    }
    let tail = x.offset + whole * length
    if let y {
      unsafe sum += dot(
        UnsafePointer(x.buffer.address + tail),
        UnsafePointer(y.buffer.address + y.offset + whole * length), rest)
    } else {
      unsafe sum += total(UnsafePointer(x.buffer.address + tail), rest)
    }
    withExtendedLifetime((x, y)) {}
    return sum
  }
}

private typealias Lanes = SIMD16<Float>

/// Floats that are added in single precision before the sum goes on in double.
private let run = 512

private func total(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
  var sum = 0.0
  var start = 0
  while start < count {
    let end = min(start + run, count)
    var lanes = Lanes()
    var index = start
    while index + Lanes.scalarCount <= end {
      unsafe lanes += lanesAt(x + index)
      index += Lanes.scalarCount
    }
    var rest: Float = 0
    while index < end {
      unsafe rest += x[index]
      index += 1
    }
    sum += Double(lanes.sum() + rest)
    start = end
  }
  return sum
}

private func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Double {
  var sum = 0.0
  var start = 0
  while start < count {
    let end = min(start + run, count)
    var lanes = Lanes()
    var index = start
    while index + Lanes.scalarCount <= end {
      unsafe lanes += lanesAt(x + index) * lanesAt(y + index)
      index += Lanes.scalarCount
    }
    var rest: Float = 0
    while index < end {
      unsafe rest += x[index] * y[index]
      index += 1
    }
    sum += Double(lanes.sum() + rest)
    start = end
  }
  return sum
}

private func largest(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var lanes = Lanes(repeating: -.infinity)
  var index = 0
  while index + Lanes.scalarCount <= count {
    let next = unsafe lanesAt(x + index)
    // A NaN is not ≤ anything, so it comes in; once in, it stays, for it does not equal itself.
    lanes.replace(with: next, where: .!(next .<= lanes) .& (lanes .== lanes))
    index += Lanes.scalarCount
  }
  var result = -Float.infinity
  for lane in lanes.indices where !(lanes[lane] <= result) && !result.isNaN {
    result = lanes[lane]
  }
  while index < count {
    let next = unsafe x[index]
    if !(next <= result) && !result.isNaN { result = next }
    index += 1
  }
  return result
}

@inline(__always)
private func lanesAt(_ address: UnsafePointer<Float>) -> Lanes {
  unsafe UnsafeRawPointer(address).loadUnaligned(as: Lanes.self)
}
