import RecurrentCells
import RecurrentCore

extension RecurrentLayer {
  /// Runs the layer over a batch of sequences.
  ///
  /// - Parameters:
  ///   - input: [time, batch, input size], or [batch, time, input size] where the layer is
  ///     batch-first, or [time, input size] for a single sequence.
  ///   - state: Where to start from; nil is exactly a zero state, or the learnt one.
  ///   - lengths: How many steps of each row are real; the rest is padding, whatever it holds. A
  ///     row of length 0 keeps its initial state.
  ///   - key: What dropout and other randomness is drawn from. Without it there is none.
  ///   - checkpointing: Where a gradient is taken, trade time for memory: of every layer only its
  ///     output is kept, and its state at every so many steps; on the way back each stretch between
  ///     two of these is run again. Gradients are equal, within rounding. Nil keeps what the way
  ///     back needs of all steps, for an LSTM seven times its output. About the square root of the
  ///     number of steps needs least. At least 1; a matrix memory's stretches are whole chunks of 32
  ///     steps, the next longer ones.
  /// - Returns: The outputs, shaped as the input with the output size in place of the input's and
  ///   zero beyond a row's end, and the states at each row's own end. The reverse direction begins
  ///   at each row's own end.
  public func callAsFunction(
    _ input: Tensor, state: RecurrentState? = nil, lengths: [Int]? = nil, key: RandomKey? = nil,
    checkpointing: Int? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    let (output, state, _) = self(
      input, state: state, lengths: lengths, key: key, checkpointing: checkpointing, recording: [])
    return (output, state)
  }

  /// The same, with gates and states of every step.
  ///
  /// - Parameter names: Of ``Cell/recordableNames``: gates and other values as the equations name
  ///   them, and states as they are after the step; or `keep_c` and the like, how much of a state of
  ///   ``Cell/retainedStates`` a step keeps. Output and state are the same, to the bit, as without.
  /// - Precondition: The cell has what is asked for.
  public func callAsFunction(
    _ input: Tensor, state: RecurrentState? = nil, lengths: [Int]? = nil, key: RandomKey? = nil,
    checkpointing: Int? = nil, recording names: [String]
  ) -> (output: Tensor, state: RecurrentState, recording: Recording) {
    precondition(
      (input.shape.count == 3 || input.shape.count == 2) && input.shape.last == inputSize,
      "\(cell.name) expected \(inputSize) input features at axis \(input.shape.count - 1), "
        + "found \(input.shape)")
    precondition(
      checkpointing.map { $0 >= 1 } ?? true,
      "checkpointing is every 1 step or more, found \(checkpointing ?? 0)")
    if input.shape.count == 2 {
      let (output, states, recording) = run(
        input.reshaped([input.shape[0], 1, inputSize]), state: state.map { $0.insertingBatch() },
        lengths: lengths, key: key, checkpointing: checkpointing, recording: names)
      return (
        output.reshaped([input.shape[0], outputSize]), states.removingBatch(),
        recording.map { $0.reshaped([$0.shape[0], $0.shape[1], $0.shape[3]]) }
      )
    }
    guard batchFirst else {
      return run(
        input, state: state, lengths: lengths, key: key, checkpointing: checkpointing,
        recording: names)
    }
    let (output, states, recording) = run(
      input.transposed([1, 0, 2]), state: state, lengths: lengths, key: key,
      checkpointing: checkpointing, recording: names)
    return (
      output.transposed([1, 0, 2]), states, recording.map { $0.transposed([0, 2, 1, 3]) }
    )
  }

  /// Takes one step, for decoders and control loops; differentiable like a sequence.
  ///
  /// - Parameters:
  ///   - input: [batch, input size], or [input size] for a single sequence.
  ///   - state: What the step before has left; nil before the first.
  ///   - key: What randomness is drawn from; none without it.
  /// - Returns: [batch, output size], or [output size], and the state for the next step.
  /// - Precondition: The layer is not bidirectional: a reverse direction needs all steps.
  public func step(
    _ input: Tensor, state: RecurrentState? = nil, key: RandomKey? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    precondition(!isBidirectional, "A bidirectional layer cannot be stepped: it needs all steps")
    precondition(
      (1...2).contains(input.shape.count) && input.shape.last == inputSize,
      "\(cell.name) expected \(inputSize) input features, found \(input.shape)")
    let isSingle = input.shape.count == 1
    let rows = isSingle ? 1 : input.shape[0]
    let (output, next, _) = run(
      input.reshaped([1, rows, inputSize]),
      state: isSingle ? state.map { $0.insertingBatch() } : state, lengths: nil, key: key,
      checkpointing: nil, recording: [])
    return (
      output.reshaped(isSingle ? [outputSize] : [rows, outputSize]),
      isSingle ? next.removingBatch() : next
    )
  }

