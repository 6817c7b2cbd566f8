/// One head of one row of a ``MatrixMemory``: where its numbers stand in the tensors.
@safe struct MemoryHead {
  let size: MemorySize
  let row: Int
  let head: Int
  /// How many steps the row has.
  let length: Int
  let isReversed: Bool

  init(_ memory: MatrixMemory, piece: Int) {
    size = memory.size
    row = piece / size.heads
    head = piece % size.heads
    length = memory.lengths[row]
    isReversed = memory.isReversed
  }

  var chunks: Int { size.chunks(length) }

  func steps(ofChunk index: Int) -> Range<Int> {
    index * size.chunk..<min(length, (index + 1) * size.chunk)
  }

  /// This head's `width` numbers at a step, in a tensor [steps, rows, heads · width].
  func row(_ step: Int, of tensor: Tensor, _ width: Int) -> TileRow {
    let time = isReversed ? size.steps - 1 - step : step
    return unsafe TileRow(
      base: tensor.pointer + ((time * size.rows + row) * size.heads + head) * width, count: width)
  }

  /// The rows of all steps of a chunk, side by side in memory.
  func load(_ steps: Range<Int>, of tensor: Tensor, into tile: Tile) {
    for (index, step) in steps.enumerated() {
      tile.row(index).copy(row(step, of: tensor, tile.columns))
    }
  }

  func store(_ tile: Tile, to tensor: Tensor, _ steps: Range<Int>) {
    for (index, step) in steps.enumerated() {
      row(step, of: tensor, tile.columns).copy(tile.row(index))
    }
  }

  /// This head's matrix of a state [rows, heads · height · width], or of one of several such states.
  func state(_ tensor: Tensor, _ height: Int, _ width: Int, at index: Int = 0) -> Tile {
    let place = (index * size.rows + row) * size.heads + head
    return unsafe Tile(
      tensor.pointer + place * height * width, rows: height, columns: width)
  }
}

/// The gates of one head for a chunk of steps, and what weighs its pairs.
@safe struct MemoryGates {
  /// S is made of the sums of one number for its row, bₜ − mₜ, and one for its column, log iₛ − bₛ.
  /// Each may be far larger than the sum, so they come in two parts, of which the first two and the
  /// last two are added.
  let rowHigh, rowLow, columnHigh, columnLow: TileRow
  /// g, the weight of what was there before the chunk.
  let before: TileRow
  /// exp(−m), below which the answer's divisor is not to fall.
  let least: TileRow
  /// S_L, the weights in the state after the chunk.
  let last: TileRow
  private let exponents: Tile
  private let factors: Tile

  /// An f below eᵗʰⁱˢ is 0 whatever else there is, −∞ included, and b stays a number.
  private static let lowestKeeping: Float = -1e6

  static func counts(_ size: MemorySize) -> [Int] {
    [size.chunk, size.chunk, size.chunk, size.chunk, 3 * size.chunk, 3 * size.chunk]
  }

  init(_ size: MemorySize, in space: inout TileSpace) {
    rowHigh = space.tile(1, size.chunk).row(0)
    rowLow = space.tile(1, size.chunk).row(0)
    columnHigh = space.tile(1, size.chunk).row(0)
    columnLow = space.tile(1, size.chunk).row(0)
    exponents = space.tile(3, size.chunk)
    factors = space.tile(3, size.chunk)
    before = factors.row(0)
    least = factors.row(1)
    last = factors.row(2)
  }

  /// Takes in the gates of a chunk.
  ///
  /// - Parameter bound: m before the chunk.
  /// - Returns: m after it.
  func fill(
    _ head: MemoryHead, _ steps: Range<Int>, of memory: MatrixMemory, bound start: Float,
    _ tools: MemoryTools
  ) -> Float {
    var sum = 0.0
    var bound = start
    for (index, step) in steps.enumerated() {
      let keeping = head.row(step, of: memory.keeping, 1)[0]
      let entering = head.row(step, of: memory.entering, 1)[0]
      sum += Double(max(keeping, Self.lowestKeeping))
      bound = max(keeping + bound, entering)
      Self.split(sum - Double(bound), into: rowHigh, rowLow, index)
      Self.split(Double(entering) - sum, into: columnHigh, columnLow, index)
      exponents.row(0)[index] = Float(sum + Double(start) - Double(bound))
      exponents.row(1)[index] = -bound
    }
    let end = sum - Double(bound)
    for index in 0..<steps.count {
      exponents.row(2)[index] = Float(
        end + Double(columnHigh[index]) + Double(columnLow[index]))
    }
    tools.exponential.run(
      .matrix(exponents), .matrix(factors), rows: 3, units: steps.count, scratch: tools.scratch,
      kernels: tools.kernels)
    return bound
  }

