/// A memory of key–value pairs, a matrix for each head, that all pairs enter with a weight of their
/// own and in which all fade, read at every step of a sequence (Beck et al. 2024, arXiv:2405.04517,
/// equations 19 to 27). With log i the entering and log f the keeping gate of a step:
///
///     mₜ = max(log fₜ + mₜ₋₁, log iₜ)
///     Cₜ = exp(log fₜ + mₜ₋₁ − mₜ) Cₜ₋₁ + exp(log iₜ − mₜ) kₜ vₜᵀ         nₜ = the same with 1 for v
///     hₜ = Cₜᵀ qₜ / max(|nₜᵀ qₜ|, exp(−mₜ))
///
/// It is computed a chunk of L steps at a time, by products of small matrices, and only the state
/// between two chunks is ever made. With C, n, m from before the chunk and bₜ = Σ log f up to step t
/// of it:
///
///     Sₜₛ = exp(bₜ − bₛ + log iₛ − mₜ) for s ≤ t, else 0          gₜ = exp(bₜ + m − mₜ)
///     P = S ⊙ Q Kᵀ           H̃ = P V + g ⊙ Q C           w = P 1 + g ⊙ Q n
///     hₜ = H̃ₜ / max(|wₜ|, exp(−mₜ))
///     C ← g_L C + (S_L ⊙ K)ᵀ V               n ← g_L n + (S_L ⊙ K)ᵀ 1               m ← m_L
///
/// Heads of rows are independent of each other, and share nothing: each is one piece of work for a
/// thread, so the bits do not depend on the number of threads.
package struct MatrixMemory: Sendable {
  /// [steps, rows, heads · key].
  package var queries: Tensor
  /// [steps, rows, heads · key].
  package var keys: Tensor
  /// [steps, rows, heads · value].
  package var values: Tensor
  /// log i, [steps, rows, heads].
  package var entering: Tensor
  /// log f, [steps, rows, heads], at most 0.
  package var keeping: Tensor
  /// C, n and m before the first step: [rows, heads · key · value], [rows, heads · key] and
  /// [rows, heads].
  package var initial: State

  package let heads: Int
  /// How many steps of each row there are.
  package let lengths: [Int]
  /// From the last step to the first; all rows must then be equally long.
  package let isReversed: Bool
  /// L.
  package let chunk: Int

  package struct State: Sendable {
    package var memory: Tensor
    package var normalizer: Tensor
    package var bound: Tensor

    package init(memory: Tensor, normalizer: Tensor, bound: Tensor) {
      self.memory = memory
      self.normalizer = normalizer
      self.bound = bound
    }

    var tensors: [Tensor] { [memory, normalizer, bound] }
    var detached: State {
      State(memory: memory.detached, normalizer: normalizer.detached, bound: bound.detached)
    }
  }

  /// Long enough for the products to be worth it, and short enough for what is computed twice over,
  /// the half of P that is 0, to be little beside them.
  package static let usualChunk = 32

  package init(
    queries: Tensor, keys: Tensor, values: Tensor, entering: Tensor, keeping: Tensor,
    initial: State, heads: Int, lengths: [Int], isReversed: Bool = false, chunk: Int = usualChunk
  ) {
    self.queries = queries
    self.keys = keys
    self.values = values
    self.entering = entering
    self.keeping = keeping
    self.initial = initial
    self.heads = heads
    self.lengths = lengths
    self.isReversed = isReversed
    self.chunk = chunk
    let (steps, rows) = (queries.shape[0], queries.shape[1])
    let gates = [steps, rows, heads]
    let (key, value) = (queries.shape[2] / heads, values.shape[2] / heads)
    precondition(
      keys.shape == queries.shape && keys.shape[2] == heads * key
        && values.shape == [steps, rows, heads * value] && entering.shape == gates
        && keeping.shape == gates && initial.memory.shape == [rows, heads * key * value]
        && initial.normalizer.shape == [rows, heads * key] && initial.bound.shape == [rows, heads],
      "A matrix memory of \(heads) heads does not fit \(queries.shape), \(keys.shape), "
        + "\(values.shape), \(entering.shape), \(keeping.shape)")
    precondition(
      lengths.count == rows && lengths.allSatisfy { 0...steps ~= $0 }
        && (!isReversed || lengths.allSatisfy { $0 == steps }),
      "A matrix memory of \(steps) steps and \(rows) rows has lengths \(lengths)")
  }

  var size: MemorySize {
    MemorySize(
      steps: queries.shape[0], rows: queries.shape[1], heads: heads,
      key: queries.shape[2] / heads, value: values.shape[2] / heads, chunk: chunk)
  }

  private var detached: MatrixMemory {
    MatrixMemory(
      queries: queries.detached, keys: keys.detached, values: values.detached,
      entering: entering.detached, keeping: keeping.detached, initial: initial.detached,
      heads: heads, lengths: lengths, isReversed: isReversed, chunk: chunk)
  }

  private var operands: [Tensor] {
    [queries, keys, values, entering, keeping] + initial.tensors
  }

  /// h, [steps, rows, heads · value], 0 beyond a row's end, and the state at each row's own end.
  package func read() -> (output: Tensor, final: State) {
    let isTraced = operands.contains { $0.trace != nil }
    let memory = detached
    let forward = MatrixMemoryForward(memory, keepsStates: isTraced)
    forward.run()
    let outputs = Tensor.record(
      "matrix memory", inputs: operands, outputs: [forward.output] + forward.final.tensors
    ) { gradients in
      let backward = MatrixMemoryBackward(
        memory, forward, output: gradients[0], final: Array(gradients[1...]))
      backward.run()
      return backward.gradients
    }
    return (
      outputs[0], State(memory: outputs[1], normalizer: outputs[2], bound: outputs[3])
    )
  }
}

/// The sizes of a matrix memory, and where things stand in its tensors.
struct MemorySize: Sendable {
  let steps: Int
  let rows: Int
  let heads: Int
  let key: Int
  let value: Int
  let chunk: Int

  /// Chunks of a row of the given length.
  func chunks(_ length: Int) -> Int { (length + chunk - 1) / chunk }

  /// Chunks of a row that begin before its last one ends.
  var innerChunks: Int { max(0, chunks(steps) - 1) }
}
