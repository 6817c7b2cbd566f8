import RecurrentCore

extension CellEngine {
  struct Gradients {
    var inputs: [Tensor?]
    var initialStates: [Tensor?]
    var parameters: [Tensor]
  }

  /// The gradients of a recorded sequence.
  ///
  /// Gate values are overwritten by their gradients, so this can be done once.
  func backward(
    _ memory: SequenceMemory, lengths: BatchLengths, outputs: [Tensor?], finalStates: [Tensor?],
    wantsInputs: [Bool]
  ) -> Gradients {
    let plan = compiled.backward
    let context = memory.context
    let rows = memory.rows
    let arrays = GradientMemory(
      memory, lengths: lengths, outputs: outputs, finalStates: finalStates)
    if !lengths.isUniform { clearEndedRows(memory, lengths) }

    let runner = StageRunner(
      forms(memory.backwardForms, memory, operand: arrays.operand),
      formOfStep: memory.due.patternOfStep, in: context)
    for segment in lengths.segments.reversed() {
      arrays.beginRows(upTo: segment.rows, before: segment.steps.upperBound)
      runner.run(steps: segment.steps, descending: true, rows: segment.rows)
    }
    arrays.beginRows(upTo: rows, before: 0)

    // What remains is large products over all steps at once.
    var parameters = [Tensor?](repeating: nil, count: compiled.parameterShapes.count)
    let parts = Dictionary(
      uniqueKeysWithValues: plan.maps.map { ($0, sectionParts($0, memory)) })
    var products: [MatrixProduct] = []
    for (parameter, map, source) in plan.matrices {
      let shape = compiled.parameterShapes[parameter]
      let gradient = Tensor(uninitialized: shape, on: context)
      let matrix = gradient.matrix(rows: shape[0], columns: shape[1])
      let (sections, source) = (memory.matrix(.sections(map: map)), memory.matrix(source))
      let isWhole = compiled.cell.parameters[parameter].structure == .dense
      if !isWhole { gradient.buffer.fill(0..<gradient.count) }
      for part in parts[map]! {
        for (rows, columns) in freeBlocks(parameter, rows: part.elements) {
          products.append(
            MatrixProduct(
              sections.part(columns: rows).transposed, source.part(columns: columns),
              into: matrix.part(rows: rows, columns: columns), places: part.places))
        }
      }
      parameters[parameter] = gradient
    }
    context.multiply(products)
    for (parameter, _, _) in plan.matrices {
      var gradient = parameters[parameter].take()!
      restrict(&gradient, parameter: parameter)
      parameters[parameter] = gradient
    }
    for map in plan.maps.sorted() {
      let affine = compiled.cell.graph.affineMaps[map]
      guard !affine.biases.isEmpty else { continue }
      let width = compiled.mapWidths[map]
      let gradient = Tensor(uninitialized: [width], on: context)
      let sums = gradient.matrix(rows: 1, columns: width)
      for part in parts[map]! {
        context.sumColumns(
          memory.matrix(.sections(map: map)).part(columns: part.elements),
          into: sums.part(columns: part.elements), places: part.places)
      }
      for bias in affine.biases { parameters[bias] = gradient }
    }
    for (parameter, place) in plan.vectors {
      let shape = compiled.parameterShapes[parameter]
      let gradient = Tensor(uninitialized: shape, on: context)
      context.sumColumns(
        arrays.matrix(place), into: gradient.matrix(rows: 1, columns: shape[0]))
      parameters[parameter] = gradient
    }
    return Gradients(
      inputs: wantsInputs.enumerated().map { input, wanted in
        wanted ? inputGradient(input, memory, arrays) : nil
      },
      initialStates: arrays.initialStateGradients(),
      parameters: parameters.enumerated().map { index, gradient in
        gradient ?? Tensor.zeros(compiled.parameterShapes[index], on: context)
      })
  }

  /// Elements of a map's sections, and the rows of all steps in which their gradients may be other
  /// than zero; nil: all.
  private struct SectionPart {
    var elements: Range<Int>
    var places: [Int32]?
  }

