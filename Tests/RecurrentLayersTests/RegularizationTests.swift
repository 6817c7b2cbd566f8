import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// The noise of a recurrent layer: what it does, that its mean is what it should be, and that it
/// acts with a key only.
///
/// Means are taken over so many drawings of fixed keys, and within so many deviations, that they
/// hold or do not hold once and for all.
@Suite struct RegularizationTests {
  /// h = W x + R h₋₁, in which means go straight through.
  static func linearCell() throws -> Cell {
    try Cell("linear") { step in
      let h = step.state("h")
      let next = step.affine(["h"], of: step.input, h, bias: false)["h"]
      step.next(h, next)
      step.output(next)
    }
  }

  /// c = W x + R h₋₁ + c₋₁ / 2, h = 0.8 c.
  static func linearMemory() throws -> Cell {
    try Cell("linear memory") { step in
      let h = step.state("h")
      let c = step.state("c")
      let next = step.affine(["c"], of: step.input, h, bias: false)["c"] + 0.5 * c
      step.next(c, next)
      let shown = 0.8 * next
      step.next(h, shown)
      step.output(shown)
    }
  }

  /// h = W x + R (r ⊙ h₋₁) with a gate that is open, as the GRU's candidate has it.
  static func gatedCell() throws -> Cell {
    try Cell("gated") { step in
      let h = step.state("h")
      let gated = step.parameter("gate", start: .constant(1)) * h
      let next = step.affine(["h"], of: step.input, gated, bias: false)["h"]
      step.next(h, next)
      step.output(next)
    }
  }

  static func identity(_ size: Int) -> Tensor {
    Tensor((0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 }, shape: [size, size])
  }

