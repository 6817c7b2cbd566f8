import RecurrentCells
import RecurrentCore
import Testing

/// The engine against the Double reference: outputs, final states and every gradient.
@Suite struct EngineTests {
  @Test(arguments: CellCase.shapes)
  func equalsTheReference(_ tried: CellCase) throws {
    // One thread: that others give the same bits is a test of its own.
    let reference = try EngineRun(tried, on: .default).reference()
    for instructionSet in InstructionSet.available {
      let context = ComputeContext(instructionSet: instructionSet, threadCount: 1)
      for reversed in [false, true] {
        let run = try EngineRun(tried, on: context, reversed: reversed)
        try run.compare(with: reference)
      }
    }
  }
}

/// One run of the engine on a case, and its comparison with the reference.
struct EngineRun {
  /// One thread, and threads that share rows or units whether or not it is worth it.
  static let contexts: [ComputeContext] = InstructionSet.available.flatMap { isa in
    [
      ComputeContext(instructionSet: isa, threadCount: 1),
      ComputeContext(instructionSet: isa, threadCount: 2),
      ComputeContext(instructionSet: isa, threadCount: 3, sharing: .rows),
      ComputeContext(instructionSet: isa, threadCount: 3, sharing: .units),
    ]
  }

  let tried: CellCase
  let compiled: CompiledCell
  let reversed: Bool
  let context: ComputeContext
  let lengths: [Int]
  let sequences: [ReferenceCell.Sequence]

  init(
    _ tried: CellCase, on context: ComputeContext, reversed: Bool = false, lengths: [Int]? = nil
  ) throws {
    self.tried = tried
    self.context = context
    self.reversed = reversed
    self.lengths = lengths ?? [Int](repeating: tried.steps, count: tried.rows)
    compiled = try tried.compiled()
    sequences = try tried.sequences(lengths: self.lengths)
  }

  /// [steps, rows, width] of what `value` gives for a row and a step of it, zero beyond its end.
  func tensor(_ width: Int, _ value: (Int, Int) -> [Double]) -> Tensor {
    var numbers = [Float](repeating: 0, count: tried.steps * tried.rows * width)
    for row in 0..<tried.rows {
      for step in 0..<lengths[row] {
        let time = reversed ? lengths[row] - 1 - step : step
        for (unit, number) in value(row, step).enumerated() {
          numbers[(time * tried.rows + row) * width + unit] = Float(number)
        }
      }
    }
    return Tensor(numbers, shape: [tried.steps, tried.rows, width], on: context)
  }

  func rowsTensor(_ width: Int, _ value: (Int) -> [Double]) -> Tensor {
    Tensor(
      (0..<tried.rows).flatMap { value($0).map { Float($0) } }, shape: [tried.rows, width],
      on: context)
  }

  struct Outcome: Equatable {
    var output: [Float]
    var recordings: [[Float]]
    var finalStates: [[Float]]
    var inputGradients: [[Float]] = []
    var stateGradients: [[Float]] = []
    var parameterGradients: [[Float]] = []
  }

  /// What the gradient is taken of: Σ weight · value over outputs and final states.
  func outputWeight(_ row: Int, _ step: Int, _ unit: Int) -> Double {
    let place: Int = row * 5 + step * 3 + unit * 7
    return Double(place % 13) / 13 - 0.3
  }
  func recordingWeight(_ index: Int, _ row: Int, _ step: Int, _ unit: Int) -> Double {
    outputWeight(row + 3 * index, step + 1, unit)
  }
  func stateWeight(_ state: Int, _ row: Int, _ unit: Int) -> Double {
    let place: Int = row * 3 + state * 5 + unit * 11
    return Double(place % 17) / 17 - 0.4
  }

  func outcome(recording: Bool = true) throws -> Outcome {
    let engine = SequenceEngine(compiled)
    var parameters: [Tensor] = []
    for (shape, values) in zip(compiled.parameterShapes, try tried.parameters()) {
      parameters.append(Tensor(values.map { Float($0) }, shape: shape, on: context))
    }
    var inputs: [Tensor] = []
    for (index, width) in compiled.inputSizes.enumerated() {
      inputs.append(tensor(width) { row, step in sequences[row].inputs[index][step] })
    }
    var states: [Tensor] = []
    for (index, width) in compiled.stateSizes.enumerated() {
      states.append(rowsTensor(width) { row in sequences[row].initialStates[index] })
    }
    var masks: [Tensor] = []
    for (index, mask) in tried.cell.masks.enumerated() {
      let width = sequences[0].masks[index].first?.count ?? 1
      if mask.perSequence {
        let none = [Double](repeating: 0, count: width)
        masks.append(rowsTensor(width) { row in sequences[row].masks[index].first ?? none })
      } else {
        masks.append(tensor(width) { row, step in sequences[row].masks[index][step] })
      }
    }
    let batch =
      Set(lengths).count == 1
      ? BatchLengths(steps: tried.steps, rows: tried.rows)
      : BatchLengths(sorted: lengths, steps: tried.steps)
    func run(_ tensors: [Tensor]) -> CellEngine.Result {
      let (first, second) = (inputs.count, inputs.count + states.count)
      return engine.run(
        inputs: Array(tensors[..<first]), initialStates: Array(tensors[first..<second]),
        parameters: Array(tensors[second...]), masks: masks, lengths: batch, reversed: reversed)
    }
    guard recording else {
      let result = run(inputs + states + parameters)
      return Outcome(
        output: result.output.elements, recordings: result.recordings.map(\.elements),
        finalStates: result.finalStates.map(\.elements))
    }
    let outputWeights = tensor(compiled.outputSize) { row, step in
      (0..<compiled.outputSize).map { outputWeight(row, step, $0) }
    }
    var recordingWeights: [Tensor] = []
    for (index, width) in compiled.outputSizes.dropFirst().enumerated() {
      recordingWeights.append(
        tensor(width) { row, step in
          (0..<width).map { recordingWeight(index, row, step, $0) }
        })
    }
    var stateWeights: [Tensor] = []
    for (index, width) in compiled.stateSizes.enumerated() {
      stateWeights.append(
        rowsTensor(width) { row in (0..<width).map { stateWeight(index, row, $0) } })
    }
    let taken = [inputs, states, parameters].flatMap { $0 }
    let (_, gradient, result) = valueAndGradient(of: taken) {
      (tensors: [Tensor]) -> (Tensor, CellEngine.Result) in
      let result = run(tensors)
      var sum = (result.output * outputWeights).sum()
      for (values, weights) in zip(result.recordings, recordingWeights) {
        sum = sum + (values * weights).sum()
      }
      for (state, weights) in zip(result.finalStates, stateWeights) {
        sum = sum + (state * weights).sum()
      }
      return (sum, result)
    }
    let (first, second) = (inputs.count, inputs.count + states.count)
    return Outcome(
      output: result.output.elements, recordings: result.recordings.map(\.elements),
      finalStates: result.finalStates.map(\.elements),
      inputGradients: gradient[..<first].map(\.elements),
      stateGradients: gradient[first..<second].map(\.elements),
      parameterGradients: gradient[second...].map(\.elements))
  }