  /// The sections in parts that are due together.
  private func sectionParts(_ map: Int, _ memory: SequenceMemory) -> [SectionPart] {
    let zeros = memory.backwardForms.map { $0.zeros[.sections(map: map)] }
    let ranges = zeros.flatMap(\.ranges)
    let bounds = Set(ranges.map(\.lowerBound) + ranges.map(\.upperBound))
    return (0..<compiled.mapWidths[map]).cut(at: bounds, least: 1).map { elements in
      let isLive = zeros.map { !$0.contains(elements.lowerBound) }
      return SectionPart(
        elements: elements,
        places: isLive.contains(false) ? memory.places(whereForm: isLive) : nil)
    }
  }

  /// Rows of a matrix in parts, and the columns in which each has free elements.
  private func freeBlocks(
    _ parameter: Int, rows: Range<Int>
  ) -> [(rows: Range<Int>, columns: Range<Int>)] {
    let structure = compiled.cell.parameters[parameter].structure
    let shape = compiled.parameterShapes[parameter]
    if structure == .dense { return [(rows, 0..<shape[1])] }
    let height = shape[0] / compiled.cell.parameters[parameter].sections.count
    return rows.cut(at: Set(stride(from: 0, to: shape[0], by: height)), least: 1).flatMap {
      section in
      let start = section.lowerBound / height * height
      let bounds = (0..<structure.blocks).map { start + height * $0 / structure.blocks }
      return section.cut(at: Set(bounds), least: StepCutter.leastUnits).map { rows in
        (
          rows,
          structure.freeColumns(
            ofRows: rows.lowerBound - start..<rows.upperBound - start, height, shape[1])
        )
      }
    }
  }

  private func inputGradient(
    _ input: Int, _ memory: SequenceMemory, _ arrays: GradientMemory
  ) -> Tensor? {
    guard let plan = compiled.backward.inputs[input] else { return nil }
    let width = compiled.inputSizes[input]
    for product in plan.products { clearWaitingParts(product.map, memory) }
    let gradient: Tensor
    if let remainder = arrays.inputs[input] {
      gradient = Tensor(buffer: remainder, shape: [memory.steps, memory.rows, width])
    } else {
      gradient = Tensor(uninitialized: [memory.steps, memory.rows, width], on: memory.context)
    }
    for (index, product) in plan.products.enumerated() {
      memory.context.multiply(
        memory.matrix(.sections(map: product.map)), weightMatrix(product.parameter, memory),
        into: gradient.matrix(rows: memory.steps * memory.rows, columns: width),
        accumulate: plan.hasRemainder || index > 0)
    }
    return gradient
  }

  /// Nothing is stored for sections where they are known to have no gradient.
  private func clearWaitingParts(_ map: Int, _ memory: SequenceMemory) {
    let width = compiled.mapWidths[map]
    for part in sectionParts(map, memory) {
      guard let places = part.places else { continue }
      var next = 0
      for row in 0..<memory.steps * memory.rows {
        if next < places.count && places[next] == row {
          next += 1
        } else {
          memory.sections[map]!.fill(
            row * width + part.elements.lowerBound..<row * width + part.elements.upperBound)
        }
      }
    }
  }

  /// The sections of rows that have ended hold products of the inputs; they have no gradient.
  private func clearEndedRows(_ memory: SequenceMemory, _ lengths: BatchLengths) {
    for (map, buffer) in memory.sections {
      let width = compiled.mapWidths[map]
      for (step, active) in lengths.active.enumerated() where active < lengths.rows {
        let time = memory.reversed ? memory.steps - 1 - step : step
        let start = time * memory.rows * width
        buffer.fill(start + active * width..<start + memory.rows * width)
      }
    }
  }
}

/// The arrays that only the way back needs.
private final class GradientMemory {
  let memory: SequenceMemory
  let lengths: BatchLengths
  let inputs: [Int: TensorBuffer]
  private let outputs: [BlockOperand]
  private let finalStates: [Tensor?]
  /// Three steps in turn: the gradient for the state before step s stands in place s mod 3.
  private let states: [TensorBuffer]
  private let parameters: [Int: TensorBuffer]
  private let passed: [Place: BlockOperand]
  private var running = 0

