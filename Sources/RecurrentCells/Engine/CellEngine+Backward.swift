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
      plan.step.stages, operands: plan.step.places.map(arrays.operand),
      weights: plan.step.weights.map { pack($0, memory) }, in: context)
    for segment in lengths.segments.reversed() {
      arrays.beginRows(upTo: segment.rows, before: segment.steps.upperBound)
      runner.run(steps: segment.steps, descending: true, rows: segment.rows)
    }
    arrays.beginRows(upTo: rows, before: 0)

    // What remains is large products over all steps at once.
    var parameters = [Tensor?](repeating: nil, count: compiled.parameterShapes.count)
    for (parameter, map, source) in plan.matrices {
      let shape = compiled.parameterShapes[parameter]
      let gradient = Tensor(uninitialized: shape, on: context)
      context.multiply(
        memory.matrix(.sections(map: map)).transposed, memory.matrix(source),
        into: gradient.matrix(rows: shape[0], columns: shape[1]))
      parameters[parameter] = restricted(gradient, parameter: parameter)
    }
    for map in plan.maps.sorted() {
      let affine = compiled.cell.graph.affineMaps[map]
      guard !affine.biases.isEmpty else { continue }
      let width = compiled.mapWidths[map]
      let gradient = Tensor(uninitialized: [width], on: context)
      context.sumColumns(
        memory.matrix(.sections(map: map)), into: gradient.matrix(rows: 1, columns: width))
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

  private func inputGradient(
    _ input: Int, _ memory: SequenceMemory, _ arrays: GradientMemory
  ) -> Tensor? {
    guard let plan = compiled.backward.inputs[input] else { return nil }
    let width = compiled.inputSizes[input]
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
          if case .store(_, let operand) = operation { (operand, stage.units) } else { nil }
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
