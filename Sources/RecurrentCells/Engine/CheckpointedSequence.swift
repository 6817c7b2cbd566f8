import RecurrentCore

extension SequenceEngine {
  /// Runs the cell over a sequence, keeping less of it for the way back.
  ///
  /// - Parameter interval: Steps of a stretch. Of each only the state that it begins with is kept; the
  ///   way back runs it again. Nil keeps what the way back needs of all steps. A sequence that is
  ///   computed chunkwise has stretches of whole chunks, the next longer ones.
  package func run(
    inputs: [Tensor], initialStates: [Tensor?], parameters: [Tensor], masks: [Tensor],
    lengths: BatchLengths, reversed: Bool, checkpointing interval: Int?
  ) -> CellEngine.Result {
    let operands: [Tensor?] = inputs + initialStates + parameters
    // Chunks that began elsewhere would round otherwise, and a matrix memory's gradient feels that.
    let chunk = isChunkwise ? MatrixMemory.usualChunk : 1
    let interval = interval.map { (min($0, lengths.steps) + chunk - 1) / chunk * chunk }
    guard let interval, interval < lengths.steps, operands.contains(where: { $0?.trace != nil })
    else {
      return run(
        inputs: inputs, initialStates: initialStates, parameters: parameters, masks: masks,
        lengths: lengths, reversed: reversed)
    }
    let sequence = CheckpointedSequence(
      engine: self, inputs: inputs.map(\.detached), parameters: parameters.map(\.detached),
      masks: masks, lengths: lengths, reversed: reversed, interval: interval,
      wanted: operands.map { $0?.trace != nil })
    let (result, checkpoints) = sequence.forward(from: initialStates.map { $0?.detached })
    let given = 1 + result.recordings.count
    let results = Tensor.record(
      "checkpointed sequence", inputs: operands,
      outputs: [result.output] + result.recordings + result.finalStates
    ) { gradients in
      sequence.backward(
        checkpoints, outputs: Array(gradients[..<given]), finalStates: Array(gradients[given...]))
    }
    return CellEngine.Result(
      output: results[0], recordings: Array(results[1..<given]),
      finalStates: Array(results[given...]))
  }
}

/// A sequence that is run in stretches, each from the state in which the one before has ended.
///
/// Source: Chen, Xu, Zhang & Guestrin (2016), Training Deep Nets with Sublinear Memory Cost.
private struct CheckpointedSequence: Sendable {
  let engine: SequenceEngine
  let inputs: [Tensor]
  let parameters: [Tensor]
  let masks: [Tensor]
  let lengths: BatchLengths
  let reversed: Bool
  /// Steps of a stretch; the last one may have fewer.
  let interval: Int
  /// Whose gradients are asked for: inputs, initial states, parameters.
  let wanted: [Bool]

  private var compiled: CompiledCell { engine.compiled }
  private var stateCount: Int { compiled.stateSizes.count }

  /// In the order in which they are run.
  private var stretches: [Range<Int>] {
    stride(from: 0, to: lengths.steps, by: interval).map { first in
      first..<min(first + interval, lengths.steps)
    }
  }

  /// A stretch's places in the arrays of all steps, which are in the order of time.
  private func times(_ stretch: Range<Int>) -> Range<Int> {
    reversed
      ? lengths.steps - stretch.upperBound..<lengths.steps - stretch.lowerBound : stretch
  }

  // MARK: Forward

  /// The results, and the states that each stretch begins with. Nothing is recorded.
  func forward(
    from initialStates: [Tensor?]
  ) -> (result: CellEngine.Result, checkpoints: [[Tensor?]]) {
    let outputs = compiled.outputSizes.map { array(width: $0) }
    var states = initialStates
    var checkpoints: [[Tensor?]] = []
    for stretch in stretches {
      checkpoints.append(states)
      let result = run(stretch, parts(of: inputs, stretch), states, parameters)
      for (whole, part) in zip(outputs, [result.output] + result.recordings) {
        copy(part, into: whole, stretch)
      }
      states = result.finalStates
    }
    return (
      CellEngine.Result(
        output: outputs[0], recordings: Array(outputs[1...]), finalStates: states.map { $0! }),
      checkpoints
    )
  }

  private func run(
    _ stretch: Range<Int>, _ inputs: [Tensor], _ states: [Tensor?], _ parameters: [Tensor]
  ) -> CellEngine.Result {
    engine.run(
      inputs: inputs, initialStates: states, parameters: parameters,
      masks: zip(compiled.cell.masks, masks).map { mask, values in
        mask.perSequence ? values : part(of: values, stretch)
      },
      lengths: lengths[stretch], reversed: reversed)
  }

  // MARK: Back

  /// The gradients of inputs, initial states and parameters.
  func backward(
    _ checkpoints: [[Tensor?]], outputs: [Tensor?], finalStates: [Tensor?]
  ) -> [Tensor?] {
    let inputGradients = zip(inputs, wanted).map { input, isWanted in
      isWanted ? array(width: input.shape[2]) : nil
    }
    var stateGradients = finalStates
    var parameterGradients = [Tensor?](repeating: nil, count: parameters.count)
    let (firstState, firstParameter) = (inputs.count, inputs.count + stateCount)
    for (stretch, states) in zip(stretches, checkpoints).reversed() {
      var wanted = wanted
      if stretch.lowerBound > 0 {
        for state in 0..<stateCount { wanted[firstState + state] = true }
      }
      let found = Tape.gradients(
        through: { operands in
          let result = run(
            stretch, operands[..<firstState].map { $0! },
            Array(operands[firstState..<firstParameter]), operands[firstParameter...].map { $0! })
          return [result.output] + result.recordings + result.finalStates
        },
        at: parts(of: inputs, stretch) + states + parameters, wanted: wanted,
        results: outputs.map { $0.map { part(of: $0, stretch) } } + stateGradients)
      for (whole, part) in zip(inputGradients, found) {
        if let whole { copy(part, into: whole, stretch) }
      }
      stateGradients = Array(found[firstState..<firstParameter])
      for (index, gradient) in found[firstParameter...].enumerated() {
        guard let gradient else { continue }
        if parameterGradients[index] == nil {
          parameterGradients[index] = gradient
        } else {
          parameterGradients[index]!.add(gradient)
        }
      }
    }
    return inputGradients + stateGradients + parameterGradients
  }

  // MARK: Arrays of all steps

  private func array(width: Int) -> Tensor {
    Tensor(uninitialized: [lengths.steps, lengths.rows, width], on: inputs[0].context)
  }

  private func parts(of tensors: [Tensor], _ stretch: Range<Int>) -> [Tensor] {
    tensors.map { part(of: $0, stretch) }
  }

  /// A view of a stretch's steps.
  private func part(of tensor: Tensor, _ stretch: Range<Int>) -> Tensor {
    tensor.detached.slice(axis: 0, range: times(stretch))
  }

  /// Nil is zero.
  private func copy(_ part: Tensor?, into whole: Tensor, _ stretch: Range<Int>) {
    let step = whole.shape[1] * whole.shape[2]
    let places = times(stretch).lowerBound * step..<times(stretch).upperBound * step
    if let part {
      whole.buffer.copy(
        places.count, from: part.buffer, at: part.offset, to: places.lowerBound)
    } else {
      whole.buffer.fill(places)
    }
  }
}
