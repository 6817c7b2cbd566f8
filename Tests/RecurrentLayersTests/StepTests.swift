import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// A step at a time is the whole sequence, in values and gradients.
@Suite struct StepTests {
  static let cells = [
    "rnn", "lstm", "lstm-peephole:projection=5", "lstm-layernorm", "lstm-depth-gated",
    "lstm-depth-gated:depth-gate=all", "gru", "clockwork:periods=1+2+4", "indrnn", "slstm",
    "mlstm", "min-gru",
  ]

  private static let input = wave([5, 3, 7], phase: 100)

  private func layer(_ cell: String, learnsInitialState: Bool = false) throws -> RecurrentLayer {
    try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 12, numLayers: 2,
      learnsInitialState: learnsInitialState, key: RandomKey(seed: 3))
  }

  private struct Inputs: TensorTree {
    var layer: RecurrentLayer
    var input: Tensor
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("layer", &layer)
      visitor.visit("input", &input)
    }
  }

  private func stepped(
    _ layer: RecurrentLayer, _ input: Tensor, from state: RecurrentState? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    var state = state
    let (steps, rows) = (input.shape[0], input.shape[1])
    let outputs = (0..<steps).map { step -> Tensor in
      let row = input.slice(axis: 0, range: step..<step + 1).reshaped([rows, layer.inputSize])
      let result = layer.step(row, state: state)
      state = result.state
      return result.output
    }
    return (stacked(outputs), state!)
  }

  @Test(arguments: cells) func stepsAreTheSequence(_ cell: String) throws {
    let layer = try layer(cell)
    let (output, final) = layer(Self.input)
    let (same, last) = stepped(layer, Self.input)
    #expect(mismatch(same, output) == nil)
    for name in final.names { #expect(mismatch(last[name], final[name]) == nil, "\(name)") }
    // From a state as well.
    let (further, end) = layer(Self.input, state: final)
    let (sameFurther, sameEnd) = stepped(layer, Self.input, from: last)
    #expect(mismatch(sameFurther, further) == nil)
    for name in end.names { #expect(mismatch(sameEnd[name], end[name]) == nil, "\(name)") }
  }

  @Test(arguments: cells) func gradientsGoThroughSteps(_ cell: String) throws {
    let inputs = try Inputs(layer: layer(cell), input: Self.input)
    func loss(_ output: Tensor, _ state: RecurrentState) -> Tensor {
      var sum = (output * wave(output.shape, phase: 400)).sum()
      for (index, name) in state.names.enumerated() {
        sum = sum + (state[name] * wave(state[name].shape, phase: 500 + 100 * index)).sum()
      }
      return sum
    }
    let whole = valueAndGradient(of: inputs) { inputs in
      let (output, state) = inputs.layer(inputs.input)
      return loss(output, state)
    }.gradient
    let steps = valueAndGradient(of: inputs) { inputs in
      let (output, state) = stepped(inputs.layer, inputs.input)
      return loss(output, state)
    }.gradient
    for (expected, found) in zip(whole.namedTensors, steps.namedTensors) {
      #expect(
        gradientMismatch(found.tensor, DoubleArray(expected.tensor)) == nil, "\(expected.path)")
    }
  }

  @Test func aSingleSequenceHasNoBatch() throws {
    for cell in ["lstm", "mlstm", "clockwork:periods=1+2+4"] {
      let layer = try layer(cell)
      let row = Self.input.slice(axis: 1, range: 0..<1).reshaped([5, 7])
      let (output, final) = layer(row)
      var state: RecurrentState?
      for step in 0..<5 {
        let result = layer.step(
          row.slice(axis: 0, range: step..<step + 1).reshaped([7]), state: state)
        #expect(result.output.shape == [12])
        #expect(
          mismatch(
            result.output.reshaped([1, 12]), output.slice(axis: 0, range: step..<step + 1)) == nil)
        state = result.state
      }
      for name in final.names { #expect(mismatch(state![name], final[name]) == nil) }
    }
  }

  @Test func stepsStartFromTheLearntState() throws {
    let layer = try layer("lstm", learnsInitialState: true).mapTensors { path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7) : tensor
    }
    #expect(mismatch(stepped(layer, Self.input).output, layer(Self.input).output) == nil)
  }

  #if !os(iOS)
    @Test func bothDirectionsCannotBeStepped() async {
      await #expect(processExitsWith: .failure) {
        let layer = LSTM(
          inputSize: 7, hiddenSize: 12, bidirectional: true, key: RandomKey(seed: 3))
        _ = layer.step(.zeros([3, 7]))
      }
    }
  #endif
}