  /// The state that a sequence starts from where none is given and none is learnt: all zero.
  ///
  /// - Parameter batch: The rows of the batch; nil for a single sequence without a batch axis.
  public func zeroState(batch: Int? = nil) -> RecurrentState {
    RecurrentState(
      names: cell.states.map(\.name),
      values: engines[0].compiled.stateSizes.map { size in
        .zeros([numLayers * directions] + (batch.map { [$0] } ?? []) + [size], on: context)
      })
  }

  private var directions: Int { isBidirectional ? 2 : 1 }

  /// The same for [time, batch, features].
  private func run(
    _ input: Tensor, state: RecurrentState?, lengths: [Int]?, key: RandomKey?,
    checkpointing: Int?, recording: [String]
  ) -> (Tensor, RecurrentState, Recording) {
    let (steps, rows) = (input.shape[0], input.shape[1])
    if let state { check(state, rows: rows) }
    if steps == 1, lengths == nil, key == nil, recording.isEmpty,
      let (output, next) = preparedStep(input, state: state)
    {
      return (output, next, Recording(names: [], values: []))
    }
    for name in recording {
      precondition(
        cell.canRecord(name),
        "\(cell.name) has nothing called \(name) to record: there are "
          + cell.recordableNames.joined(separator: ", ") + "; and what is kept of "
          + cell.retainedStates.joined(separator: ", "))
    }
    let order = RowOrder(lengths: lengths, steps: steps, rows: rows)
    var features = order.sortingRows(of: input)
    var finals = [[Tensor]](repeating: [], count: cell.states.count)
    var recorded = [[Tensor]](repeating: [], count: recording.count)
    var below = [[String: Tensor]](repeating: [:], count: directions)
    for layer in 0..<numLayers {
      let layerInput = droppedOut(features, layer: layer, key: key)
      let outputs = (0..<directions).map { direction -> Tensor in
        let place = layer * directions + direction
        let result = runDirection(
          layerInput, below: below[direction],
          initialStates(state, layer: layer, direction: direction, order: order),
          layer: layer, direction: direction, order: order, key: key?.folded("masks").folded(place),
          checkpointing: checkpointing, recording: recording)
        for (index, final) in result.finalStates.enumerated() {
          finals[index].append(order.restoringBatch(of: final))
        }
        let (readAbove, wanted) = engines[layer].split(result.recordings)
        below[direction] = readAbove
        for (index, values) in wanted.enumerated() {
          recorded[index].append(order.restoringRows(of: values))
        }
        return result.output
      }
      let merged = merge(outputs)
      features = isResidual && layer > 0 ? merged + features : merged
    }
    return (
      order.restoringRows(of: features),
      RecurrentState(names: cell.states.map(\.name), values: finals.map { stacked($0) }),
      Recording(names: recording, values: recorded.map { stacked($0) })
    )
  }

  /// A layer's input under PyTorch's dropout, and under a mask that is one for all steps.
  private func droppedOut(_ features: Tensor, layer: Int, key: RandomKey?) -> Tensor {
    guard let key else { return features }
    var features = features
    if layer > 0, dropout > 0 {
      features = RecurrentCore.dropout(
        features, probability: Float(dropout), key: key.folded("dropout").folded(layer))
    }
    if regularization.inputDropout > 0 {
      let mask = RecurrentCore.dropout(
        Tensor(repeating: 1, shape: [1] + features.shape.dropFirst(), on: features.context),
        probability: Float(regularization.inputDropout),
        key: key.folded("input dropout").folded(layer))
      features = features * mask
    }
    return features
  }

