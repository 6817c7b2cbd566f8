extension ValueTransform {
  /// NaN for what is not finite or has no image.
  func working(_ values: [Double]) -> [Double] {
    values.map { $0.isFinite ? self($0) : .nan }
  }
}

extension [Double] {
  /// Images of one transform as those of another; NaN where the other has none.
  func translated(from: ValueTransform, to: ValueTransform) -> [Double] {
    from == to ? self : map { to(from.inverse($0)) }
  }
}
