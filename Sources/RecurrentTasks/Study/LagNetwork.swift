import RecurrentCells
import RecurrentCore
import RecurrentLayers

/// One recurrent layer that starts as its cell starts, and a linear head on its outputs.
package struct LagNetwork: TensorTree {
  package var recurrent: RecurrentLayer
  package var head: Linear

  package init(
    _ cell: Cell, for task: some LagTask, hiddenSize: Int, key: RandomKey,
    on context: ComputeContext
  ) throws(CellError) {
    recurrent = try RecurrentLayer(
      cell, inputSize: task.inputSize, hiddenSize: hiddenSize, key: key.folded("recurrent"),
      on: context)
    head = Linear(
      inputSize: recurrent.outputSize, outputSize: task.outputSize, key: key.folded("head"),
      on: context)
  }

  package mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }

  /// The outputs at the steps asked: [asked, outputs].
  func callAsFunction(_ batch: LagBatch) -> Tensor {
    let output = recurrent(batch.input, lengths: batch.lengths).output
    let places = output.shape[0] * output.shape[1]
    return head(output.reshaped([places, output.shape[2]]).gatherRows(batch.asked))
  }

  /// The mean error over fresh examples of a task.
  func meanError(on task: some LagTask, _ count: Int, _ key: RandomKey) -> Double {
    let examples = task.examples(count, key)
    // In parts, for the sake of memory.
    let parts = stride(from: 0, to: count, by: 64).map { examples[$0..<min($0 + 64, count)] }
    let errors = parts.flatMap { part in
      let batch = LagBatch(Array(part), on: recurrent.context)
      let answers = task.loss.answers(self(batch)).elements
      let rows = batch.asked.indices.map { row in
        Array(answers[row * task.outputSize..<(row + 1) * task.outputSize])
      }
      var next = 0
      return part.map { example in
        defer { next += example.asked.count }
        return task.error(of: Array(rows[next..<next + example.asked.count]), to: example)
      }
    }
    return errors.reduce(0, +) / Double(count)
  }
}
