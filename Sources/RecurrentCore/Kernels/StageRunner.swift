import CRecurrentKernels

/// Runs the stages of a step over the steps of a sequence.
///
/// A sequence is one parallel region. Where there are many rows each thread takes some of them
/// through all steps, and nobody waits for anybody; where there are few, each thread takes some
/// units, and they meet before every stage that reads across units. An element is computed by the
/// same operations either way, so the bits are the same.
@safe package final class StageRunner: @unchecked Sendable {
  private let context: ComputeContext
  private let programs: [BlockProgram]
  private let buffers: [TensorBuffer]
  private let matrices: [PackedMatrix]
  private let operations: [UnsafeMutablePointer<rk_op>]
  private let operands: UnsafeMutablePointer<rk_operand>
  private let weights: UnsafeMutablePointer<UnsafePointer<Float>?>

  /// - Parameters:
  ///   - operands: What the programs' operand indices name. The runner writes through the buffers
  ///     of stored operands; the caller sees to it that nobody else owns those numbers.
  ///   - weights: What the programs' weight indices name.
  package init(
    _ programs: [BlockProgram], operands: [BlockOperand], weights: [PackedMatrix],
    in context: ComputeContext
  ) {
    self.context = context
    self.programs = programs
    buffers = operands.map(\.buffer)
    matrices = weights
    unsafe operations = programs.map { program in
      let list = UnsafeMutablePointer<rk_op>.allocate(capacity: program.operations.count)
      for (index, operation) in program.operations.enumerated() {
        unsafe (list + index).initialize(to: operation.encoded)
      }
      return unsafe list
    }
    unsafe self.operands = .allocate(capacity: max(operands.count, 1))
    for (index, operand) in operands.enumerated() {
      unsafe (self.operands + index).initialize(
        to: rk_operand(
          base: operand.buffer.address + operand.offset, step_stride: Int64(operand.stepStride),
          row_stride: Int64(operand.rowStride), offset: Int32(operand.stepOffset),
          ring: Int32(operand.ring)))
    }
    unsafe self.weights = .allocate(capacity: max(weights.count, 1))
    for (index, weight) in weights.enumerated() {
      unsafe (self.weights + index).initialize(to: UnsafePointer(weight.buffer.address))
    }
  }

  deinit {
    for index in unsafe operations.indices { unsafe operations[index].deallocate() }
    unsafe operands.deallocate()
    unsafe weights.deallocate()
  }

  /// Runs all stages for every step of the range, on rows 0 ..< rows.
  package func run(steps: Range<Int>, descending: Bool = false, rows: Int) {
    guard rows > 0, !steps.isEmpty else { return }
    let split = split(rows: rows, steps: steps.count)
    guard split.members > 1 else {
      return run(steps, descending, rows: 0..<rows, member: nil, of: split)
    }
    context.workers.team(upTo: split.members) { member in
      if split.byRows {
        let tiles = (rows + split.tileRows - 1) / split.tileRows
        let first = min(rows, tiles * member.index / member.count * split.tileRows)
        let end = min(rows, tiles * (member.index + 1) / member.count * split.tileRows)
        if first < end { run(steps, descending, rows: first..<end, member: nil, of: split) }
      } else {
        run(steps, descending, rows: 0..<rows, member: member, of: split)
      }
    }
  }

  // MARK: How the work is cut

  private struct Split {
    var members: Int
    var byRows: Bool
    /// Rows are cut between multiples of this.
    var tileRows: Int
  }

  /// Work, in floating-point operations, below which waking a thread costs more than it gives.
  private static let worthATeam = 400_000
  /// The same for a wait between two stages.
  private static let worthABarrier = 40_000

  private func split(rows: Int, steps: Int) -> Split {
    let tile = context.kernels.tileRows
    let alone = Split(members: 1, byRows: true, tileRows: tile)
    let threads = context.threadCount
    let panel = context.kernels.panel
    let panels = programs.map { ($0.units + panel - 1) / panel }.max() ?? 0
    switch context.sharing {
    case .automatic: break
    case .rows: return Split(members: min(threads, rows), byRows: true, tileRows: 1)
    case .units: return Split(members: min(threads, panels), byRows: false, tileRows: tile)
    }
    let stepCost = rows * programs.reduce(0) { $0 + $1.costPerRow }
    if threads == 1 || steps * stepCost < Self.worthATeam { return alone }
    // Few rows a thread leave register tiles half empty.
    let rowMembers = min(threads, rows / max(tile / 2, 1))
    if rowMembers == threads { return Split(members: threads, byRows: true, tileRows: tile / 2) }
    let barriers = max(programs.count { $0.readsAcrossUnits }, 1)
    let unitMembers = min(threads, panels)
    if unitMembers > rowMembers, stepCost / barriers >= Self.worthABarrier {
      return Split(members: unitMembers, byRows: false, tileRows: tile)
    }
    return rowMembers > 1 ? Split(members: rowMembers, byRows: true, tileRows: tile / 2) : alone
  }

  // MARK: One thread

  /// Floats of a slot that keep a block within the first-level cache.
  private func blockElements(_ program: BlockProgram) -> Int { 6144 / program.slotCount }

  private func run(
    _ steps: Range<Int>, _ descending: Bool, rows: Range<Int>, member: TeamMember?,
    of split: Split
  ) {
    let panel = context.kernels.panel
    let tile = context.kernels.tileRows
    @safe struct Stage {
      var program: rk_program
      var units: Range<Int32>
      var waits: Bool
    }
    var scratchCount = 16
    var stages: [Stage] = []
    stages.reserveCapacity(programs.count)
    for (index, program) in programs.enumerated() {
      let panels = (program.units + panel - 1) / panel
      var units = 0..<program.units
      if let member {
        let first = panels * member.index / member.count * panel
        let end = panels * (member.index + 1) / member.count * panel
        units = min(first, program.units)..<min(end, program.units)
      }
      let elements = blockElements(program)
      var blockRows = min(rows.count, max(tile, elements / panel / tile * tile))
      var blockUnits = panel
      if rows.count <= tile {
        blockRows = rows.count
        let width = (units.count + panel - 1) / panel
        blockUnits = panel * max(1, min(width, elements / (rows.count * panel)))
      }
      scratchCount = max(scratchCount, program.slotCount * blockRows * blockUnits)
      unsafe stages.append(
        Stage(
          program: rk_program(
            ops: operations[index], op_count: Int32(program.operations.count),
            slot_count: Int32(program.slotCount), block_rows: Int32(blockRows),
            block_units: Int32(blockUnits), operands: operands, weights: weights),
          units: Int32(units.lowerBound)..<Int32(units.upperBound),
          waits: program.readsAcrossUnits))
    }
    let scratch = TensorBuffer(uninitialized: scratchCount, in: context)
    // What stages leave to each other stays near where few rows pass all of them at a time.
    let rowsTogether = member == nil && stages.count > 2 ? tile : rows.count
    let kernel = unsafe context.kernels.pointer.pointee.run!
    for index in 0..<steps.count {
      let step = descending ? steps.upperBound - 1 - index : steps.lowerBound + index
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsTogether) {
        let end = min(first + rowsTogether, rows.upperBound)
        for stage in stages {
          if let member, stage.waits { member.barrier() }
          if stage.units.isEmpty { continue }
          unsafe withUnsafePointer(to: stage.program) { program in
            unsafe kernel(
              program, Int64(step), Int32(first), Int32(end),
              stage.units.lowerBound, stage.units.upperBound, scratch.address)
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
  }
}
