/// The plain version of a tensor: Double, no cleverness, nothing shared with what it checks.
public struct DoubleArray: Sendable, Equatable {
  public var shape: [Int]
  /// In row-major order.
  public var values: [Double]

  public init(_ values: [Double], shape: [Int]) {
    precondition(values.count == shape.reduce(1, *))
    self.values = values
    self.shape = shape
  }

  public init(_ value: Double) { self.init([value], shape: []) }

  /// Element by element, from its index along each axis.
  public init(_ shape: [Int], _ element: ([Int]) -> Double) {
    self.shape = shape
    values = []
    let count = shape.reduce(1, *)
    values.reserveCapacity(count)
    for place in 0..<count {
      var index = [Int](repeating: 0, count: shape.count)
      var rest = place
      for axis in shape.indices.reversed() {
        index[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      values.append(element(index))
    }
  }

  /// Numbers between −1 and 1 without a pattern to speak of, the same for every run: cos(phase + i).
  /// Rounded to Float, so that a tensor can hold them.
  public static func cosines(_ shape: [Int], phase: Double = 0, scale: Double = 1) -> DoubleArray {
    var next = phase
    return DoubleArray(shape) { _ in
      next += 1
      return Double(Float(scale * cosine(next * next * 0.37 + next)))
    }
  }

  public var count: Int { values.count }

  public subscript(_ index: Int...) -> Double { self[index] }

  public subscript(_ index: [Int]) -> Double {
    var place = 0
    for axis in shape.indices { place = place * shape[axis] + index[axis] }
    return values[place]
  }

  /// The element that stands at the index of a larger array which this one repeats to fill.
  public func repeating(at index: [Int]) -> Double {
    let own = index.suffix(shape.count)
    return self[zip(own, shape).map { $1 == 1 ? 0 : $0 }]
  }

  public func map(_ transform: (Double) -> Double) -> DoubleArray {
    DoubleArray(values.map(transform), shape: shape)
  }

  public var sum: Double { values.reduce(0, +) }

  public var largestMagnitude: Double { values.reduce(0) { max($0, abs($1)) } }
}
