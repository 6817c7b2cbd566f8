import RecurrentCore
import TestSupport
import Testing

@Suite struct ElementwiseProgramTests {
  /// Sample points over all magnitudes that the function takes, and its values in Double.
  struct FunctionCase: Sendable, CustomStringConvertible {
    let description: String
    let samples: [Float]
    let program: ElementwiseProgram
    let function: @Sendable (Double) -> Double

    init(
      _ name: String, _ samples: [Float], _ term: (Term) -> Term,
      function: @escaping @Sendable (Double) -> Double
    ) {
      description = name
      self.samples = samples
      program = ElementwiseProgram { $0.store(term($0.input(0)), to: 0) }
      self.function = function
    }
  }

  static let positive: [Float] = (-120...120).map { Float(exponential(Double($0) * 0.7 + 0.1)) }
  static let signed: [Float] = positive.filter { $0 < 100 }.flatMap { x in [x, -x] } + [0]

  static let functions = [
    FunctionCase("exp", signed.filter { abs($0) < 87 }, exp, function: exponential),
    FunctionCase("log", positive + [1, 0.999, 1.001], log, function: logarithm),
    FunctionCase("tanh", signed, tanh, function: hyperbolicTangent),
    FunctionCase("sigmoid", signed.filter { $0 > -87 }, sigmoid, function: logistic),
    FunctionCase("sqrt", positive + [0], sqrt) { $0.squareRoot() },
    FunctionCase("abs", signed, abs) { Swift.abs($0) },
    FunctionCase("floor", signed, floor) { $0.rounded(.down) },
    FunctionCase("reciprocal", positive, { 1 / $0 }, function: { 1 / $0 }),
    FunctionCase("2 / x", positive, { 2 / $0 }, function: { 2 / $0 }),
    FunctionCase("x / 3", signed, { $0 / 3 }, function: { $0 / 3 }),
    FunctionCase("x - 3", signed, { $0 - 3 }, function: { $0 - 3 }),
    FunctionCase("3 - x", signed, { 3 - $0 }, function: { 3 - $0 }),
  ]

  @Test(arguments: functions)
  func functionsAreWithinFourUnitsInTheLastPlace(_ test: FunctionCase) {
    for machine in Machine.all {
      let x = Tensor(test.samples, shape: [test.samples.count], on: machine.context)
      let found = test.program(x).elements
      for (sample, value) in zip(test.samples, found) {
        let expected = test.function(Double(sample))
        let unit = Double(Float(expected).ulp)
        #expect(
          Swift.abs(Double(value) - expected) <= 4 * unit,
          "\(machine): \(test)(\(sample)) is \(expected), found \(value)")
      }
    }
  }

  static let adam = ElementwiseProgram { formula in
    let weight = formula.target(0)
    let mean = formula.target(1)
    let square = formula.target(2)
    let gradient = formula.input(0)
    let nextMean = mean * formula.value(0) + gradient * (1 - formula.value(0))
    let nextSquare = square * formula.value(1) + gradient * gradient * (1 - formula.value(1))
    formula.store(nextMean, to: 1)
    formula.store(nextSquare, to: 2)
    formula.store(
      weight - nextMean * formula.value(2) / (sqrt(nextSquare) + formula.constant(1e-8)), to: 0)
  }

  @Test(arguments: [1, 5, 700, 70_001])
  func severalTensorsAreUpdatedInPlace(count: Int) {
    let arrays = (0..<4).map { DoubleArray.cosines([count], phase: Double($0)) }
    for machine in Machine.all {
      var weight = Tensor(arrays[0], on: machine.context)
      var mean = Tensor(arrays[1], on: machine.context)
      var square = Tensor(arrays[2].map { $0 * $0 }, on: machine.context)
      let gradient = Tensor(arrays[3], on: machine.context)
      let kept = weight
      Self.adam.update(
        &weight, &mean, &square, reading: [gradient], values: [0.9, 0.99, 0.1])
      let place = count - 1
      let (w, m, v, g) = (
        arrays[0][place], arrays[1][place], arrays[2][place] * arrays[2][place], arrays[3][place]
      )
      let nextM = 0.9 * m + 0.1 * g
      let nextV = 0.99 * v + 0.01 * g * g
      #expect(abs(Double(mean.elements[place]) - nextM) < 1e-6)
      #expect(abs(Double(square.elements[place]) - nextV) < 1e-6)
      #expect(
        abs(Double(weight.elements[place]) - (w - 0.1 * nextM / nextV.squareRoot())) < 1e-5)
      #expect(kept.elements == arrays[0].values.map { Float($0) }, "a copy was written")
    }
  }

  @Test func aFormulaMayUseATermOften() {
    let program = ElementwiseProgram { formula in
      let x = formula.input(0)
      var sum = x
      // So many live terms that slots have to be shared and cannot all be.
      let powers = (0..<20).map { x + Float($0) }
      for power in powers { sum = sum + power * power }
      formula.store(sum, to: 1)
      formula.store(-x, to: 0)
    }
    let x = Tensor(DoubleArray.cosines([137]))
    let results = program.outputs([x], shape: [137], on: x.context)
    let expected = DoubleArray(x).map { x in
      (0..<20).reduce(x) { $0 + (x + Double($1)) * (x + Double($1)) }
    }
    #expect(mismatch(results[1], expected) == nil)
    #expect(mismatch(results[0], DoubleArray(x).map { -$0 }) == nil)
  }

  @Test func broadcastsAreFound() {
    #expect(Broadcast(of: [5], to: [3, 5])?.axis == 3)
    #expect(Broadcast(of: [3, 1], to: [3, 5])?.axis == 5)
    #expect(Broadcast(of: [], to: [3, 5])?.axis == 15)
    #expect(Broadcast(of: [2, 1, 1, 5], to: [2, 3, 1, 5])?.axis == 3)
    #expect(Broadcast(of: [1, 3, 1], to: [2, 3, 5]) == nil)
    #expect(Broadcast(of: [4], to: [3, 5]) == nil)
    #expect(Broadcast(of: [3, 5], to: [5]) == nil)
  }
}
