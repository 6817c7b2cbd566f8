import RecurrentCore

/// Runs a compiled cell over whole sequences, and back.
package struct CellEngine: Sendable {
  package let compiled: CompiledCell

  package init(_ compiled: CompiledCell) { self.compiled = compiled }

  package struct Result: Sendable {
    /// [steps, rows, output size], zero beyond a row's end.
    package var output: Tensor
    /// What is recorded, likewise.
    package var recordings: [Tensor]
    /// For each state [rows, size], each row's at its own end.
    package var finalStates: [Tensor]
  }

  /// Runs the cell over a sequence.
  ///
  /// - Parameters:
  ///   - inputs: For each input of the cell [steps, rows, size]; zero beyond a row's end.
  ///   - initialStates: For each state [rows, size]; nil is zero.
  ///   - parameters: In the order of ``Cell/parameters``.
  ///   - masks: For each mask [steps, rows, size], or [rows, size] where it is drawn once.
  ///   - lengths: Which rows run at which step.
  ///   - reversed: From the last step to the first; all rows must then be equally long.
  package func run(
    inputs: [Tensor], initialStates: [Tensor?], parameters: [Tensor], masks: [Tensor],
    lengths: BatchLengths, reversed: Bool
  ) -> Result {
    let operands: [Tensor?] = inputs + initialStates + parameters
    let records = operands.contains { $0?.trace != nil }
    let due = DueSteps(compiled.cell, initialStates: initialStates, steps: lengths.steps)
    let hoists = hoists(steps: lengths.steps, rows: lengths.rows, due)
    let parameters = parameters.enumerated().map { restricted($1, parameter: $0) }
    let memory = SequenceMemory(
      compiled, inputs: inputs, masks: masks, initialStates: initialStates,
      parameters: parameters, lengths: lengths, reversed: reversed, records: records,
      hoists: hoists, due: due)
    let finals = forward(memory, lengths: lengths, hoists: hoists)
    var results = compiled.cell.outputs.indices.map { outputTensor($0, memory) }
    let given = results.count
    results += finals
    if records {
      let wantsInputs = inputs.map { $0.trace != nil }
      results = Tensor.record("recurrent sequence", inputs: operands, outputs: results) {
        gradients in
        let back = backward(
          memory, lengths: lengths, outputs: Array(gradients[..<given]),
          finalStates: Array(gradients[given...]), wantsInputs: wantsInputs)
        return back.inputs + back.initialStates + back.parameters.map { $0 }
      }
    }
    return Result(
      output: results[0], recordings: Array(results[1..<given]),
      finalStates: Array(results[given...]))
  }

  // MARK: Choices

  /// Whether the products of the inputs are made before the loop, for all steps at once.
  ///
  /// That reads the input's matrix once instead of at every step, but writes and reads the products.
  /// It pays where a step has few rows to read the matrix for; a few features, a single step, and a
  /// step of several rows at which only some parts are due cost less inside the loop.
  private func hoists(steps: Int, rows: Int, _ due: DueSteps) -> Bool {
    if due.isKnown && rows >= 4 { return false }
    let elements = compiled.inputSizes[0] * (compiled.mapWidths.max() ?? 0)
    let enoughRows = elements > Self.largeMatrix ? 32 : 16
    return compiled.inputSizes[0] >= 32 && rows < enoughRows && steps > 1 && steps * rows >= 16
  }

  /// A matrix of more elements than this does not stay near between two steps.
  private static let largeMatrix = 1_048_576

  /// A matrix with zeros wherever its structure says so.
  package func restricted(_ tensor: Tensor, parameter: Int) -> Tensor {
    let description = compiled.cell.parameters[parameter]
    let shape = compiled.parameterShapes[parameter]
    precondition(
      tensor.shape == shape,
      "\(description.name) has shape \(shape), found \(tensor.shape)")
    if description.structure == .dense { return tensor.detached }
    let structure = description.structure.numbers + [description.sections.count]
    return tensor.restricted(to: Restriction(tensor, structure: structure)) {
      var result = tensor.detached
      restrict(&result, parameter: parameter)
      return result
    }
  }

  /// Writes zeros into a matrix wherever its structure says so.
  func restrict(_ tensor: inout Tensor, parameter: Int) {
    let description = compiled.cell.parameters[parameter]
    if description.structure == .dense { return }
    let shape = compiled.parameterShapes[parameter]
    let (height, width) = (shape[0] / description.sections.count, shape[1])
    tensor.withMutableElements { elements in
      for row in 0..<shape[0] {
        let place = row % height
        let free = description.structure.freeColumns(ofRows: place..<place + 1, height, width)
        for column in 0..<free.lowerBound { elements[row * width + column] = 0 }
        for column in free.upperBound..<width { elements[row * width + column] = 0 }
      }
    }
  }

  // MARK: Forward

  private func forward(
    _ memory: SequenceMemory, lengths: BatchLengths, hoists: Bool
  ) -> [Tensor] {
    var passed: [Place: BlockOperand] = [:]
    for case .passed(let node) in memory.forwardForms.flatMap(\.operands).map(\.place) {
      let place = Place.passed(node)
      passed[place] = passed[place] ?? memory.passing(size: compiled.nodeSizes[node])
    }
    var finals = FinalStates(memory, lengths: lengths)
    var first = 0
    while first < memory.steps {
      let chunk = first..<min(memory.steps, first + memory.sectionSteps)
      if hoists { multiplyInputs(memory, chunk) }
      let runner = StageRunner(
        forms(memory.forwardForms, memory) {
          passed[$0] ?? memory.operand($0, from: first)
        }, formOfStep: memory.due.patternOfStep, in: memory.context)
      for segment in lengths.segments {
        let part = segment.steps.clamped(to: chunk)
        if part.isEmpty { continue }
        finals.collectRows(endingBefore: part.lowerBound)
        runner.run(steps: part, rows: segment.rows)
      }
      first = chunk.upperBound
    }
    finals.collectAll()
    return finals.tensors
  }

  /// The products of the inputs with their matrices, for a chunk of steps at once.
  private func multiplyInputs(_ memory: SequenceMemory, _ chunk: Range<Int>) {
    let graph = compiled.cell.graph
    let time = memory.reversed ? memory.steps - chunk.upperBound : chunk.lowerBound
    let rows = chunk.count * memory.rows
    for (map, affine) in graph.affineMaps.enumerated() {
      var accumulates = false
      for term in affine.terms {
        guard case .input(let input) = graph.nodes[term.source].operation else { continue }
        let width = compiled.inputSizes[input]
        let source = memory.inputs[input]
        memory.context.multiply(
          Matrix(
            source.buffer, offset: source.offset + time * memory.rows * width, rows: rows,
            columns: width),
          weightMatrix(term.parameter, memory).transposed,
          into: Matrix(memory.sections[map]!, rows: rows, columns: compiled.mapWidths[map]),
          accumulate: accumulates)
        accumulates = true
      }
    }
  }

  func weightMatrix(_ parameter: Int, _ memory: SequenceMemory) -> Matrix {
    let shape = compiled.parameterShapes[parameter]
    return memory.parameters[parameter].matrix(rows: shape[0], columns: shape[1])
  }

  /// The forms of a step with the memory of a sequence.
  func forms(
    _ steps: [CutStep], _ memory: SequenceMemory, operand: (Place) -> BlockOperand
  ) -> [StepForm] {
    steps.map { step in
      StepForm(
        stages: step.stages,
        operands: step.operands.map { part in
          var operand = operand(part.place)
          operand.offset += part.first
          return operand
        },
        weights: step.weights.map { packed($0, of: memory.parameters, in: memory.context) })
    }
  }

  func packed(
    _ weight: CutStep.Weight, of parameters: [Tensor], in context: ComputeContext
  ) -> PackedMatrix {
    let shape = compiled.parameterShapes[weight.whole.parameter]
    let whole = parameters[weight.whole.parameter].matrix(rows: shape[0], columns: shape[1])
    let sections = compiled.cell.parameters[weight.whole.parameter].sections.count
    let rows =
      weight.whole.section.map { section in
        whole.part(rows: section * whole.rows / sections..<(section + 1) * whole.rows / sections)
      } ?? whole.transposed
    return context.packed(rows.part(rows: weight.units, columns: weight.depth))
  }

  private func outputTensor(_ index: Int, _ memory: SequenceMemory) -> Tensor {
    let width = compiled.outputSizes[index]
    let shape = [memory.steps, memory.rows, width]
    switch CompiledCell.lastingPlace(compiled.cell.outputs[index], of: compiled.cell)! {
    case .stateAfter(let state):
      return Tensor(
        buffer: memory.states[state], offset: memory.reversed ? 0 : memory.rows * width,
        shape: shape)
    case .output(let first): return Tensor(buffer: memory.outputs[first]!, shape: shape)
    default: preconditionFailure("An output lasts")
    }
  }
}

