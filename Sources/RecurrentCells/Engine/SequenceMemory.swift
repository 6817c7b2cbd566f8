import RecurrentCore

/// The arrays of one sequence: memory for the places of a compiled cell.
///
/// Arrays of all steps are in the order of time, which is that of the inputs and outputs. The steps
/// of a reversed sequence go backwards through them.
final class SequenceMemory: Sendable {
  let compiled: CompiledCell
  let context: ComputeContext
  let steps: Int
  let rows: Int
  let reversed: Bool
  /// Values of every step are there for the way back.
  let records: Bool

  let inputs: [Tensor]
  let masks: [Tensor]
  let parameters: [Tensor]
  let biases: [Int: Tensor]
  /// (steps + 1) × rows × size, the initial state at the end where the sequence begins; or three
  /// steps in turn where nobody needs more.
  let states: [TensorBuffer]
  /// For outputs that are not a state's next value.
  let outputs: [Int: TensorBuffer]
  let sections: [Int: TensorBuffer]
  let kept: [Graph.NodeIndex: TensorBuffer]
  /// What is due at each step, and the step forward and back in each of its forms.
  let due: DueSteps
  let forwardForms: [CutStep]
  let backwardForms: [CutStep]
  /// For schedules that these forms read 1 where a part is due, [steps, rows, size], or one row for
  /// all where their clocks agree.
  let schedules: [Int: Tensor]
  /// Steps that the sections' arrays hold: all of them, or a chunk.
  let sectionSteps: Int

  init(
    _ compiled: CompiledCell, inputs: [Tensor], masks: [Tensor], initialStates: [Tensor?],
    parameters: [Tensor], lengths: BatchLengths, reversed: Bool, records: Bool,
    hoists: Bool, due: DueSteps
  ) {
    let context = inputs[0].context
    let steps = lengths.steps
    let rows = lengths.rows
    self.compiled = compiled
    self.context = context
    self.steps = steps
    self.rows = rows
    self.reversed = reversed
    self.records = records
    self.inputs = inputs.map(\.detached)
    self.masks = masks
    let parameters = parameters.map(\.detached)
    self.parameters = parameters

    // Rows that have ended are never computed; where there are any, what the products after the
    // loop read of them must be zero.
    func array(_ count: Int) -> TensorBuffer {
      let buffer = TensorBuffer(uninitialized: count, in: context)
      if !lengths.isUniform { buffer.fill(0..<count) }
      return buffer
    }

    let graph = compiled.cell.graph
    biases = compiled.biases(of: parameters)

    states = compiled.stateSizes.enumerated().map { state, size in
      let isOutput = compiled.cell.outputs.contains(compiled.cell.nextStates[state])
      let all = records || isOutput
      let buffer = array((all ? steps + 1 : 3) * rows * size)
      let start = all && reversed ? steps * rows * size : 0
      if let initial = initialStates[state] {
        buffer.copy(rows * size, from: initial.buffer, at: initial.offset, to: start)
      } else {
        buffer.fill(start..<start + rows * size)
      }
      return buffer
    }
    var outputs: [Int: TensorBuffer] = [:]
    for (index, node) in compiled.cell.outputs.enumerated()
    where CompiledCell.lastingPlace(node, of: compiled.cell) == .output(index) {
      outputs[index] = array(steps * rows * compiled.outputSizes[index])
    }
    self.outputs = outputs
    self.due = due
    let forwardForms = due.patterns.map {
      compiled.step(.forward(records: records, hoists: hoists), due: $0)
    }
    let backwardForms =
      records ? due.patterns.map { compiled.step(.backward, due: $0) } : []
    self.forwardForms = forwardForms
    self.backwardForms = backwardForms
    var schedules: [Int: Tensor] = [:]
    for (index, schedule) in compiled.cell.schedules.enumerated()
    where (forwardForms + backwardForms).contains(where: { $0.reads(schedule: index) }) {
      schedules[index] = Self.dueParts(
        schedule, compiled, initial: initialStates[schedule.clock], steps: steps, in: context)
    }
    self.schedules = schedules

    // Without a record the products before the loop are made for a chunk of steps at a time.
    let widths = compiled.mapWidths
    let chunk = max(1, 1_048_576 / max(1, rows * (widths.max() ?? 1)))
    sectionSteps = records || !hoists ? steps : min(steps, chunk)
    var sections: [Int: TensorBuffer] = [:]
    for (map, affine) in graph.affineMaps.enumerated() {
      let isHoisted =
        hoists && affine.terms.contains { CompiledCell.isHoistable($0, in: graph) }
      if isHoisted || (records && compiled.backward.maps.contains(map)) {
        sections[map] = array(sectionSteps * rows * widths[map])
      }
    }
    self.sections = sections
    var kept: [Graph.NodeIndex: TensorBuffer] = [:]
    if records {
      for node in compiled.backward.kept {
        kept[node] = array(steps * rows * compiled.nodeSizes[node])
      }
    }
    self.kept = kept
  }

