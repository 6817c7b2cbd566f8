/// A ``MatrixMemory`` read from its first step to its last.
struct MatrixMemoryForward: Sendable {
  let memory: MatrixMemory
  let size: MemorySize
  let formulas: MemoryFormulas
  /// h, [steps, rows, heads · value].
  let output: Tensor
  /// The state at each row's own end.
  let final: MatrixMemory.State

  // For the way back, where there is one:
  let keepsStates: Bool
  /// w, [steps, rows, heads].
  let weights: Tensor
  /// C and n after every chunk of a row but its last: [chunks, rows, heads · …].
  let keptMemories: Tensor
  let keptNormalizers: Tensor

  var context: ComputeContext { memory.queries.context }

  init(_ memory: MatrixMemory, keepsStates: Bool) {
    let context = memory.queries.context
    let size = memory.size
    self.memory = memory
    self.size = size
    self.keepsStates = keepsStates
    formulas = MemoryFormulas(size, on: context)
    func tensor(_ shape: Int...) -> Tensor { Tensor(uninitialized: shape, on: context) }
    output = tensor(size.steps, size.rows, size.heads * size.value)
    weights = tensor(keepsStates ? size.steps : 0, size.rows, size.heads)
    let kept = keepsStates ? size.innerChunks : 0
    keptMemories = tensor(kept, size.rows, size.heads * size.key * size.value)
    keptNormalizers = tensor(kept, size.rows, size.heads * size.key)
    final = MatrixMemory.State(
      memory: tensor(size.rows, size.heads * size.key * size.value),
      normalizer: tensor(size.rows, size.heads * size.key),
      bound: tensor(size.rows, size.heads))
  }

  func run() {
    context.workers.forEach(size.rows * size.heads) { piece in
      run(MemoryHead(memory, piece: piece))
    }
  }

  /// C, [key, value], and n, [1, key], before a chunk; after the last one for the number of chunks.
  func state(_ head: MemoryHead, before chunk: Int) -> (memory: Tile, normalizer: TileRow) {
    let (memories, normalizers, index) =
      switch chunk {
      case 0: (memory.initial.memory, memory.initial.normalizer, 0)
      case head.chunks: (final.memory, final.normalizer, 0)
      default:
        keepsStates
          ? (keptMemories, keptNormalizers, chunk - 1) : (final.memory, final.normalizer, 0)
      }
    return (
      head.state(memories, size.key, size.value, at: index),
      head.state(normalizers, 1, size.key, at: index).row(0)
    )
  }

  private func run(_ head: MemoryHead) {
    var space = TileSpace(
      MemoryTools.counts(formulas, size, on: context) + MemoryGates.counts(size) + [
        size.chunk * size.key, size.chunk * size.key, size.chunk * size.value,
        size.chunk * size.chunk, size.chunk * size.value,
      ], in: context)
    let tools = MemoryTools(formulas, size, in: &space, on: context)
    let gates = MemoryGates(size, in: &space)
    let queries = space.tile(size.chunk, size.key)
    let keys = space.tile(size.chunk, size.key)
    let values = space.tile(size.chunk, size.value)
    let scores = space.tile(size.chunk, size.chunk)
    let answers = space.tile(size.chunk, size.value)

    var bound = head.state(memory.initial.bound, 1, 1).row(0)[0]
    for chunk in 0..<head.chunks {
      let steps = head.steps(ofChunk: chunk)
      let count = steps.count
      let q = queries.corner(count, size.key)
      let k = keys.corner(count, size.key)
      let v = values.corner(count, size.value)
      let p = scores.corner(count, count)
      let h = answers.corner(count, size.value)
      head.load(steps, of: memory.queries, into: q)
      head.load(steps, of: memory.keys, into: k)
      head.load(steps, of: memory.values, into: v)
      bound = gates.fill(head, steps, of: memory, bound: bound, tools)
      let old = state(head, before: chunk)

      // H̃ = P V + g ⊙ Q C and w = P 1 + g ⊙ Q n
      tools.multiply(q, k.transposed, into: p)
      formulas.weigh.run(
        .column(gates.rowHigh), .column(gates.rowLow), .row(gates.columnHigh),
        .row(gates.columnLow), .matrix(formulas.earlierPairs), .matrix(p), rows: count,
        units: count, scratch: tools.scratch, kernels: tools.kernels)
      tools.multiply(q, old.memory, into: h)
      for t in 0..<count { h.row(t).set(gates.before[t], times: h.row(t)) }
      tools.multiply(p, v, into: h, accumulate: true)
      for (t, step) in steps.enumerated() {
        let weight = p.row(t).total() + gates.before[t] * q.row(t).dot(old.normalizer)
        head.row(step, of: output, size.value)
          .set(h.row(t), over: max(abs(weight), gates.least[t]))
        if keepsStates { head.row(step, of: weights, 1)[0] = weight }
      }

      // C ← g_L C + (S_L ⊙ K)ᵀ V and n ← g_L n + (S_L ⊙ K)ᵀ 1
      let new = state(head, before: chunk + 1)
      let kept = gates.before[count - 1]
      for i in 0..<size.key { new.memory.row(i).set(kept, times: old.memory.row(i)) }
      new.normalizer.set(kept, times: old.normalizer)
      for s in 0..<count {
        k.row(s).set(gates.last[s], times: k.row(s))
        new.normalizer.add(1, times: k.row(s))
      }
      tools.multiply(k.transposed, v, into: new.memory, accumulate: true)
    }
    head.state(final.bound, 1, 1).row(0)[0] = bound
    if head.chunks == 0 {
      head.state(final.memory, size.key, size.value)
        .copy(head.state(memory.initial.memory, size.key, size.value))
      head.state(final.normalizer, 1, size.key)
        .copy(head.state(memory.initial.normalizer, 1, size.key))
    }
    for step in head.length..<size.steps { head.row(step, of: output, size.value).fill(0) }
  }
}
