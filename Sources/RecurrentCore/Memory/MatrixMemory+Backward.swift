/// The gradients of a ``MatrixMemory``, from its last chunk to its first.
///
/// What is read does not depend on m, which only keeps numbers in range: exp(m) C, exp(m) n and
/// exp(m) max(|w|, exp(−m)) are without it. So m is taken for a constant everywhere but in the final
/// state. With ẋ for the gradient of x, and with a 1 behind every value and n behind C, so that w is
/// one more answer, of gradient ẇ:
///
///     H̃˙ₜ = ḣₜ / max(|wₜ|, exp(−mₜ))         ẇₜ = −sign(wₜ) hₜ·H̃˙ₜ where |wₜ| > exp(−mₜ), else 0
///     Ṗ = H̃˙ Vᵀ               Ẋ = S ⊙ Ṗ
///     Q̇ = Ẋ K + (g ⊙ H̃˙) Cᵀ
///     K̇ = Ẋᵀ Q + (S_L ⊙ V) Ċ′ᵀ          V̇ = Pᵀ H̃˙ + (S_L ⊙ K) Ċ′
///     Ċ = g_L Ċ′ + Qᵀ (g ⊙ H̃˙)
///
/// C′ being the state after the chunk. A pair's weight has the gradient that its value says,
/// (log iₛ)˙ = vₛ·v̇ₛ; an answer's weight H̃ₜ·H̃˙ₜ; so with them for ṡ and ṙ
///
///     (log fⱼ)˙ = Σ over t ≥ j in the chunk of (ṙₜ − ṡₜ) + ⟨C′, Ċ′⟩
///
/// The final state is exp(−m) of what has no m in it: ṁ − ⟨C, Ċ⟩ at the end is the gradient of the
/// final m, which is a sum, that of the one log i, or m before the first step, that made it, and of
/// all log f since.
struct MatrixMemoryBackward: Sendable {
  private let memory: MatrixMemory
  private let forward: MatrixMemoryForward
  private let size: MemorySize
  private let output: Tensor?
  private let queries, keys, values, entering, keeping: Tensor
  /// Gradients of the final state, then of the states before, in the end of the first.
  private let state: MatrixMemory.State

  private var context: ComputeContext { forward.context }

  /// - Parameters:
  ///   - output: The gradient of h; nil for 0.
  ///   - final: Those of the final C, n and m, likewise.
  init(
    _ memory: MatrixMemory, _ forward: MatrixMemoryForward, output: Tensor?, final: [Tensor?]
  ) {
    self.memory = memory
    self.forward = forward
    self.output = output
    size = forward.size
    func like(_ tensor: Tensor) -> Tensor {
      Tensor(uninitialized: tensor.shape, on: tensor.context)
    }
    queries = like(memory.queries)
    keys = like(memory.keys)
    values = like(memory.values)
    entering = like(memory.entering)
    keeping = like(memory.keeping)
    func copy(_ gradient: Tensor?, _ tensor: Tensor) -> Tensor {
      guard let gradient else { return Tensor.zeros(tensor.shape, on: tensor.context) }
      let copy = like(tensor)
      copy.buffer.copy(
        tensor.count, from: gradient.buffer, at: gradient.offset, to: copy.offset)
      return copy
    }
    state = MatrixMemory.State(
      memory: copy(final[0], memory.initial.memory),
      normalizer: copy(final[1], memory.initial.normalizer),
      bound: copy(final[2], memory.initial.bound))
  }

  /// In the order of the operation's operands.
  var gradients: [Tensor?] { [queries, keys, values, entering, keeping] + state.tensors }

  func run() {
    context.workers.forEach(size.rows * size.heads) { piece in
      run(MemoryHead(memory, piece: piece))
    }
  }

