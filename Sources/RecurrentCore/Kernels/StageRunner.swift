import CRecurrentKernels

/// A step as it is run: stages, one after the other, and what their indices name.
package struct StepForm: Sendable {
  /// The parts of a stage compute units of their own; none reads what another one of the same
  /// stage stores.
  package var stages: [[BlockProgram]]
  /// The runner writes through the buffers of stored operands; the caller sees to it that nobody
  /// else owns those numbers.
  package var operands: [BlockOperand]
  package var weights: [PackedMatrix]

  package init(
    stages: [[BlockProgram]], operands: [BlockOperand], weights: [PackedMatrix]
  ) {
    self.stages = stages
    self.operands = operands
    self.weights = weights
  }

  var costPerRow: Int {
    stages.reduce(0) { $0 + $1.reduce(0) { $0 + $1.costPerRow } }
  }

  /// How many panels there are to share in the stage that has most.
  func panels(_ panel: Int) -> Int {
    stages.map { $0.reduce(0) { $0 + ($1.units.count + panel - 1) / panel } }.max() ?? 0
  }
}

/// Runs the stages of a step over the steps of a sequence.
///
/// A sequence is one parallel region. Where there are many rows each thread takes some of them
/// through all steps, and nobody waits for anybody; where there are few, each thread takes some
/// units, and they meet before every stage that reads across units. An element is computed by the
/// same operations either way, so the bits are the same.
@safe package final class StageRunner: @unchecked Sendable {
  private let context: ComputeContext
  let forms: [EncodedForm]
  private let formOfStep: [Int]

  /// - Parameters:
  ///   - forms: The step in one form or several.
  ///   - formOfStep: The form that each step of the sequence takes; empty: all take the first.
  package init(_ forms: [StepForm], formOfStep: [Int] = [], in context: ComputeContext) {
    self.context = context
    self.formOfStep = formOfStep
    self.forms = forms.map(EncodedForm.init)
  }

  private func form(ofStep step: Int) -> Int { formOfStep.isEmpty ? 0 : formOfStep[step] }

  /// Runs all stages for every step of the range, on rows 0 ..< rows.
  package func run(steps: Range<Int>, descending: Bool = false, rows: Int) {
    guard rows > 0, !steps.isEmpty else { return }
    let split = split(rows: rows, steps: steps)
    guard split.members > 1 else {
      return run(steps, descending, rows: 0..<rows, member: nil, of: split)
    }
    context.workers.team(upTo: split.members) { member in
      if split.byRows {
        let first = rows * member.index / member.count
        let end = rows * (member.index + 1) / member.count
        if first < end { run(steps, descending, rows: first..<end, member: nil, of: split) }
      } else {
        run(steps, descending, rows: 0..<rows, member: member, of: split)
      }
    }
  }

  // MARK: How the work is cut

  /// Work below which waking a thread costs more than it gives.
  private static let worthATeam = 400_000

  private func split(rows: Int, steps: Range<Int>) -> WorkSplit {
    let costs = forms.map(\.step.costPerRow)
    let waits = forms.map { $0.waits(isCut).count { $0 } }.max() ?? 1
    return WorkSplit(
      rows: rows, panels: forms.map { $0.step.panels(context.kernels.panel) }.max() ?? 0,
      cost: rows * steps.reduce(0) { $0 + costs[form(ofStep: $1)] },
      meetings: steps.count * max(waits, 1), worthATeam: Self.worthATeam, in: context)
  }

  // MARK: One thread

  /// Floats of a slot that keep a block within the first-level cache.
  private func blockElements(_ program: BlockProgram) -> Int {
    max(1, 6144 / program.slotCount)
  }

  /// A program with the units that a thread computes.
  @safe struct Part {
    var program: rk_program
    var units: Range<Int32>
    var waits: Bool
  }

  private func run(
    _ steps: Range<Int>, _ descending: Bool, rows: Range<Int>, member: TeamMember?,
    of split: WorkSplit
  ) {
    var scratchCount = 16
    let parts = forms.map { form in
      prepared(
        form, rows: rows.count, member: member.map { ($0.index, $0.count) },
        scratchCount: &scratchCount)
    }
    let scratch = TensorBuffer(uninitialized: scratchCount, in: context)
    // What stages leave to each other stays near where few rows pass all of them at a time.
    let passesMany = member == nil && !isCut && forms[0].step.stages.count > 2
    let rowsTogether = passesMany ? context.kernels.tileRows : rows.count
    let kernel = unsafe context.kernels.pointer.pointee.run!
    for index in 0..<steps.count {
      let step = descending ? steps.upperBound - 1 - index : steps.lowerBound + index
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsTogether) {
        let end = min(first + rowsTogether, rows.upperBound)
        for part in parts[form(ofStep: step)] {
          if let member, part.waits { member.barrier() }
          if part.units.isEmpty { continue }
          unsafe withUnsafePointer(to: part.program) { program in
            unsafe kernel(
              program, Int64(step), Int32(first), Int32(end), part.units.lowerBound,
              part.units.upperBound, scratch.address)
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
  }

  /// The programs of a form as one thread runs them, in order.
  func prepared(
    _ form: EncodedForm, rows: Int, member: (index: Int, count: Int)?, scratchCount: inout Int
  ) -> [Part] {
    let panel = context.kernels.panel
    let tile = context.kernels.tileRows
    let waits = form.waits(isCut)
    var result: [Part] = []
    var index = 0
    for (stage, programs) in form.step.stages.enumerated() {
      // The panels of all parts, one after the other, are shared.
      let panels = programs.map { ($0.units.count + panel - 1) / panel }
      let all = panels.reduce(0, +)
      let share =
        member.map { all * $0.index / $0.count..<all * ($0.index + 1) / $0.count } ?? 0..<all
      var first = 0
      for (place, program) in programs.enumerated() {
        let own = share.clamped(to: first..<first + panels[place])
        let start = program.units.lowerBound + (own.lowerBound - first) * panel
        let end = program.units.lowerBound + (own.upperBound - first) * panel
        let units = min(start, program.units.upperBound)..<min(end, program.units.upperBound)
        first += panels[place]

        let elements = blockElements(program)
        // Blocks of equal height: a last one of few rows would wait for its own sums.
        let blocks = max(1, (rows * panel + elements - 1) / elements)
        var blockRows = max((rows + blocks - 1) / blocks, min(rows, tile))
        var blockUnits = panel
        if rows <= tile {
          blockRows = rows
          let width = (units.count + panel - 1) / panel
          blockUnits = panel * max(1, min(width, elements / (rows * panel)))
        }
        let encoded = unsafe rk_program(
          ops: form.operations[index], op_count: Int32(program.operations.count),
          slot_count: Int32(program.slotCount), block_rows: Int32(blockRows),
          block_units: Int32(blockUnits), operands: form.operands, weights: form.weights,
          first_unit: Int32(program.units.lowerBound))
        scratchCount = max(
          scratchCount, unsafe context.kernels.scratch(encoded, rows: rows))
        unsafe result.append(
          Part(
            program: encoded,
            units: Int32(units.lowerBound)..<Int32(units.upperBound),
            waits: place == 0 && waits[stage]))
        index += 1
      }
    }
    return result
  }

  /// Whether stages are cut, or differ from step to step. Threads that share units then meet before
  /// every stage: otherwise a unit is always the same thread's, and they need to only where a stage
  /// reads across units.
  private var isCut: Bool {
    forms.count > 1 || forms.contains { $0.step.stages.contains { $0.count > 1 } }
  }
}

/// A form as the kernels read it.
@safe final class EncodedForm: @unchecked Sendable {
  let step: StepForm
  /// For each program of each stage, in order.
  let operations: [UnsafeMutablePointer<rk_op>]
  let operands: UnsafeMutablePointer<rk_operand>
  let weights: UnsafeMutablePointer<UnsafePointer<Float>?>

  init(_ step: StepForm) {
    self.step = step
    unsafe operations = step.stages.joined().map { program in
      let list = UnsafeMutablePointer<rk_op>.allocate(capacity: program.operations.count)
      for (index, operation) in program.operations.enumerated() {
        unsafe (list + index).initialize(to: operation.encoded)
      }
      return unsafe list
    }
    unsafe operands = .allocate(capacity: max(step.operands.count, 1))
    for (index, operand) in step.operands.enumerated() {
      unsafe (operands + index).initialize(
        to: rk_operand(
          base: operand.buffer.address + operand.offset, step_stride: Int64(operand.stepStride),
          row_stride: Int64(operand.rowStride), offset: Int32(operand.stepOffset),
          ring: Int32(operand.ring)))
    }
    unsafe weights = .allocate(capacity: max(step.weights.count, 1))
    for (index, weight) in step.weights.enumerated() {
      unsafe (weights + index).initialize(to: UnsafePointer(weight.buffer.address))
    }
  }

  deinit {
    for index in unsafe operations.indices { unsafe operations[index].deallocate() }
    unsafe operands.deallocate()
    unsafe weights.deallocate()
  }

  /// Whether threads that share units meet before each stage.
  func waits(_ always: Bool) -> [Bool] {
    step.stages.map { parts in always || parts.contains { $0.readsAcrossUnits } }
  }
}
