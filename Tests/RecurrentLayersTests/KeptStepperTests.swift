import RecurrentCells
import RecurrentCore
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

extension RecurrentLayer {
  /// A step [batch, size] as the first of a sequence, by nothing that a layer keeps: a call with
  /// lengths prepares none.
  func unpreparedStep(
    _ input: Tensor, state: RecurrentState? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    let rows = input.shape[0]
    let (output, next) = self(
      input.reshaped([1] + input.shape), state: state, lengths: [Int](repeating: 1, count: rows))
    return (output.reshaped([rows, outputSize]), next)
  }
}

/// Calls of a single step, of which the second prepares the step and the third takes what is
/// prepared, are all the same.
@Suite struct KeptStepperTests {
  static let cells = [
    "lstm", "gru", "lstm:peepholes=i+f+o,projection=5", "clockwork:periods=1+2+4", "slstm", "mlstm",
    "lstm-depth-gated",
  ]

  private func layer(
    _ cell: String, layers: Int = 2, on context: ComputeContext = .default
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 12, numLayers: layers, learnsInitialState: true,
      key: RandomKey(seed: 3), on: context
    ).mapTensors { path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7, on: context) : tensor
    }
  }

  private struct Step: Equatable {
    var output: [Float]
    var states: [[Float]]
    init(_ result: (output: Tensor, state: RecurrentState)) {
      output = result.output.elements
      states = result.state.names.map { result.state[$0].elements }
    }
  }

  @Test(arguments: cells) func everyCallIsTheSame(_ cell: String) throws {
    for rows in [1, 3] {
      let layer = try layer(cell)
      var state: RecurrentState?
      for step in 0..<6 {
        let input = wave([rows, 7], phase: step)
        let expected = layer.unpreparedStep(input, state: state)
        let found = layer.step(input, state: state)
        #expect(Step(found) == Step(expected), "step \(step) of \(rows) rows")
        let sequence = layer(input.reshaped([1, rows, 7]), state: state)
        #expect(sequence.output.shape == [1, rows, layer.outputSize])
        #expect(Step(sequence) == Step(expected))
        // From the start, after a step that had a state.
        #expect(Step(layer.step(input)) == Step(layer.unpreparedStep(input)))
        state = found.state
      }
    }
  }

  @Test(arguments: cells) func changedWeightsAreSeen(_ cell: String) throws {
    var layer = try layer(cell)
    let first = layer
    let input = wave([3, 7], phase: 1)
    let before = Step(layer.unpreparedStep(input))
    var sgd = SGD(for: layer, learningRate: 0.01)
    for round in 0..<3 {
      for _ in 0...round { _ = layer.step(input) }
      let gradient = valueAndGradient(of: layer) { $0.step(input).output.sum() }.gradient
      sgd.update(&layer, gradient: gradient)
      let now = Step(layer.unpreparedStep(input))
      #expect(now != before)
      for _ in 0..<3 {
        #expect(Step(layer.step(input)) == now)
      }
      // A copy that was made before keeps its numbers, though both share what is kept.
      for _ in 0..<3 {
        #expect(Step(first.step(input)) == before)
      }
    }
  }

  @Test func whatIsGivenBackIsTheCallersOwn() throws {
    let layer = try layer("lstm")
    let inputs = (0..<5).map { wave([3, 7], phase: $0) }
    let results = inputs.map { layer.step($0) }
    for (input, result) in zip(inputs, results) {
      #expect(Step(result) == Step(layer.unpreparedStep(input)))
    }
  }

  @Test func aTapeRecordsIt() throws {
    let layer = try layer("gru")
    let input = wave([3, 7], phase: 1)
    for _ in 0..<3 { _ = layer.step(input) }
    let ofStep = valueAndGradient(of: layer) { $0.step(input).output.sum() }.gradient
    let expected = valueAndGradient(of: layer) { $0.unpreparedStep(input).output.sum() }.gradient
    #expect(ofStep.tensors.map(\.elements) == expected.tensors.map(\.elements))
    #expect(ofStep.tensors.contains { $0.elements.contains { $0 != 0 } })
    // Of what the step is given, where the layer is not on the tape.
    let ofInput = valueAndGradient(of: layer.zeroState(batch: 3)) { state in
      layer.step(input, state: state).output.sum()
    }.gradient
    #expect(ofInput.tensors.contains { $0.elements.contains { $0 != 0 } })
  }

  @Test func severalAtATime() async throws {
    let layer = try layer("lstm", on: ComputeContext(threadCount: 2))
    let input = wave([3, 7], phase: 1, on: layer.context)
    let expected = Step(layer.unpreparedStep(input))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<200).allSatisfy { _ in Step(layer.step(input)) == expected } }
      }
      for await isSame in group { #expect(isSame) }
    }
  }

  @Test func anotherContextsInput() throws {
    let layer = try layer("lstm")
    for _ in 0..<3 { _ = layer.step(wave([3, 7], phase: 1)) }
    let rounded = ComputeContext(precision: .bfloat16)
    let input = wave([3, 7], phase: 1, on: rounded)
    #expect(Step(layer.step(input)) == Step(layer.unpreparedStep(input)))
    #expect(layer.step(input).output.context === rounded)
  }
}