  private func run(_ head: MemoryHead) {
    var space = TileSpace(
      MemoryTools.counts(forward.formulas, size, on: context) + Arrays.counts(size), in: context)
    let tools = MemoryTools(forward.formulas, size, in: &space, on: context)
    let arrays = Arrays(size, in: &space)
    let stateGradient = head.state(state.memory, size.key, size.value)
    let normalizerGradient = head.state(state.normalizer, 1, size.key).row(0)
    let boundGradient = head.state(state.bound, 1, 1).row(0)

    let bounds = Bounds(head, memory)
    func pull(_ chunk: Int) -> Float {
      let state = forward.state(head, before: chunk)
      var sum = state.normalizer.dot(normalizerGradient)
      for i in 0..<size.key { sum += state.memory.row(i).dot(stateGradient.row(i)) }
      return sum
    }

    let ofBound = boundGradient[0] - pull(head.chunks)
    for chunk in (0..<head.chunks).reversed() {
      run(
        head, chunk, bound: bounds.before[chunk], pull: pull(chunk + 1), stateGradient,
        normalizerGradient, arrays, tools)
    }
    boundGradient[0] = pull(0)
    if let maker = bounds.maker {
      head.row(maker, of: entering, 1)[0] += ofBound
    } else {
      boundGradient[0] += ofBound
    }
    for step in (bounds.maker.map { $0 + 1 } ?? 0)..<head.length {
      head.row(step, of: keeping, 1)[0] += ofBound
    }
    for step in head.length..<size.steps {
      for tensor in [queries, keys] { head.row(step, of: tensor, size.key).fill(0) }
      head.row(step, of: values, size.value).fill(0)
      for tensor in [entering, keeping] { head.row(step, of: tensor, 1).fill(0) }
    }
  }

  /// - Parameter pull: ⟨C′, Ċ′⟩.
  private func run(
    _ head: MemoryHead, _ chunk: Int, bound: Float, pull: Float, _ stateGradient: Tile,
    _ normalizerGradient: TileRow, _ arrays: Arrays, _ tools: MemoryTools
  ) {
    let formulas = forward.formulas
    let steps = head.steps(ofChunk: chunk)
    let arrays = arrays.corners(steps.count, size)
    let gates = arrays.gates
    let (q, k, v, p) = (arrays.queries, arrays.keys, arrays.values, arrays.scores)
    head.load(steps, of: memory.queries, into: q)
    head.load(steps, of: memory.keys, into: k)
    head.load(steps, of: memory.values, into: v)
    _ = gates.fill(head, steps, of: memory, bound: bound, tools)
    let old = forward.state(head, before: chunk)
    let answers = arrays.answerGradients
    fillAnswerGradients(head, steps, arrays)

    // P, and Ẋ where Ṗ is now
    let x = arrays.scoreGradients
    tools.multiply(q, k.transposed, into: p)
    tools.multiply(answers, v.transposed, into: x)
    formulas.weighBack.run(
      .column(gates.rowHigh), .column(gates.rowLow), .row(gates.columnHigh),
      .row(gates.columnLow), .matrix(formulas.earlierPairs), .matrix(p), .matrix(x),
      .column(arrays.weightGradients), rows: steps.count, units: steps.count,
      scratch: tools.scratch, kernels: tools.kernels)

    // V̇, and with it (log i)˙
    tools.multiply(p.transposed, answers, into: arrays.valueGradients)
    let weighted = arrays.weightedKeys
    for s in 0..<steps.count { weighted.row(s).set(gates.last[s], times: k.row(s)) }
    tools.multiply(weighted, stateGradient, into: arrays.valueGradients, accumulate: true)
    let ofOnes = arrays.oneGradients
    ofOnes.fill(0)
    for t in 0..<steps.count { ofOnes.add(arrays.weightGradients[t], times: p.row(t)) }
    for s in 0..<steps.count {
      arrays.enteringGradients[s] =
        ofOnes[s] + weighted.row(s).dot(normalizerGradient)
        + v.row(s).dot(arrays.valueGradients.row(s))
    }
    head.store(arrays.valueGradients, to: values, steps)

    // K̇
    let keyGradients = arrays.weightedKeys
    tools.multiply(x.transposed, q, into: keyGradients)
    for s in 0..<steps.count {
      v.row(s).set(gates.last[s], times: v.row(s))
      keyGradients.row(s).add(gates.last[s], times: normalizerGradient)
    }
    tools.multiply(v, stateGradient.transposed, into: keyGradients, accumulate: true)
    head.store(keyGradients, to: keys, steps)

    // Q̇
    let queryGradients = arrays.weightedKeys
    tools.multiply(x, k, into: queryGradients)
    for t in 0..<steps.count {
      answers.row(t).set(gates.before[t], times: answers.row(t))
      arrays.weightGradients[t] *= gates.before[t]
      queryGradients.row(t).add(arrays.weightGradients[t], times: old.normalizer)
    }
    tools.multiply(answers, old.memory.transposed, into: queryGradients, accumulate: true)
    head.store(queryGradients, to: queries, steps)

    // Ċ
    let kept = gates.before[steps.count - 1]
    for i in 0..<size.key { stateGradient.row(i).set(kept, times: stateGradient.row(i)) }
    tools.multiply(q.transposed, answers, into: stateGradient, accumulate: true)
    normalizerGradient.set(kept, times: normalizerGradient)
    for t in 0..<steps.count {
      normalizerGradient.add(arrays.weightGradients[t], times: q.row(t))
    }

    var sum = Double(pull)
    for (t, step) in steps.enumerated().reversed() {
      sum += Double(arrays.answerPulls[t]) - Double(arrays.enteringGradients[t])
      head.row(step, of: entering, 1)[0] = arrays.enteringGradients[t]
      head.row(step, of: keeping, 1)[0] = Float(sum)
    }
  }

