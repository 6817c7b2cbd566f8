import RecurrentCore

/// Runs a cell whose only recurrence is a matrix memory over whole sequences, a chunk of steps at a
/// time: what ``CellEngine`` computes step by step.
struct ChunkwiseEngine: Sendable {
  private let cell: ChunkwiseCell
  private let before: CellEngine
  private let after: CellEngine
  private let stateSizes: [Int]

  /// Nil where the cell's equations have another recurrence, or none.
  init?(_ compiled: CompiledCell) {
    guard let cell = ChunkwiseCell(compiled) else { return nil }
    self.cell = cell
    before = CellEngine(cell.before)
    after = CellEngine(cell.after)
    stateSizes = compiled.stateSizes
  }

  /// The output and the final states, for what ``CellEngine/run(inputs:initialStates:parameters:masks:lengths:reversed:)``
  /// is given; what is recorded stays empty.
  func run(
    inputs: [Tensor], initialStates: [Tensor?], parameters: [Tensor], lengths: BatchLengths,
    reversed: Bool
  ) -> CellEngine.Result {
    let values = take(
      before, inputs, cell.parametersBefore.map { parameters[$0] }, lengths)
    let states = cell.memory.states.map { state in
      initialStates[state] ?? .zeros([lengths.rows, stateSizes[state]], on: inputs[0].context)
    }
    let (answers, final) = MatrixMemory(
      queries: values[0], keys: values[1], values: values[2], entering: values[3],
      keeping: values[4],
      initial: MatrixMemory.State(memory: states[0], normalizer: states[1], bound: states[2]),
      heads: cell.heads, lengths: lengths.sorted, isReversed: reversed
    ).read()
    let output = take(
      after, [answers] + values[cell.memory.operands.count...],
      cell.parametersAfter.map { parameters[$0] }, lengths)[0]
    var finals = states
    for (place, tensor) in zip(
      cell.memory.states, [final.memory, final.normalizer, final.bound])
    { finals[place] = tensor }
    return CellEngine.Result(output: output, recordings: [], finalStates: finals)
  }

  /// Takes all steps of a part of the cell; they know nothing of each other, so they are taken in the
  /// order of time, and as rows of one step where none of them has ended.
  private func take(
    _ part: CellEngine, _ inputs: [Tensor], _ parameters: [Tensor], _ lengths: BatchLengths
  ) -> [Tensor] {
    let (steps, rows) = (lengths.steps, lengths.rows)
    func run(_ inputs: [Tensor], _ lengths: BatchLengths) -> [Tensor] {
      let result = part.run(
        inputs: inputs, initialStates: [], parameters: parameters, masks: [], lengths: lengths,
        reversed: false)
      return [result.output] + result.recordings
    }
    guard lengths.isUniform else { return run(inputs, lengths) }
    return run(
      inputs.map { $0.reshaped([1, steps * rows, $0.shape[2]]) },
      BatchLengths(steps: 1, rows: steps * rows)
    ).map { $0.reshaped([steps, rows, $0.shape[2]]) }
  }
}
