import RecurrentCore

// What "equal" means where two computations cannot agree to the bit: |a − b| ≤ 1e-5 (1 + |b|) for
// each value; for a gradient, the largest |a − b| of a tensor ≤ 1e-5 (1 + its largest |b|).
//
// The functions give nil, or a sentence on the worst difference: `#expect(mismatch(a, b) == nil)`.

public func mismatch(
  _ found: Tensor, _ expected: DoubleArray, tolerance: Double = 1e-5
) -> String? {
  compare(found, expected) { tolerance * (1 + abs($0)) }
}

public func gradientMismatch(
  _ found: Tensor, _ expected: DoubleArray, tolerance: Double = 1e-5
) -> String? {
  let limit = tolerance * (1 + expected.largestMagnitude)
  return compare(found, expected) { _ in limit }
}

public func mismatch(_ found: Tensor, _ expected: Tensor, tolerance: Double = 1e-5) -> String? {
  mismatch(found, DoubleArray(expected), tolerance: tolerance)
}

/// Nil if the tensors have the same shape and the same bits.
public func difference(_ found: Tensor, _ expected: Tensor) -> String? {
  if found.shape != expected.shape {
    return "expected the shape \(expected.shape), found \(found.shape)"
  }
  let (a, b) = (found.elements, expected.elements)
  for place in a.indices where a[place].bitPattern != b[place].bitPattern {
    return "element \(place): expected the bits of \(b[place]), found \(a[place])"
  }
  return nil
}

private func compare(
  _ found: Tensor, _ expected: DoubleArray, limit: (Double) -> Double
) -> String? {
  if found.shape != expected.shape {
    return "expected the shape \(expected.shape), found \(found.shape)"
  }
  var worst: (place: Int, excess: Double)?
  let elements = found.elements
  for (place, value) in expected.values.enumerated() {
    let a = Double(elements[place])
    if a == value || (a.isNaN && value.isNaN) { continue }
    let excess = abs(a - value) / limit(value)
    // Not ≤, so that a NaN counts.
    if !(excess <= 1), worst.map({ !(excess <= $0.excess) }) ?? true { worst = (place, excess) }
  }
  return worst.map { worst in
    "element \(worst.place) of \(found.shape): expected \(expected.values[worst.place]), found "
      + "\(elements[worst.place]), \(worst.excess) times the tolerance"
  }
}

extension DoubleArray {
  public init(_ tensor: Tensor) {
    self.init(tensor.elements.map { Double($0) }, shape: tensor.shape)
  }
}

extension Tensor {
  public init(_ array: DoubleArray, on context: ComputeContext = .default) {
    self.init(array.values.map { Float($0) }, shape: array.shape, on: context)
  }
}
