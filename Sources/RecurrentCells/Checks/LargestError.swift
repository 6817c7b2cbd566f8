/// The largest of errors; one that is not a number stands above all others.
package struct LargestError: Sendable {
  package private(set) var value = 0.0

  package init() {}

  package mutating func insert(_ error: Double) {
    // Not >, which no NaN passes; and a NaN stays.
    if !value.isNaN, !(error <= value) { value = error }
  }

  /// Each value on its own: |a − b| / (1 + |b|).
  package mutating func insert(values found: [Double], expected: [Double]) {
    guard sameCount(found, expected) else { return }
    for (a, b) in zip(found, expected) where a != b {
      insert((a - b).magnitude / (1 + b.magnitude))
    }
  }

  /// A gradient as a whole: the largest |a − b| / (1 + the largest |b|).
  package mutating func insert(gradient found: [Double], expected: [Double]) {
    guard sameCount(found, expected) else { return }
    var (difference, scale) = (LargestError(), LargestError())
    for (a, b) in zip(found, expected) {
      difference.insert((a - b).magnitude)
      scale.insert(b.magnitude)
    }
    // Beside an infinite element no difference would show.
    insert(scale.value.isFinite ? difference.value / (1 + scale.value) : .nan)
  }

  /// The relative difference of values whose bits differ; never 0 for them.
  package mutating func insert(bits found: [Double], expected: [Double]) {
    guard sameCount(found, expected) else { return }
    for (a, b) in zip(found, expected) where a.bitPattern != b.bitPattern {
      let error = (a - b).magnitude / (1 + b.magnitude)
      insert(error == 0 ? .leastNonzeroMagnitude : error)
    }
  }

  private mutating func sameCount(_ found: [Double], _ expected: [Double]) -> Bool {
    if found.count != expected.count { insert(.infinity) }
    return found.count == expected.count
  }
}