  /// The same from the reference, row by row.
  func reference() throws -> ReferenceOutcome {
    let reference = try ReferenceCell(
      tried.cell, sizes: tried.sizes, parameters: tried.parameters())
    let runs = sequences.map(reference.run)
    let gradients = zip(sequences, runs).enumerated().map { row, pair in
      let (sequence, run) = pair
      return reference.gradients(
        of: sequence, run,
        outputs: run.outputs.enumerated().map { step, output in
          output.indices.map { outputWeight(row, step, $0) }
        },
        recordings: run.recordings.enumerated().map { index, steps in
          steps.enumerated().map { step, values in
            values.indices.map { recordingWeight(index, row, step, $0) }
          }
        },
        finalStates: run.finalStates.enumerated().map { state, values in
          values.indices.map { stateWeight(state, row, $0) }
        })
    }
    var parameters = gradients[0].parameters
    for gradient in gradients.dropFirst() {
      for (index, values) in gradient.parameters.enumerated() {
        for (element, value) in values.enumerated() { parameters[index][element] += value }
      }
    }
    return ReferenceOutcome(runs: runs, gradients: gradients, parameters: parameters)
  }

  struct ReferenceOutcome {
    /// For each row.
    var runs: [ReferenceCell.Run]
    var gradients: [ReferenceCell.Gradients]
    /// The sum over the rows.
    var parameters: [[Double]]
  }

  private func expected(
    _ reference: ReferenceOutcome
  ) -> (
    output: Tensor, recordings: [Tensor], finals: [Tensor], inputs: [Tensor], states: [Tensor],
    parameters: [[Double]]
  ) {
    let (runs, gradients) = (reference.runs, reference.gradients)
    return (
      tensor(compiled.outputSize) { runs[$0].outputs[$1] },
      compiled.outputSizes.dropFirst().enumerated().map { index, width in
        tensor(width) { runs[$0].recordings[index][$1] }
      },
      compiled.stateSizes.enumerated().map { index, width in
        rowsTensor(width) { runs[$0].finalStates[index] }
      },
      compiled.inputSizes.enumerated().map { index, width in
        tensor(width) { gradients[$0].inputs[index][$1] }
      },
      compiled.stateSizes.enumerated().map { index, width in
        rowsTensor(width) { gradients[$0].initialStates[index] }
      }, reference.parameters
    )
  }

  func compare(with reference: ReferenceOutcome) throws {
    let expected = expected(reference)
    for recording in [true, false] {
      let found = try outcome(recording: recording)
      let place =
        "\(tried) \(context.instructionSet) ×\(context.threadCount)"
        + (reversed ? " reversed" : "") + (recording ? "" : " untraced")
      func values(_ found: [Float], _ expected: Tensor, _ what: String) {
        let worst = zip(found, expected.elements).map { abs($0 - $1) / (1 + abs($1)) }
          .reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
        #expect(worst <= 1e-5, "\(what) of \(place)")
      }
      func gradient(_ found: [Float], _ expected: [Double], _ what: String) {
        let scale = 1 + (expected.map { abs($0) }.max() ?? 0)
        let worst = zip(found, expected).map { abs(Double($0) - $1) }
          .reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
        #expect(worst <= 1e-5 * scale, "gradient of \(what) of \(place)")
      }
      values(found.output, expected.output, "output")
      for (index, name) in tried.cell.recordings.enumerated() {
        values(found.recordings[index], expected.recordings[index], name)
      }
      for (index, state) in tried.cell.states.enumerated() {
        values(found.finalStates[index], expected.finals[index], "final \(state.name)")
      }
      guard recording else { continue }
      for (index, input) in tried.cell.inputs.enumerated() {
        gradient(
          found.inputGradients[index], expected.inputs[index].elements.map(Double.init),
          input.name)
      }
      for (index, state) in tried.cell.states.enumerated() {
        gradient(
          found.stateGradients[index], expected.states[index].elements.map(Double.init),
          "initial \(state.name)")
      }
      for (index, parameter) in tried.cell.parameters.enumerated() {
        gradient(found.parameterGradients[index], expected.parameters[index], parameter.name)
      }
    }
  }
}