  /// A layer with the matrices given.
  static func layer(
    _ cell: Cell, _ regularization: Regularization, input: Tensor, recurrent: Tensor
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      cell, inputSize: input.shape[1], hiddenSize: input.shape[0], regularization: regularization,
      key: RandomKey(seed: 1)
    ).mapTensors { path, tensor in
      switch path.description {
      case "weight_ih_l0": input
      case "weight_hh_l0": recurrent
      default: tensor
      }
    }
  }

  /// How many deviations of its mean the mean of numbers is from a value.
  static func deviations(of numbers: [Float], from value: Double) -> Double {
    let count = Double(numbers.count)
    let mean = numbers.reduce(0) { $0 + Double($1) } / count
    let variance = numbers.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
    return variance == 0
      ? (abs(mean - value) < 1e-5 ? 0 : .infinity)
      : abs(mean - value) / (variance / count).squareRoot()
  }

  // MARK: Input dropout

  @Test func inputDropoutIsOneMaskForAllSteps() throws {
    let layer = try Self.layer(
      Self.linearCell(), Regularization(inputDropout: 0.25), input: Self.identity(40),
      recurrent: .zeros([40, 40]))
    let ones = Tensor(repeating: 1, shape: [3, 50, 40])
    let output = layer(ones, key: RandomKey(seed: 5)).output
    let steps = output.split(axis: 0, sizes: [1, 1, 1]).map(\.elements)
    #expect(steps[0] == steps[1] && steps[1] == steps[2])
    #expect(steps[0].allSatisfy { $0 == 0 || abs($0 - 4.0 / 3) < 1e-6 })
    #expect(Self.deviations(of: steps[0], from: 1) < 4)
    // Rows and features have their own.
    let rows = stride(from: 0, to: 2000, by: 40).map { Array(steps[0][$0..<$0 + 40]) }
    #expect(Set(rows).count == 50)
  }

  @Test func inputDropoutOfALayerAbove() throws {
    // Two layers that pass on what they are given: a feature is there where both masks have it.
    let layer = try RecurrentLayer(
      Self.linearCell(), inputSize: 40, hiddenSize: 40, numLayers: 2,
      regularization: Regularization(inputDropout: 0.5), key: RandomKey(seed: 1)
    ).mapTensors { path, _ in
      path.description.hasPrefix("weight_ih") ? Self.identity(40) : .zeros([40, 40])
    }
    let found = layer(
      Tensor(repeating: 1, shape: [1, 50, 40]), key: RandomKey(seed: 5)
    ).output.elements
    #expect(found.allSatisfy { $0 == 0 || $0 == 4 })
    #expect(Self.deviations(of: found, from: 1) < 4)
  }

  // MARK: Recurrent dropout

  @Test(arguments: [linearCell, gatedCell])
  func recurrentDropoutIsOneMaskForAllSteps(_ cell: @Sendable () throws -> Cell) throws {
    let layer = try Self.layer(
      cell(), Regularization(recurrentDropout: 0.5), input: .zeros([40, 3]),
      recurrent: Self.identity(40))
    let state = RecurrentState(["h": Tensor(repeating: 1, shape: [1, 50, 40])])
    let output = layer(.zeros([3, 50, 3]), state: state, key: RandomKey(seed: 5)).output
    let steps = output.split(axis: 0, sizes: [1, 1, 1]).map(\.elements)
    #expect(Self.deviations(of: steps[0], from: 1) < 4)
    for (place, first) in steps[0].enumerated() {
      #expect(first == 0 || first == 2)
      #expect(steps[1][place] == first * first && steps[2][place] == first * first * first)
    }
  }

  @Test func recurrentDropoutKeepsTheMean() throws {
    // Over two steps no mask meets itself, so that the mean is the layer's without it.
    let (input, recurrent) = (wave([5, 3], phase: 0), wave([5, 5], phase: 1))
    let layer = try Self.layer(
      Self.linearCell(), Regularization(recurrentDropout: 0.3), input: input, recurrent: recurrent)
    try expectMean(of: layer, steps: 2, state: nil)
  }

  // MARK: Zoneout

  @Test func zoneoutKeepsOldValuesStepByStep() throws {
    let layer = try Self.layer(
      Self.linearCell(), Regularization(zoneout: ["h": 0.25]), input: Self.identity(40),
      recurrent: .zeros([40, 40]))
    var input = Tensor(repeating: 1, shape: [2, 50, 40])
    input = concatenated(
      [input.slice(axis: 0, range: 0..<1), input.slice(axis: 0, range: 1..<2) * 2], alongAxis: 0)
    let (output, state) = layer(input, key: RandomKey(seed: 5))
    let steps = output.split(axis: 0, sizes: [1, 1]).map(\.elements)
    #expect(state["h"].elements == steps[1])
    #expect(steps[0].allSatisfy { $0 == 0 || $0 == 1 })
    let kept = zip(steps[0], steps[1]).map { (first: $0, keeps: $0 == $1, takes: $1 == 2) }
    #expect(kept.allSatisfy { $0.keeps != $0.takes })
    #expect(Self.deviations(of: steps[0], from: 0.75) < 4)
    // The second step's mask is independent of the first's.
    for first in [0, 1] as [Float] {
      let takes = kept.filter { $0.first == first }.map { $0.takes ? Float(1) : 0 }
      #expect(Self.deviations(of: takes, from: 0.75) < 4)
    }
  }

  @Test func zoneoutHasTheMeanOfItsEvaluationForm() throws {
    let (input, recurrent) = (wave([5, 3], phase: 0), wave([5, 5], scale: 0.5, phase: 1))
    let layer = try Self.layer(
      Self.linearMemory(), Regularization(zoneout: ["h": 0.2, "c": 0.4]), input: input,
      recurrent: recurrent)
    let state = RecurrentState([
      "h": wave([1, 1, 5], phase: 7), "c": wave([1, 1, 5], phase: 8),
    ])
    try expectMean(of: layer, steps: 4, state: state)
  }

  /// s = p s₋₁ + (1 − p) s′, written out with a layer without zoneout, a step at a time.
  @Test func zoneoutWithoutAKeyIsItsEvaluationForm() throws {
    let zoned = try RecurrentLayer(
      .lstm(), inputSize: 7, hiddenSize: 11,
      regularization: Regularization(zoneout: ["h": 0.15, "c": 0.35]), key: RandomKey(seed: 3))
    let plain = try RecurrentLayer(
      .lstm(), inputSize: 7, hiddenSize: 11, key: RandomKey(seed: 3))
    let input = wave([5, 3, 7], phase: 100)
    var state = plain.zeroState(batch: 3)
    var outputs: [Tensor] = []
    for step in 0..<5 {
      let next = plain(input.slice(axis: 0, range: step..<step + 1), state: state).state
      state["h"] = 0.15 * state["h"] + 0.85 * next["h"]
      state["c"] = 0.35 * state["c"] + 0.65 * next["c"]
      outputs.append(state["h"])
    }
    let (output, final) = zoned(input)
    #expect(mismatch(output, concatenated(outputs, alongAxis: 0)) == nil)
    for name in final.names { #expect(mismatch(final[name], state[name]) == nil) }
  }

  // MARK: Weight dropout

  /// With the rows of the identity as states, a step shows the matrix.
  @Test func weightDropoutIsOneMaskForACall() throws {
    let recurrent = Tensor(repeating: 1, shape: [30, 30])
    let input = wave([30, 30], phase: 1)
    let layer = try Self.layer(
      Self.linearCell(), Regularization(weightDropout: 0.25), input: input, recurrent: recurrent)
    let state = RecurrentState(["h": Self.identity(30).reshaped([1, 30, 30])])
    let key = RandomKey(seed: 5)
    let output = layer(.zeros([2, 30, 30]), state: state, key: key).output
    let first = output.slice(axis: 0, range: 0..<1).reshaped([30, 30])
    let second = output.slice(axis: 0, range: 1..<2).reshaped([30, 30])
    #expect(first.elements.allSatisfy { $0 == 0 || abs($0 - 4.0 / 3) < 1e-6 })
    #expect(Self.deviations(of: first.elements, from: 1) < 4)
    // first is the matrix transposed, and the next step has it once more.
    #expect(mismatch(second, matmul(first, first)) == nil)
    // The matrix of the input stays as it is.
    let seen = layer(Self.identity(30).reshaped([1, 30, 30]), key: key).output
    #expect(mismatch(seen.reshaped([30, 30]), input.transposed()) == nil)
  }

  @Test func weightDropoutKeepsTheMean() throws {
    let recurrent = wave([5, 5], phase: 1)
    let layer = try Self.layer(
      Self.linearCell(), Regularization(weightDropout: 0.4), input: .zeros([5, 3]),
      recurrent: recurrent)
    let state = RecurrentState(["h": Self.identity(5).reshaped([1, 5, 5])])
    let drawn = (0..<400).map { seed in
      layer(.zeros([1, 5, 3]), state: state, key: RandomKey(seed: seed)).output.elements
    }
    for (place, expected) in recurrent.transposed().elements.enumerated() {
      #expect(Self.deviations(of: drawn.map { $0[place] }, from: Double(expected)) < 4)
    }
  }

  // MARK: All of it

  @Test func withoutAKeyNothingActs() throws {
    let noise = Regularization(inputDropout: 0.3, recurrentDropout: 0.4, weightDropout: 0.5)
    let input = wave([5, 3, 7], phase: 100)
    for cell in try [Cell.lstm(), .gru(), .slstm(heads: 1)] {
      func layer(_ regularization: Regularization) throws -> RecurrentLayer {
        try RecurrentLayer(
          cell, inputSize: 7, hiddenSize: 11, numLayers: 2, bidirectional: true,
          regularization: regularization, key: RandomKey(seed: 3))
      }
      let noisy = try layer(noise)
      let plain = try layer(Regularization())(input)
      let found = noisy(input)
      #expect(mismatch(found.output, plain.output, tolerance: 1e-6) == nil)
      for name in plain.state.names {
        #expect(mismatch(found.state[name], plain.state[name], tolerance: 1e-6) == nil)
      }
      let first = noisy(input, key: RandomKey(seed: 1)).output.elements
      #expect(first != found.output.elements)
      #expect(noisy(input, key: RandomKey(seed: 1)).output.elements == first)
      #expect(noisy(input, key: RandomKey(seed: 2)).output.elements != first)
    }
  }

  @Test func gradientsGoThroughTheSameMasks() throws {
    // A linear layer's output is its gradient times its input, with the key's masks in both.
    let noise = Regularization(
      inputDropout: 0.3, recurrentDropout: 0.4, zoneout: ["h": 0.2], weightDropout: 0.5)
    let layer = try Self.layer(
      Self.linearCell(), noise, input: wave([5, 3], phase: 0), recurrent: wave([5, 5], phase: 1))
    let input = wave([4, 2, 3], phase: 100)
    let weights = wave([4, 2, 5], phase: 400)
    let (value, gradient) = valueAndGradient(of: input) { input in
      (layer(input, key: RandomKey(seed: 9)).output * weights).sum()
    }
    #expect(mismatch((gradient * input).sum(), value) == nil)
  }

  @Test func probabilitiesThatAreNone() throws {
    let refused = [
      Regularization(inputDropout: 1.5), Regularization(recurrentDropout: 1),
      Regularization(zoneout: ["h": -0.1]), Regularization(zoneout: ["memory": 0.1]),
      Regularization(weightDropout: -1),
    ]
    for noise in refused {
      #expect(throws: CellError.self) {
        try RecurrentLayer(
          .lstm(), inputSize: 3, hiddenSize: 5, regularization: noise, key: RandomKey(seed: 1))
      }
    }
  }

  /// Holds the mean over many rows of a batch, each with masks of its own, to what the layer gives
  /// without a key.
  private func expectMean(
    of layer: RecurrentLayer, steps: Int, state: RecurrentState?
  ) throws {
    let rows = 4000
    let row = wave([steps, 1, layer.inputSize], phase: 100)
    let many = row.expanded(to: [steps, rows, layer.inputSize])
    let states = state.map { state in
      state.mapTensors { _, tensor in tensor.expanded(to: [1, rows, tensor.shape[2]]) }
    }
    let expected = layer(row, state: state).output.elements
    let found = layer(many, state: states, key: RandomKey(seed: 11)).output.elements
    let width = layer.hiddenSize
    for place in expected.indices {
      let (step, unit) = (place / width, place % width)
      let drawn = (0..<rows).map { found[(step * rows + $0) * width + unit] }
      #expect(Self.deviations(of: drawn, from: Double(expected[place])) < 4, "step \(step)")
    }
  }
}
