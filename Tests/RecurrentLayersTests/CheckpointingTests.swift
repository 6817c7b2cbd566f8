import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Gradients of a sequence of which only some states were kept are those of one kept whole.
@Suite struct CheckpointingTests {
  private static let input = wave([11, 3, 7], phase: 100)

  private struct Inputs: TensorTree {
    var layer: RecurrentLayer
    var input: Tensor
    var state: RecurrentState?
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("layer", &layer)
      visitor.visit("input", &input)
      guard var present = state else { return }
      visitor.visit("state", &present)
      state = present
    }
  }

  private static func layer(
    _ cell: String, layers: Int = 2, batchFirst: Bool = false, bidirectional: Bool = false,
    residual: Bool = false, regularization: Regularization = Regularization(),
    learnsInitialState: Bool = false
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 24, numLayers: layers, batchFirst: batchFirst,
      dropout: 0.25, bidirectional: bidirectional, residual: residual,
      regularization: regularization, learnsInitialState: learnsInitialState,
      key: RandomKey(seed: 3))
  }

  private typealias Call = (Inputs, Int?) -> (output: Tensor, state: RecurrentState)

  /// Compares values and all gradients for stretches of every kind: of one step, of a few with a
  /// shorter last one, of all but one step, and of more steps than there are.
  private func expectEqual(
    _ inputs: Inputs, _ what: Comment? = nil, every intervals: [Int] = [1, 3, 4, 10, 11, 100],
    call: Call = { $0.layer($0.input, state: $0.state, checkpointing: $1) }
  ) {
    func run(_ interval: Int?) -> (
      output: Tensor, state: RecurrentState, gradient: Inputs
    ) {
      let (_, gradient, result) = valueAndGradient(of: inputs) { inputs in
        let result = call(inputs, interval)
        var sum = (result.output * wave(result.output.shape, phase: 400)).sum()
        for (index, tensor) in result.state.tensors.enumerated() {
          sum = sum + (tensor * wave(tensor.shape, phase: 500 + 100 * index)).sum()
        }
        return (sum, result)
      }
      return (result.output, result.state, gradient)
    }
    let whole = run(nil)
    for interval in intervals {
      let found = run(interval)
      #expect(mismatch(found.output, whole.output) == nil, what)
      for name in whole.state.names {
        #expect(mismatch(found.state[name], whole.state[name]) == nil, what)
      }
      for (expected, found) in zip(whole.gradient.namedTensors, found.gradient.namedTensors) {
        #expect(
          gradientMismatch(found.tensor, DoubleArray(expected.tensor)) == nil,
          "\(expected.path), every \(interval) \(what?.rawValue ?? "")")
      }
    }
  }

  @Test(arguments: StepTests.cells) func everyCell(_ cell: String) throws {
    let layer = try Self.layer(cell)
    expectEqual(Inputs(layer: layer, input: Self.input))
    let state = layer(Self.input).state
    expectEqual(Inputs(layer: layer, input: Self.input, state: state), "from a state")
  }

  @Test(arguments: StepTests.cells) func paddedRowsInBothDirections(_ cell: String) throws {
    let layer = try Self.layer(cell, bidirectional: true)
    let inputs = Inputs(layer: layer, input: Self.input)
    expectEqual(inputs)
    for lengths in [[4, 0, 11], [2, 6, 5]] {
      expectEqual(inputs, "\(lengths)") { inputs, interval in
        inputs.layer(inputs.input, lengths: lengths, checkpointing: interval)
      }
    }
  }

  /// A matrix memory's chunks begin where they do without checkpoints.
  @Test func chunksOfAMatrixMemory() throws {
    let layer = try Self.layer("mlstm", bidirectional: true)
    let inputs = Inputs(layer: layer, input: wave([75, 3, 7], phase: 100))
    expectEqual(inputs, every: [20, 64])
    expectEqual(inputs, "padded", every: [20, 64]) { inputs, interval in
      inputs.layer(inputs.input, lengths: [40, 75, 3], checkpointing: interval)
    }
  }

  @Test func noiseIsTheSameTheSecondTime() throws {
    let layer = try Self.layer(
      "lstm:peepholes=i+f+o", bidirectional: true,
      regularization: Regularization(
        inputDropout: 0.2, recurrentDropout: 0.3, zoneout: ["h": 0.2, "c": 0.4],
        weightDropout: 0.3))
    expectEqual(Inputs(layer: layer, input: Self.input)) { inputs, interval in
      inputs.layer(
        inputs.input, lengths: [11, 3, 7], key: RandomKey(seed: 5), checkpointing: interval)
    }
  }

  @Test func residualBatchFirstLearntStart() throws {
    let layer = try Self.layer(
      "lstm", layers: 3, batchFirst: true, residual: true, learnsInitialState: true
    ).mapTensors { path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7) : tensor
    }
    expectEqual(Inputs(layer: layer, input: wave([3, 11, 7], phase: 100)))
  }

  @Test func recordingsAreKept() throws {
    let layer = try Self.layer("lstm")
    let (_, _, whole) = layer(Self.input, recording: ["f", "c"])
    let (_, gradient, gates) = valueAndGradient(of: layer) { layer in
      let (output, _, gates) = layer(Self.input, checkpointing: 3, recording: ["f", "c"])
      return (output.sum() + gates["f"].sum(), gates)
    }
    for name in whole.names { #expect(mismatch(gates[name].detached, whole[name]) == nil) }
    let expected = valueAndGradient(of: layer) { layer in
      let (output, _, gates) = layer(Self.input, recording: ["f", "c"])
      return output.sum() + gates["f"].sum()
    }.gradient
    for (expected, found) in zip(expected.namedTensors, gradient.namedTensors) {
      #expect(
        gradientMismatch(found.tensor, DoubleArray(expected.tensor)) == nil, "\(expected.path)")
    }
  }

  /// 10,000 steps, of which every hundredth is kept.
  @Test func memoryIsSaved() throws {
    func bytes(checkpointing interval: Int?) -> Int {
      let context = ComputeContext(threadCount: 1)
      let layer = LSTM(inputSize: 3, hiddenSize: 32, key: RandomKey(seed: 1), on: context)
      let input = Tensor.normal([10_000, 2, 3], key: RandomKey(seed: 2), on: context)
      let gradient = valueAndGradient(of: layer) { layer in
        layer(input, checkpointing: interval).output.sum()
      }.gradient
      #expect(gradient.tensors.allSatisfy { $0.sumOfSquares > 0 })
      return context.buffers.systemByteCount
    }
    let (whole, saving) = (bytes(checkpointing: nil), bytes(checkpointing: 100))
    #expect(saving * 4 < whole, "\(saving) bytes with checkpoints, \(whole) without")
  }
}
