/// Runs `body` for pieces of a tensor's rows that fit the cache, over the worker pool. What it
/// calls in turn runs on the piece's own thread.
func forEachRowPiece(
  _ rows: Int, width: Int, on context: ComputeContext, _ body: @Sendable (Range<Int>) -> Void
) {
  let step = max(1, 16_384 / max(width, 1))
  context.workers.forEach((rows + step - 1) / step) { piece in
    body(piece * step..<min((piece + 1) * step, rows))
  }
}

extension Tensor {
  /// Some of the rows, when the elements are taken for rows of `width`. Shares memory.
  func rows(_ rows: Range<Int>, width: Int) -> Tensor {
    view(offset: rows.lowerBound * width, shape: [rows.count, width])
  }
}

extension ElementwiseProgram {
  /// Updates a tensor whose memory the caller alone uses, whoever else may hold it.
  func update(_ target: Tensor, reading inputs: [Tensor], values: [Float] = []) {
    write(into: [target], reading: inputs, values: values)
  }
}
