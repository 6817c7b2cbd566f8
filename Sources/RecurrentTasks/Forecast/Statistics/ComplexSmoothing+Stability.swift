extension ComplexSmoothing.Form {
  /// A season of more steps is not added to a level.
  static let longestAddedSeason = 200

  /// Whether an error of long ago matters no more: whether the states, as they follow from the values,
  /// are stable.
  ///
  /// Level and season are known by their sum only, which leaves a root at about 1 that hardly
  /// any value moves: it may be beyond by 0.5 per season.
  package func forgets(_ weights: SIMD4<Double>, season: Int) -> Bool {
    // Of a pair, as polynomials of the step back in time: the greatest power's coefficient is last.
    func transition(_ real: Double, _ imaginary: Double) -> [Double] {
      [2 - real - imaginary, real - 2, 1]
    }
    func effect(_ real: Double, _ imaginary: Double) -> [Double] {
      [(imaginary - real) * (1 - real) - (1 - imaginary) * (real + imaginary), real - imaginary, 0]
    }
    let level = transition(weights[0], weights[1])
    let closed = zip(level, effect(weights[0], weights[1])).map { $0 + $1 }
    let seasonal: (transition: [Double], effect: [Double])
    switch self {
    case .none, .simple: return isStable(closed)
    case .partial: seasonal = ([-1, 1], [weights[2], 0])
    case .full:
      seasonal = (transition(weights[2], weights[3]), effect(weights[2], weights[3]))
    }
    // The error is y less what both expect: one and their effects, each over its transition, are 0.
    var product = [Double](repeating: 0, count: 3 + (seasonal.transition.count - 1) * season)
    for power in seasonal.transition.indices {
      for place in 0..<3 {
        product[power * season + place] +=
          closed[place] * seasonal.transition[power] + level[place] * seasonal.effect[power]
      }
    }
    // Roots are divided by what they may be.
    var factor = 1.0
    for power in product.indices {
      product[power] *= factor
      factor *= 1 + 0.5 / Double(season)
    }
    return isStable(product)
  }
}

/// Whether all roots of a polynomial, from its constant on, are within the unit circle: the method of
/// Schur and Cohn.
private func isStable(_ coefficients: [Double]) -> Bool {
  var polynomial = coefficients
  for last in stride(from: polynomial.count - 1, to: 0, by: -1) {
    let ratio = polynomial[0] / polynomial[last]
    guard abs(ratio) < 1 else { return false }
    // p(z) − ratio · z^last p(1/z) has one power less, with no constant: both ends meet in the middle.
    var low = 0
    var high = last
    while low <= high {
      let (first, second) = (polynomial[low], polynomial[high])
      polynomial[low] = first - ratio * second
      polynomial[high] = second - ratio * first
      low += 1
      high -= 1
    }
    for power in 0..<last { polynomial[power] = polynomial[power + 1] }
  }
  return true
}