/// Picks each row's states up where the row ends.
private struct FinalStates {
  private let memory: SequenceMemory
  private let lengths: BatchLengths
  private(set) var tensors: [Tensor]
  /// Rows from here on are collected.
  private var running: Int

  init(_ memory: SequenceMemory, lengths: BatchLengths) {
    self.memory = memory
    self.lengths = lengths
    running = lengths.rows
    tensors = memory.compiled.stateSizes.map {
      Tensor(uninitialized: [lengths.rows, $0], on: memory.context)
    }
  }

  /// Rows that do not run at this step have ended with the step before it.
  mutating func collectRows(endingBefore step: Int) {
    collect(from: step < lengths.steps ? lengths.active[step] : 0, after: step)
  }

  /// Rows that run to the end, and those whose end no segment has begun after.
  mutating func collectAll() {
    let last = lengths.active.lastIndex { $0 > 0 }.map { $0 + 1 } ?? 0
    collect(from: 0, after: last)
  }

  private mutating func collect(from first: Int, after step: Int) {
    guard first < running else { return }
    for (state, size) in memory.compiled.stateSizes.enumerated() {
      tensors[state].buffer.copy(
        (running - first) * size, from: memory.states[state],
        at: memory.stateStart(state, after: step) + first * size, to: first * size)
    }
    running = first
  }
}