  /// Which parts are due at each step, read off the rows' clocks.
  private static func dueParts(
    _ schedule: CellSchedule, _ compiled: CompiledCell, initial: Tensor?, steps: Int,
    in context: ComputeContext
  ) -> Tensor {
    var clocks = initial?.elements ?? [0]
    if Set(clocks).count == 1 { clocks = [clocks[0]] }
    let size = compiled.size(of: schedule.extent)
    let part = size / schedule.periods.count
    var due: [Float] = []
    due.reserveCapacity(steps * clocks.count * size)
    for step in 0..<steps {
      for clock in clocks {
        for isDue in schedule.isDue(at: Double(clock) + Double(step)) {
          due.append(contentsOf: repeatElement(isDue ? 1 : 0, count: part))
        }
      }
    }
    return Tensor(due, shape: [steps, clocks.count, size], on: context)
  }

  // MARK: Operands

  /// An array of all steps in the order of time.
  func sequence(_ buffer: TensorBuffer, offset: Int = 0, width: Int) -> BlockOperand {
    BlockOperand(
      buffer, offset: offset + (reversed ? (steps - 1) * rows * width : 0),
      stepStride: reversed ? -rows * width : rows * width, rowStride: width)
  }

  /// The sections of a map, which may hold only the steps from `first` on.
  private func sections(_ map: Int, offset: Int, from first: Int) -> BlockOperand {
    let width = compiled.mapWidths[map]
    let stride = rows * width
    let held = min(sectionSteps, steps - first)
    let origin = reversed ? (held - 1 + first) * stride : -first * stride
    return BlockOperand(
      sections[map]!, offset: origin + offset, stepStride: reversed ? -stride : stride,
      rowStride: width)
  }

  private func state(_ state: Int, stepOffset: Int) -> BlockOperand {
    let width = compiled.stateSizes[state]
    let stride = rows * width
    guard holdsAllSteps(state) else {
      return BlockOperand(
        states[state], stepStride: stride, rowStride: width, stepOffset: stepOffset, ring: 3)
    }
    return BlockOperand(
      states[state], offset: reversed ? steps * stride : 0,
      stepStride: reversed ? -stride : stride, rowStride: width, stepOffset: stepOffset)
  }

  func holdsAllSteps(_ state: Int) -> Bool {
    records || compiled.cell.outputs.contains(compiled.cell.nextStates[state])
  }

  private func sectionOffset(_ map: Int, _ section: Int) -> Int {
    section * compiled.sectionWidth(map)
  }