  private static func split(_ x: Double, into high: TileRow, _ low: TileRow, _ index: Int) {
    high[index] = Float(x)
    low[index] = Float(x - Double(high[index]))
  }
}

/// What every piece of work on a matrix memory uses: the formulas, and space of its own for them.
struct MemoryTools {
  let kernels: KernelTable
  let exponential: TileProgram
  let scratch: Tile
  let workspace: Tile

  init(
    _ formulas: MemoryFormulas, _ size: MemorySize, in space: inout TileSpace,
    on context: ComputeContext
  ) {
    kernels = context.kernels
    exponential = formulas.exponential
    scratch = space.tile(1, formulas.scratchCount)
    workspace = space.tile(1, Self.workspaceCount(size, kernels))
  }

  static func counts(
    _ formulas: MemoryFormulas, _ size: MemorySize, on context: ComputeContext
  ) -> [Int] {
    [formulas.scratchCount, workspaceCount(size, context.kernels)]
  }

  /// For the product of any two of the matrices.
  private static func workspaceCount(_ size: MemorySize, _ kernels: KernelTable) -> Int {
    let extents = [size.chunk, size.key, size.value]
    return extents.flatMap { m in
      extents.flatMap { n in extents.map { k in kernels.gemmWorkspace(m: m, n: n, k: k) } }
    }.max()!
  }

  func multiply(_ a: Tile, _ b: Tile, into c: Tile, accumulate: Bool = false) {
    kernels.multiply(a, b, into: c, accumulate: accumulate, workspace: workspace)
  }
}

/// What is computed element by element for a chunk, compiled once for all of them.
struct MemoryFormulas: Sendable {
  /// y = exp x. Operands: x, y.
  let exponential: TileProgram
  /// P = S ⊙ X, X = Q Kᵀ. Operands: S's four parts, which pairs count, X, which P overwrites.
  let weigh: TileProgram
  /// P likewise, and Ẋ = S ⊙ (Ṗ + ẇ), where Ṗ is what comes by way of the answers. Operands: S's four
  /// parts, which pairs count, X, which P overwrites, Ṗ, which Ẋ overwrites, ẇ.
  let weighBack: TileProgram
  /// 1 for s ≤ t, else 0.
  let earlier: Tensor

  init(_ size: MemorySize, on context: ComputeContext) {
    let units = size.chunk
    exponential = TileProgram(
      [.load(0, into: 0), .unary(.exp, 0, into: 0), .store(0, to: 1)], slotCount: 1, units: units,
      on: context)
    /// S in slot 0, where it counts; 1 and 2 are overwritten.
    let weights: [BlockProgram.Operation] = [
      .spread(0, axis: units, inner: 1, into: 0), .load(2, into: 1), .binary(.add, 0, 1, into: 0),
      .spread(1, axis: units, inner: 1, into: 1), .load(3, into: 2), .binary(.add, 1, 2, into: 1),
      .binary(.add, 0, 1, into: 0), .unary(.exp, 0, into: 0), .load(4, into: 1),
      .constant(0, into: 2), .ternary(.select, 1, 0, 2, into: 0),
    ]
    let products: [BlockProgram.Operation] = [
      .load(5, into: 1), .binary(.multiply, 0, 1, into: 1), .store(1, to: 5),
    ]
    weigh = TileProgram(weights + products, slotCount: 3, units: units, on: context)
    weighBack = TileProgram(
      weights + products + [
        .load(6, into: 1), .spread(7, axis: units, inner: 1, into: 2),
        .binary(.add, 1, 2, into: 1), .binary(.multiply, 0, 1, into: 1), .store(1, to: 6),
      ], slotCount: 3, units: units, on: context)
    earlier = Tensor(
      (0..<units * units).map { $0 % units <= $0 / units ? 1 : 0 }, shape: [units, units],
      on: context)
  }

  var scratchCount: Int {
    max(exponential.scratchCount, weigh.scratchCount, weighBack.scratchCount)
  }

  var earlierPairs: Tile {
    unsafe Tile(earlier.pointer, rows: earlier.shape[0], columns: earlier.shape[1])
  }
}