  /// Where one direction of a layer starts from, for each state; nil is zero.
  private func initialStates(
    _ state: RecurrentState?, layer: Int, direction: Int, order: RowOrder
  ) -> [Tensor?] {
    let place = layer * directions + direction
    let rows = order.batch.rows
    return cell.states.enumerated().map { index, declared -> Tensor? in
      if let given = state?[declared.name] {
        return order.sortingBatch(
          of: given.slice(axis: 0, range: place..<place + 1).reshaped([rows, given.shape[2]]))
      }
      guard learnsInitialState, let learnt = engines[layer].learntStates.firstIndex(of: index)
      else { return nil }
      let value = initialStates[layer][direction][learnt]
      return Tensor.zeros([rows, value.count], on: context) + value
    }
  }

  private func runDirection(
    _ features: Tensor, below: [String: Tensor], _ initial: [Tensor?], layer: Int, direction: Int,
    order: RowOrder, key: RandomKey?, checkpointing: Int?, recording: [String]
  ) -> CellEngine.Result {
    let engine = engines[layer].engine(isRandom: key != nil, recording: recording)
    let masks = masks(engine.compiled, order: order, key: key, on: features.context)
    let inputs = engine.compiled.cell.inputs.map { input in
      input.stateBelow.map { below[$0]! } ?? features
    }
    // Rows that end at different steps begin their way back at different steps: they are turned
    // around one by one, and then run forward.
    let turns = direction == 1 && !order.batch.isUniform
    var result = engine.run(
      inputs: turns ? inputs.map(order.turningRows) : inputs, initialStates: initial,
      parameters: droppedOutWeights(layer, direction, engine.compiled.cell, key: key),
      masks: masks, lengths: order.batch, reversed: direction == 1 && !turns,
      checkpointing: checkpointing)
    if turns {
      result.output = order.turningRows(of: result.output)
      result.recordings = result.recordings.map(order.turningRows)
    }
    return result
  }

  /// The parameters, with elements of the recurrent matrices 0 where a key says so.
  private func droppedOutWeights(
    _ layer: Int, _ direction: Int, _ cell: Cell, key: RandomKey?
  ) -> [Tensor] {
    let parameters = parameters[layer][direction]
    guard let key, regularization.weightDropout > 0 else { return parameters }
    let recurrent = cell.recurrentMatrices
    return parameters.enumerated().map { index, parameter in
      guard recurrent.contains(index) else { return parameter }
      return RecurrentCore.dropout(
        parameter, probability: Float(regularization.weightDropout),
        key: key.folded("weights").folded(cell.parameters[index].name))
    }
  }

  private func masks(
    _ compiled: CompiledCell, order: RowOrder, key: RandomKey?, on context: ComputeContext
  ) -> [Tensor] {
    compiled.cell.masks.map { mask in
      let width = try! mask.extent.resolved(in: compiled.sizes)
      let rows = [order.batch.rows, width]
      let shape = mask.perSequence ? rows : [order.batch.steps] + rows
      let keep = Float(mask.keep)
      guard let key else { return Tensor(repeating: keep, shape: shape, on: context) }
      var drawn = Tensor.uniform(shape, in: 0..<1, key: key.folded(mask.name), on: context)
      drawn.withMutableElements { elements in
        for index in elements.indices { elements[index] = elements[index] < keep ? 1 : 0 }
      }
      return drawn
    }
  }

  func check(_ state: RecurrentState, rows: Int) {
    let names = cell.states.map(\.name)
    precondition(
      state.names == names, "\(cell.name) has states \(names), found \(state.names)")
    for (declared, size) in zip(names, engines[0].compiled.stateSizes) {
      let expected = [numLayers * directions, rows, size]
      precondition(
        state[declared].shape == expected,
        "\(cell.name) expected state \(declared) of shape \(expected), "
          + "found \(state[declared].shape)")
    }
  }
}

extension RecurrentState {
  fileprivate func insertingBatch() -> RecurrentState {
    mapTensors { _, tensor in tensor.reshaped([tensor.shape[0], 1, tensor.shape[1]]) }
  }
  fileprivate func removingBatch() -> RecurrentState {
    mapTensors { _, tensor in tensor.reshaped([tensor.shape[0], tensor.shape[2]]) }
  }
}
