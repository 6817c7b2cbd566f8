import RecurrentCore
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

/// A long training run needs no more memory than a short one.
@Suite struct FlatMemoryTests {
  private struct Model: TensorTree {
    var lstm: RecurrentLayer
    var head: Linear
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("lstm", &lstm)
      visitor.visit("head", &head)
    }
  }

  @Test(arguments: [(10_000, nil), (1_000, 3)])
  func trainingNeedsNothingNew(steps: Int, checkpointing: Int?) {
    let context = ComputeContext(threadCount: 1)
    let key = RandomKey(seed: 1)
    var model = Model(
      lstm: LSTM(
        inputSize: 3, hiddenSize: 5, numLayers: 2, dropout: 0.1, bidirectional: true, key: key,
        on: context),
      head: Linear(inputSize: 10, outputSize: 1, key: key, on: context))
    var optimizer = Adam(for: model, learningRate: 1e-3)
    var held: (allocations: Int, blocks: Int)?
    for step in 0..<steps {
      let key = key.folded(step)
      let input = Tensor.normal([7, 2, 3], key: key, on: context)
      // Batches of three kinds come again and again.
      let lengths = [nil, [7, 4], [2, 7]][step % 3]
      var gradient = valueAndGradient(of: model) { model in
        let output = model.lstm(
          input, lengths: lengths, key: key, checkpointing: checkpointing
        ).output
        return meanSquaredError(model.head(output), input.slice(axis: 2, range: 0..<1))
      }.gradient
      gradient.clip(toNorm: 1)
      optimizer.update(&model, gradient: gradient)
      if step == 21 {
        held = (context.buffers.systemAllocationCount, context.buffers.blocksInUse)
      } else if step == steps - 1 {
        #expect(context.buffers.blocksInUse == held?.blocks)
      }
    }
    #expect(context.buffers.systemAllocationCount == held?.allocations)
  }
}
