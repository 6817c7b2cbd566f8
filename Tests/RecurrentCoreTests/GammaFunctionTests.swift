import RecurrentCore
import TestSupport
import Testing

private let golden = GoldenFile("distributions", of: "scipy")

private func arrays(_ name: String) -> (String) -> [Double] {
  let found = golden.cases.first { $0.name == name }!
  return { found.array($0).values }
}

@Suite struct GammaFunctionTests {
  /// Arguments from 1e-4 to 1e6, and some beside the functions' zeros.
  @Test(arguments: Machine.all)
  func theOperationHasSixDigitsWithItsGradient(_ machine: Machine) {
    let gamma = arrays("gamma")
    let x = gamma("x")
    let (_, gradient) = valueAndGradient(
      of: Tensor(DoubleArray(x, shape: [x.count]), on: machine.context)
    ) { x in
      let values = logGamma(x)
      expectRelative(values.elements.map { Double($0) }, gamma("log_gamma"), 1e-6)
      return values.sum()
    }
    expectRelative(gradient.elements.map { Double($0) }, gamma("digamma"), 1e-6)
  }

  @Test func inDoubleThereAreTwelve() {
    let gamma = arrays("gamma")
    // Beside a zero there are as many digits of the 1 that was subtracted.
    for (x, expected) in zip(gamma("x"), gamma("log_gamma")) {
      #expect(abs(logGamma(x) - expected) <= 1e-12 * abs(expected) + 1e-14, "\(x)")
    }
    for (x, expected) in zip(gamma("x"), gamma("digamma")) {
      #expect(abs(digamma(x) - expected) <= 1e-12 * abs(expected) + 1e-14, "\(x)")
    }
  }

  @Test func differencesAreNotLostInLargeNumbers() {
    let rises = arrays("gamma_rises")
    let (x, y) = (rises("x"), rises("y"))
    expectRelative(zip(x, y).map { logGammaRise($0, by: $1) }, rises("log_gamma_rise"), 1e-12)
    expectRelative(zip(x, y).map { digammaRise($0, by: $1) }, rises("digamma_rise"), 1e-12)
  }

  @Test func outsideItsArgumentsItSaysSo() {
    let values = logGamma(Tensor([0, -1.5, .infinity, .nan], shape: [4])).elements
    #expect(values[0] == .infinity && values[2] == .infinity)
    #expect(values[1].isNaN && values[3].isNaN)
  }

  private func expectRelative(
    _ found: [Double], _ expected: [Double], _ tolerance: Double,
    location: SourceLocation = #_sourceLocation
  ) {
    for (place, pair) in zip(found, expected).enumerated() {
      #expect(
        abs(pair.0 - pair.1) <= tolerance * abs(pair.1), "place \(place)",
        sourceLocation: location)
    }
  }
}
