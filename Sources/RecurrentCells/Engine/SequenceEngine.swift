import RecurrentCore

/// Runs a compiled cell over whole sequences, and back, in the way that its equations allow: step by
/// step, or chunkwise where its only recurrence is a matrix memory.
package struct SequenceEngine: Sendable {
  package let compiled: CompiledCell
  private let stepwise: CellEngine
  private let chunkwise: ChunkwiseEngine?

  package init(_ compiled: CompiledCell) {
    self.compiled = compiled
    stepwise = CellEngine(compiled)
    chunkwise = ChunkwiseEngine(compiled)
  }

  /// Whether a sequence of several steps is computed chunkwise.
  package var isChunkwise: Bool { chunkwise != nil }

  /// Runs the cell over a sequence, as ``CellEngine/run(inputs:initialStates:parameters:masks:lengths:reversed:)``
  /// does.
  package func run(
    inputs: [Tensor], initialStates: [Tensor?], parameters: [Tensor], masks: [Tensor],
    lengths: BatchLengths, reversed: Bool
  ) -> CellEngine.Result {
    func steps() -> CellEngine.Result {
      stepwise.run(
        inputs: inputs, initialStates: initialStates, parameters: parameters, masks: masks,
        lengths: lengths, reversed: reversed)
    }
    guard let chunkwise, lengths.steps > 1 else { return steps() }
    var result = chunkwise.run(
      inputs: inputs, initialStates: initialStates, parameters: parameters, lengths: lengths,
      reversed: reversed)
    // Recorded values are those of single steps. That the steps are taken as well leaves the rest of
    // the result as it is without a recording.
    if !compiled.cell.recordings.isEmpty { result.recordings = steps().recordings }
    return result
  }

  /// A matrix with zeros wherever its structure says so.
  package func restricted(_ tensor: Tensor, parameter: Int) -> Tensor {
    stepwise.restricted(tensor, parameter: parameter)
  }
}
