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
    // Steps that know nothing of each other can be taken in the order of time.
    let given = before.run(
      inputs: inputs, initialStates: [], parameters: cell.parametersBefore.map { parameters[$0] },
      masks: [], lengths: lengths, reversed: false)
    let values = [given.output] + given.recordings
    let states = cell.memory.states.map { state in
      initialStates[state] ?? .zeros([lengths.rows, stateSizes[state]], on: inputs[0].context)
    }
    let (answers, final) = MatrixMemory(
      queries: values[0], keys: values[1], values: values[2], entering: values[3],
      keeping: values[4],
      initial: MatrixMemory.State(memory: states[0], normalizer: states[1], bound: states[2]),
      heads: cell.heads, lengths: lengths.sorted, isReversed: reversed
    ).read()
    let result = after.run(
      inputs: [answers] + values[cell.memory.operands.count...], initialStates: [],
      parameters: cell.parametersAfter.map { parameters[$0] }, masks: [], lengths: lengths,
      reversed: false)
    var finals = states
    for (place, tensor) in zip(
      cell.memory.states, [final.memory, final.normalizer, final.bound])
    { finals[place] = tensor }
    return CellEngine.Result(output: result.output, recordings: [], finalStates: finals)
  }
}