  /// H̃˙, ẇ and H̃·H̃˙, both with w.
  private func fillAnswerGradients(_ head: MemoryHead, _ steps: Range<Int>, _ arrays: Arrays) {
    for (t, step) in steps.enumerated() {
      guard let output else {
        arrays.answerGradients.row(t).fill(0)
        arrays.weightGradients[t] = 0
        arrays.answerPulls[t] = 0
        continue
      }
      let gradient = head.row(step, of: output, size.value)
      let weight = head.row(step, of: forward.weights, 1)[0]
      let divisor = max(abs(weight), arrays.gates.least[t])
      let pull = gradient.dot(head.row(step, of: forward.output, size.value))
      // Where w divides, the answer is the same for any scale of both.
      let divides = abs(weight) > arrays.gates.least[t]
      arrays.answerGradients.row(t).set(gradient, over: divisor)
      arrays.weightGradients[t] = divides ? -pull / weight : 0
      arrays.answerPulls[t] = divides ? 0 : pull
    }
  }
}

/// m before every chunk of a head, and which step's log i the last m goes back to.
private struct Bounds {
  private(set) var before: [Float] = []
  /// Nil if it is m before the first step.
  private(set) var maker: Int?

  init(_ head: MemoryHead, _ memory: MatrixMemory) {
    var bound = head.state(memory.initial.bound, 1, 1).row(0)[0]
    for chunk in 0..<head.chunks {
      before.append(bound)
      for step in head.steps(ofChunk: chunk) {
        let kept = head.row(step, of: memory.keeping, 1)[0] + bound
        let entering = head.row(step, of: memory.entering, 1)[0]
        if !(kept > entering) { maker = step }
        bound = max(kept, entering)
      }
    }
  }
}

/// What the way back holds of one chunk.
private struct Arrays {
  var gates: MemoryGates
  var queries, keys, values, scores: Tile
  var scoreGradients, valueGradients: Tile
  /// H̃˙, at last with g.
  var answerGradients: Tile
  /// S_L ⊙ K, then K̇, then Q̇.
  var weightedKeys: Tile
  /// ẇ, at last with g.
  var weightGradients: TileRow
  /// The gradient of a value that is 1.
  var oneGradients: TileRow
  var enteringGradients: TileRow
  var answerPulls: TileRow

  static func counts(_ size: MemorySize) -> [Int] {
    let (chunk, key, value) = (size.chunk, size.key, size.value)
    return MemoryGates.counts(size)
      + [
        chunk * key, chunk * key, chunk * value, chunk * chunk, chunk * chunk, chunk * value,
        chunk * value, chunk * key, chunk, chunk, chunk, chunk,
      ]
  }

  init(_ size: MemorySize, in space: inout TileSpace) {
    let (chunk, key, value) = (size.chunk, size.key, size.value)
    gates = MemoryGates(size, in: &space)
    queries = space.tile(chunk, key)
    keys = space.tile(chunk, key)
    values = space.tile(chunk, value)
    scores = space.tile(chunk, chunk)
    scoreGradients = space.tile(chunk, chunk)
    valueGradients = space.tile(chunk, value)
    answerGradients = space.tile(chunk, value)
    weightedKeys = space.tile(chunk, key)
    weightGradients = space.tile(1, chunk).row(0)
    oneGradients = space.tile(1, chunk).row(0)
    enteringGradients = space.tile(1, chunk).row(0)
    answerPulls = space.tile(1, chunk).row(0)
  }

  /// The same for the first `count` steps.
  func corners(_ count: Int, _ size: MemorySize) -> Arrays {
    var corners = self
    corners.queries = queries.corner(count, size.key)
    corners.keys = keys.corner(count, size.key)
    corners.values = values.corner(count, size.value)
    corners.scores = scores.corner(count, count)
    corners.scoreGradients = scoreGradients.corner(count, count)
    corners.valueGradients = valueGradients.corner(count, size.value)
    corners.answerGradients = answerGradients.corner(count, size.value)
    corners.weightedKeys = weightedKeys.corner(count, size.key)
    corners.oneGradients = unsafe TileRow(base: oneGradients.base, count: count)
    return corners
  }
}