  init(
    _ memory: SequenceMemory, lengths: BatchLengths, outputs: [Tensor?], finalStates: [Tensor?]
  ) {
    self.memory = memory
    self.lengths = lengths
    self.finalStates = finalStates
    let compiled = memory.compiled
    let all = memory.steps * memory.rows
    func array(_ count: Int) -> TensorBuffer {
      let buffer = TensorBuffer(uninitialized: count, in: memory.context)
      if !lengths.isUniform { buffer.fill(0..<count) }
      return buffer
    }
    self.outputs = outputs.enumerated().map { index, output in
      let width = compiled.outputSizes[index]
      if let output {
        return memory.sequence(output.buffer, offset: output.offset, width: width)
      }
      let zero = TensorBuffer(uninitialized: width, in: memory.context)
      zero.fill(0..<width)
      return BlockOperand(zero, stepStride: 0, rowStride: 0)
    }
    states = compiled.stateSizes.map {
      TensorBuffer(uninitialized: 3 * memory.rows * $0, in: memory.context)
    }
    var inputs: [Int: TensorBuffer] = [:]
    var parameters: [Int: TensorBuffer] = [:]
    var passed: [Place: BlockOperand] = [:]
    let step = compiled.backward.step
    let stores = Set(
      step.stages.flatMap { stage in
        stage.operations.compactMap { operation -> (operand: Int, units: Int)? in
          if case .store(_, let operand) = operation { (operand, stage.units.count) } else { nil }
        }
      }.map { Stored(place: step.places[$0.operand], units: $0.units) })
    for stored in stores {
      switch stored.place {
      case .inputGradient(let input): inputs[input] = array(all * stored.units)
      case .parameterGradient(let parameter):
        let sums = TensorBuffer(uninitialized: memory.rows * stored.units, in: memory.context)
        sums.fill(0..<memory.rows * stored.units)
        parameters[parameter] = sums
      case .passed: passed[stored.place] = memory.passing(size: stored.units)
      default: break
      }
    }
    self.inputs = inputs
    self.parameters = parameters
    self.passed = passed
  }

  private struct Stored: Hashable {
    let place: Place
    let units: Int
  }

  func operand(_ place: Place) -> BlockOperand {
    switch place {
    case .outputGradient(let index): return outputs[index]
    case .stateGradientAfter(let state): return stateGradient(state, stepOffset: 1)
    case .stateGradientBefore(let state): return stateGradient(state, stepOffset: 0)
    case .inputGradient(let input):
      return memory.sequence(inputs[input]!, width: memory.compiled.inputSizes[input])
    case .parameterGradient(let parameter):
      return BlockOperand(
        parameters[parameter]!, stepStride: 0,
        rowStride: memory.compiled.parameterShapes[parameter][0])
    case .passed: return passed[place]!
    default: return memory.operand(place)
    }
  }

  func matrix(_ place: Place) -> Matrix {
    if case .parameterGradient(let parameter) = place {
      return Matrix(
        parameters[parameter]!, rows: memory.rows,
        columns: memory.compiled.parameterShapes[parameter][0])
    }
    return memory.matrix(place)
  }

  private func stateGradient(_ state: Int, stepOffset: Int) -> BlockOperand {
    let width = memory.compiled.stateSizes[state]
    return BlockOperand(
      states[state], stepStride: memory.rows * width, rowStride: width, stepOffset: stepOffset,
      ring: 3)
  }

  /// Rows that end before this step begin their way back with the gradient of their final states.
  func beginRows(upTo count: Int, before step: Int) {
    guard count > running else { return }
    for (state, size) in memory.compiled.stateSizes.enumerated() {
      let start = (step % 3) * memory.rows * size
      if let final = finalStates[state] {
        states[state].copy(
          (count - running) * size, from: final.buffer, at: final.offset + running * size,
          to: start + running * size)
      } else {
        states[state].fill(start + running * size..<start + count * size)
      }
    }
    running = count
  }

  func initialStateGradients() -> [Tensor?] {
    memory.compiled.stateSizes.enumerated().map { state, size in
      Tensor(buffer: states[state], shape: [memory.rows, size])
    }
  }
}