  /// The operand for a place of the forward step, or for one that the way back shares with it.
  /// - Parameter first: The first step that the sections' arrays hold.
  func operand(_ place: Place, from first: Int = 0) -> BlockOperand {
    switch place {
    case .input(let input):
      return sequence(
        inputs[input].buffer, offset: inputs[input].offset, width: compiled.inputSizes[input])
    case .mask(let mask):
      let width = masks[mask].shape.last!
      let once = compiled.cell.masks[mask].perSequence
      guard once else {
        return sequence(masks[mask].buffer, offset: masks[mask].offset, width: width)
      }
      return BlockOperand(
        masks[mask].buffer, offset: masks[mask].offset, stepStride: 0, rowStride: width)
    case .schedule(let schedule):
      // Steps in the order in which they are taken, whatever the direction.
      let array = schedules[schedule]!
      let (count, width) = (array.shape[1], array.shape[2])
      return BlockOperand(
        array.buffer, stepStride: count * width, rowStride: count == 1 ? 0 : width)
    case .parameter(let parameter):
      return BlockOperand(
        parameters[parameter].buffer, offset: parameters[parameter].offset, stepStride: 0,
        rowStride: 0)
    case .bias(let map, let section):
      return BlockOperand(
        biases[map]!.buffer, offset: biases[map]!.offset + sectionOffset(map, section),
        stepStride: 0, rowStride: 0)
    case .section(let map, let section):
      return sections(map, offset: sectionOffset(map, section), from: first)
    case .sections(let map): return sections(map, offset: 0, from: first)
    case .stateBefore(let index): return state(index, stepOffset: 0)
    case .stateAfter(let index): return state(index, stepOffset: 1)
    case .output(let index):
      return sequence(outputs[index]!, width: compiled.outputSizes[index])
    case .kept(let node): return sequence(kept[node]!, width: compiled.nodeSizes[node])
    case .passed, .outputGradient, .stateGradientAfter, .stateGradientBefore, .inputGradient,
      .parameterGradient:
      preconditionFailure("\(place) is not memory of the sequence")
    }
  }

  /// A value that lives from one stage to a later one: two steps in turn, so that a fast thread
  /// does not overwrite what a slow one still reads.
  func passing(size: Int) -> BlockOperand {
    BlockOperand(
      TensorBuffer(uninitialized: 2 * rows * size, in: context), stepStride: rows * size,
      rowStride: size, ring: 2)
  }

  // MARK: Rows of all steps

  /// A place of every step as a matrix of steps · rows rows, in the order of time.
  func matrix(_ place: Place) -> Matrix {
    let all = steps * rows
    switch place {
    case .section(let map, let section):
      let width = compiled.mapWidths[map]
      return Matrix(
        sections[map]!, offset: sectionOffset(map, section), rows: all,
        columns: compiled.sectionWidth(map), rowStride: width)
    case .sections(let map):
      return Matrix(sections[map]!, rows: all, columns: compiled.mapWidths[map])
    case .input(let input):
      return inputs[input].matrix(rows: all, columns: compiled.inputSizes[input])
    case .stateBefore(let state), .stateAfter(let state):
      // The state before a step is the earlier one in time, or the later one in a reversed
      // sequence.
      let width = compiled.stateSizes[state]
      var later = reversed
      if case .stateAfter = place { later.toggle() }
      return Matrix(
        states[state], offset: later ? rows * width : 0, rows: all, columns: width)
    case .output(let index):
      return Matrix(outputs[index]!, rows: all, columns: compiled.outputSizes[index])
    case .kept(let node):
      return Matrix(kept[node]!, rows: all, columns: compiled.nodeSizes[node])
    default: preconditionFailure("\(place) has no rows for every step")
    }
  }

  /// The rows of such a matrix that belong to steps of some of the forms.
  func places(whereForm isTaken: [Bool]) -> [Int32] {
    let taken = due.steps(0..<steps, where: isTaken)
    return (reversed ? taken.reversed().map { steps - 1 - $0 } : taken).flatMap { time in
      Int32(time * rows)..<Int32((time + 1) * rows)
    }
  }

  /// Where, in a state's array, the value after `step` steps stands.
  func stateStart(_ state: Int, after step: Int) -> Int {
    let stride = rows * compiled.stateSizes[state]
    return (holdsAllSteps(state) ? (reversed ? steps - step : step) : step % 3) * stride
  }
}
