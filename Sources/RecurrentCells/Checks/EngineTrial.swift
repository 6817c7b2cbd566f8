import RecurrentCore

/// A trial as the engine is to run it.
package struct EngineTrial: Sendable {
  package let trial: CellTrial
  package let context: ComputeContext
  /// From the last step to the first; all rows must then be equally long.
  package var isReversed = false
  /// With gradients; the engine keeps other things where none are wanted.
  package var isRecorded = true
  /// After which of the row's steps the sequence is cut, the states carried over; a padded batch is
  /// not cut.
  package var cuts: [Int] = []

  package init(_ trial: CellTrial, on context: ComputeContext) {
    self.trial = trial
    self.context = context
  }

  /// What the engine makes of it.
  package func outcome() -> CellOutcome {
    if trial.steps == 0 { return outcomeOfNothing() }
    let given = inputs() + states() + parameters()
    guard isRecorded else { return outcome(of: run(given)) }
    let (_, gradients, passes) = valueAndGradient(of: given) {
      (tensors: [Tensor]) -> (Tensor, [Pass]) in
      let passes = run(tensors)
      return (weightedSum(passes), passes)
    }
    return outcome(of: passes, gradients)
  }

  /// A sequence without steps gives its initial states, and is given their gradients back.
  private func outcomeOfNothing() -> CellOutcome {
    var outcome = CellOutcome(
      rows: trial.rows.map { row in
        CellOutcome.Row(
          outputs: trial.compiled.outputSizes.map { _ in [] },
          finalStates: row.sequence.initialStates,
          inputGradients: row.sequence.inputs.map { _ in [] }, stateGradients: row.stateWeights)
      })
    outcome.parameterGradients = trial.parameters.map { $0.map { _ in 0 } }
    return outcome
  }

  // MARK: Running

  /// The engine's result for some of the steps.
  private struct Pass {
    /// In the order of time.
    let times: Range<Int>
    let result: CellEngine.Result

    /// The output, then what is recorded.
    var outputs: [Tensor] { [result.output] + result.recordings }
  }

  /// Stretches of time in the order in which they are run.
  private var stretches: [Range<Int>] {
    let ends = [0] + cuts + [trial.steps]
    return zip(ends, ends.dropFirst()).map { first, end in
      isReversed ? trial.steps - end..<trial.steps - first : first..<end
    }
  }

  /// - Parameter given: Inputs, initial states and parameters.
  private func run(_ given: [Tensor]) -> [Pass] {
    let compiled = trial.compiled
    let (first, second) = (
      compiled.inputSizes.count, compiled.inputSizes.count + compiled.stateSizes.count
    )
    let (engine, masks) = (SequenceEngine(compiled), masks())
    var states: [Tensor?] = Array(given[first..<second])
    return stretches.map { times in
      func part(_ tensor: Tensor) -> Tensor {
        stretches.count == 1 || tensor.shape.count == 2
          ? tensor : tensor.slice(axis: 0, range: times)
      }
      let result = engine.run(
        inputs: given[..<first].map(part), initialStates: states,
        parameters: Array(given[second...]), masks: masks.map(part),
        lengths: lengths(times.count), reversed: isReversed)
      states = result.finalStates
      return Pass(times: times, result: result)
    }
  }

  private func lengths(_ steps: Int) -> BatchLengths {
    let isUniform = trial.lengths.allSatisfy { $0 == trial.steps }
    precondition(
      isUniform || (cuts.isEmpty && !isReversed), "A padded batch is run whole, and forward")
    return isUniform
      ? BatchLengths(steps: steps, rows: trial.rows.count)
      : BatchLengths(sorted: trial.lengths, steps: steps)
  }

  /// The sum of which the gradient is taken.
  private func weightedSum(_ passes: [Pass]) -> Tensor {
    var sum = Tensor.zeros([], on: context)
    for (index, width) in trial.compiled.outputSizes.enumerated() {
      let weights = sequenceTensor(width) { $0.outputWeights[index] }
      for pass in passes {
        let part = weights.slice(axis: 0, range: pass.times)
        sum = sum + (pass.outputs[index] * part).sum()
      }
    }
    for (state, final) in passes.last!.result.finalStates.enumerated() {
      sum = sum + (final * rowTensor { $0.stateWeights[state] }).sum()
    }
    return sum
  }

  // MARK: In and out of tensors

  /// The time at which a row takes a step.
  private func time(_ step: Int) -> Int { isReversed ? trial.steps - 1 - step : step }

  /// [steps, rows, width] of rows' values, step by step; 0 beyond a row's end.
  private func sequenceTensor(_ width: Int, _ values: (CellTrial.Row) -> [[Double]]) -> Tensor {
    let count = trial.rows.count
    var numbers = [Float](repeating: 0, count: trial.steps * count * width)
    for (row, given) in trial.rows.enumerated() {
      for (step, elements) in values(given).enumerated() {
        let start = (time(step) * count + row) * width
        for (unit, value) in elements.enumerated() { numbers[start + unit] = Float(value) }
      }
    }
    return Tensor(numbers, shape: [trial.steps, count, width], on: context)
  }

  /// [rows, width].
  private func rowTensor(_ values: (CellTrial.Row) -> [Double]) -> Tensor {
    let numbers = trial.rows.flatMap { values($0).map { Float($0) } }
    return Tensor(
      numbers, shape: [trial.rows.count, numbers.count / trial.rows.count], on: context)
  }

  private func inputs() -> [Tensor] {
    trial.compiled.inputSizes.enumerated().map { input, width in
      sequenceTensor(width) { $0.sequence.inputs[input] }
    }
  }

  private func states() -> [Tensor] {
    trial.compiled.stateSizes.indices.map { state in
      rowTensor { $0.sequence.initialStates[state] }
    }
  }

  private func parameters() -> [Tensor] {
    zip(trial.parameters, trial.compiled.parameterShapes).map { values, shape in
      Tensor(values.map { Float($0) }, shape: shape, on: context)
    }
  }

  private func masks() -> [Tensor] {
    trial.compiled.cell.masks.enumerated().map { index, mask in
      let width = try! mask.extent.resolved(in: trial.compiled.sizes)
      guard mask.perSequence else {
        return sequenceTensor(width) { $0.sequence.masks[index] }
      }
      // A row without steps has drawn none.
      let none = [Double](repeating: 0, count: width)
      return rowTensor { $0.sequence.masks[index].first ?? none }
    }
  }

  /// One row of [steps, rows, width], in the order of the row's steps.
  private func steps(_ tensors: [(times: Range<Int>, tensor: Tensor)], row: Int) -> [Double] {
    let parts = tensors.sorted { $0.times.lowerBound < $1.times.lowerBound }
    let width = parts[0].tensor.shape[2]
    let elements = parts.flatMap { $0.tensor.elements }
    return (0..<trial.steps).flatMap { step in
      let start = (time(step) * trial.rows.count + row) * width
      return elements[start..<start + width].map(Double.init)
    }
  }

  private func row(_ row: Int, of tensor: Tensor) -> [Double] {
    let width = tensor.shape[1]
    return tensor.elements[row * width..<(row + 1) * width].map(Double.init)
  }

  private func outcome(of passes: [Pass], _ gradients: [Tensor] = []) -> CellOutcome {
    let compiled = trial.compiled
    let inputs = gradients.prefix(compiled.inputSizes.count)
    let states = gradients.dropFirst(inputs.count).prefix(compiled.stateSizes.count)
    var outcome = CellOutcome(
      rows: trial.rows.indices.map { index in
        CellOutcome.Row(
          outputs: compiled.outputSizes.indices.map { output in
            steps(passes.map { ($0.times, $0.outputs[output]) }, row: index)
          },
          finalStates: passes.last!.result.finalStates.map { row(index, of: $0) },
          inputGradients: inputs.map { steps([(0..<trial.steps, $0)], row: index) },
          stateGradients: states.map { row(index, of: $0) })
      })
    outcome.parameterGradients = gradients.dropFirst(inputs.count + states.count).map {
      $0.elements.map(Double.init)
    }
    return outcome
  }
}
