import CRecurrentKernels

/// A small matrix in memory that its user owns, under any strides, for work that a thread does on its
/// own: nothing is counted, checked or shared out.
@safe struct Tile {
  let base: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  let rowStride: Int
  let columnStride: Int

  /// - Parameter rowStride: Floats from row to row; `columns` if not said.
  init(
    _ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil,
    columnStride: Int = 1
  ) {
    unsafe self.base = base
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride ?? columns
    self.columnStride = columnStride
  }

  var transposed: Tile {
    unsafe Tile(
      base, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }

  /// The upper left corner.
  func corner(_ rows: Int, _ columns: Int) -> Tile {
    unsafe Tile(
      base, rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride)
  }

  /// A row, which is contiguous.
  func row(_ index: Int) -> TileRow {
    unsafe TileRow(base: base + index * rowStride, count: columns)
  }

  /// The same numbers as another tile of as many rows and columns.
  func copy(_ other: Tile) {
    for index in 0..<rows { row(index).copy(other.row(index)) }
  }
}

/// Contiguous floats.
@safe struct TileRow {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  subscript(_ index: Int) -> Float {
    get { unsafe base[index] }
    nonmutating set { unsafe base[index] = newValue }
  }

  /// The same memory as a matrix of one row.
  var tile: Tile { unsafe Tile(base, rows: 1, columns: count) }

  func copy(_ other: TileRow) { unsafe base.update(from: other.base, count: count) }

  func fill(_ value: Float) { unsafe base.update(repeating: value, count: count) }

  /// self = factor · x
  func set(_ factor: Float, times x: TileRow) {
    for index in 0..<count { unsafe base[index] = factor * x.base[index] }
  }

  /// self = x / divisor
  func set(_ x: TileRow, over divisor: Float) {
    for index in 0..<count { unsafe base[index] = x.base[index] / divisor }
  }

  /// self += factor · x
  func add(_ factor: Float, times x: TileRow) {
    for index in 0..<count { unsafe base[index] += factor * x.base[index] }
  }

  /// Σ self · x: sixteen sums, then one.
  func dot(_ x: TileRow) -> Float {
    var lanes = SIMD16<Float>()
    var index = 0
    while index + 16 <= count {
      unsafe lanes += lanesAt(base + index) * lanesAt(x.base + index)
      index += 16
    }
    var sum = sumOf(lanes)
    while index < count {
      unsafe sum += base[index] * x.base[index]
      index += 1
    }
    return sum
  }

  /// Σ self, likewise.
  func total() -> Float {
    var lanes = SIMD16<Float>()
    var index = 0
    while index + 16 <= count {
      unsafe lanes += lanesAt(base + index)
      index += 16
    }
    var sum = sumOf(lanes)
    while index < count {
      unsafe sum += base[index]
      index += 1
    }
    return sum
  }
}

/// Halves are added to each other until there are none.
@inline(__always)
private func sumOf(_ lanes: SIMD16<Float>) -> Float {
  let eight = lanes.lowHalf + lanes.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

@inline(__always)
private func lanesAt(_ address: UnsafePointer<Float>) -> SIMD16<Float> {
  unsafe UnsafeRawPointer(address).loadUnaligned(as: SIMD16<Float>.self)
}

/// Hands out the parts of one piece of memory, each on cache lines of its own.
struct TileSpace {
  let buffer: TensorBuffer
  private var used = 0

  /// - Parameter counts: The floats of every part that will be asked for.
  init(_ counts: [Int], in context: ComputeContext) {
    buffer = TensorBuffer(
      uninitialized: counts.reduce(0) { $0 + Self.rounded($1) }, in: context)
  }

  mutating func tile(_ rows: Int, _ columns: Int) -> Tile {
    let start = used
    used += Self.rounded(rows * columns)
    precondition(used <= buffer.capacity, "More tiles than there is space for")
    return unsafe Tile(buffer.address + start, rows: rows, columns: columns)
  }

  private static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

extension KernelTable {
  /// C = A B, or C += A B, on the thread that calls.
  ///
  /// - Parameters:
  ///   - c: Contiguous rows.
  ///   - workspace: As many floats as ``gemmWorkspace(m:n:k:)`` says.
  func multiply(_ a: Tile, _ b: Tile, into c: Tile, accumulate: Bool = false, workspace: Tile) {
    unsafe gemm(
      rk_gemm(
        m: Int32(c.rows), n: Int32(c.columns), k: Int32(a.columns),
        accumulate: accumulate ? 1 : 0, a: a.base, a_row: Int64(a.rowStride),
        a_col: Int64(a.columnStride), b: b.base, b_row: Int64(b.rowStride),
        b_col: Int64(b.columnStride), c: c.base, c_row: Int64(c.rowStride),
        workspace: workspace.base, places: nil))
  }
}

/// A block program over tiles, on the thread that calls.
struct TileProgram: Sendable {
  /// What an operand index names.
  enum Operand {
    /// Element (row, unit) of a tile.
    case matrix(Tile)
    /// The same for every row.
    case row(TileRow)
    /// One number for each row: read it with ``BlockProgram/Operation/spread(_:axis:inner:into:)``.
    case column(TileRow)
  }

  private let operations: [rk_op]
  private let slotCount: Int
  private let blockUnits: Int
  private static let blockRows = 16

  /// - Parameter units: At most so many of them are computed.
  init(
    _ operations: [BlockProgram.Operation], slotCount: Int, units: Int, on context: ComputeContext
  ) {
    self.operations = operations.map(\.encoded)
    self.slotCount = slotCount
    let panel = context.kernels.panel
    blockUnits = (units + panel - 1) / panel * panel
  }

  /// Floats of scratch that it needs.
  var scratchCount: Int { slotCount * Self.blockRows * blockUnits }

  func run(
    _ operands: Operand..., rows: Int, units: Int, scratch: Tile, kernels: KernelTable
  ) {
    let operands = unsafe operands.map { operand in
      switch operand {
      case .matrix(let tile): unsafe Self.encoded(tile.base, rowStride: tile.rowStride)
      case .row(let row): unsafe Self.encoded(row.base, rowStride: 0)
      case .column(let column): unsafe Self.encoded(column.base, rowStride: 1)
      }
    }
    unsafe operations.withUnsafeBufferPointer { operations in
      unsafe operands.withUnsafeBufferPointer { operands in
        unsafe kernels.run(
          rk_program(
            ops: operations.baseAddress, op_count: Int32(operations.count),
            slot_count: Int32(slotCount), block_rows: Int32(Self.blockRows),
            block_units: Int32(blockUnits), operands: operands.baseAddress, weights: nil,
            first_unit: 0),
          rows: 0..<rows, units: 0..<units, scratch: scratch.base)
      }
    }
  }

  private static func encoded(
    _ base: UnsafeMutablePointer<Float>, rowStride: Int
  ) -> rk_operand {
    unsafe rk_operand(
      base: base, step_stride: 0, row_stride: Int64(rowStride), offset: 0, ring: 0)
  }
}
