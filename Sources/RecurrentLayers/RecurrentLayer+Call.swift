import RecurrentCells
import RecurrentCore

extension RecurrentLayer {
  /// Runs the layer over a batch of sequences.
  ///
  /// - Parameters:
  ///   - input: [time, batch, input size], or [batch, time, input size] where the layer is
  ///     batch-first, or [time, input size] for a single sequence.
  ///   - state: Where to start from; nil is exactly a zero state.
  ///   - lengths: How many steps of each row are real; the rest is padding, whatever it holds. A
  ///     row of length 0 keeps its initial state.
  ///   - key: What dropout and other randomness is drawn from. Without it there is none.
  /// - Returns: The outputs, shaped as the input with the output size in place of the input's and
  ///   zero beyond a row's end, and the states at each row's own end. The reverse direction begins
  ///   at each row's own end.
  public func callAsFunction(
    _ input: Tensor, state: RecurrentState? = nil, lengths: [Int]? = nil, key: RandomKey? = nil
  ) -> (output: Tensor, state: RecurrentState) {
    precondition(
      (input.shape.count == 3 || input.shape.count == 2) && input.shape.last == inputSize,
      "\(cell.name) expected \(inputSize) input features at axis \(input.shape.count - 1), "
        + "found \(input.shape)")
    if input.shape.count == 2 {
      let (output, states) = self.run(
        input.reshaped([input.shape[0], 1, inputSize]), state: state.map { $0.insertingBatch() },
        lengths: lengths, key: key)
      return (output.reshaped([input.shape[0], outputSize]), states.removingBatch())
    }
    guard batchFirst else { return run(input, state: state, lengths: lengths, key: key) }
    let (output, states) = run(
      input.transposed([1, 0, 2]), state: state, lengths: lengths, key: key)
    return (output.transposed([1, 0, 2]), states)
  }

  /// The state that a sequence starts from where none is given: all zero.
  ///
  /// - Parameter batch: The rows of the batch; nil for a single sequence without a batch axis.
  public func zeroState(batch: Int? = nil) -> RecurrentState {
    RecurrentState(
      names: cell.states.map(\.name),
      values: engines[0][0].compiled.stateSizes.map { size in
        .zeros([numLayers * directions] + (batch.map { [$0] } ?? []) + [size], on: context)
      })
  }

  private var directions: Int { isBidirectional ? 2 : 1 }

  /// The same for [time, batch, features].
  private func run(
    _ input: Tensor, state: RecurrentState?, lengths: [Int]?, key: RandomKey?
  ) -> (Tensor, RecurrentState) {
    let (steps, rows) = (input.shape[0], input.shape[1])
    if let state { check(state, rows: rows) }
    let order = RowOrder(lengths: lengths, steps: steps, rows: rows)
    var features = order.sortingRows(of: input)
    var finals = [[Tensor]](repeating: [], count: cell.states.count)
    for layer in 0..<numLayers {
      if layer > 0, dropout > 0, let key {
        features = RecurrentCore.dropout(
          features, probability: Float(dropout), key: key.folded("dropout").folded(layer))
      }
      let outputs = (0..<directions).map { direction -> Tensor in
        let place = layer * directions + direction
        let initial = cell.states.map { declared in
          state.map { given in
            let all = given[declared.name]
            return order.sortingBatch(
              of: all.slice(axis: 0, range: place..<place + 1)
                .reshaped([rows, all.shape[2]]))
          }
        }
        let result = runDirection(
          features, initial, layer: layer, direction: direction, order: order,
          key: key?.folded("masks").folded(place))
        for (index, final) in result.finalStates.enumerated() {
          finals[index].append(order.restoringBatch(of: final))
        }
        return result.output
      }
      features = outputs.count == 1 ? outputs[0] : concatenated(outputs, alongAxis: 2)
    }
    return (
      order.restoringRows(of: features),
      RecurrentState(names: cell.states.map(\.name), values: finals.map { stacked($0) })
    )
  }

  private func runDirection(
    _ features: Tensor, _ initial: [Tensor?], layer: Int, direction: Int, order: RowOrder,
    key: RandomKey?
  ) -> CellEngine.Result {
    let engine = engines[layer][direction]
    let masks = masks(engine.compiled, order: order, key: key, on: features.context)
    // Rows that end at different steps begin their way back at different steps: they are turned
    // around one by one, and then run forward.
    let turns = direction == 1 && !order.batch.isUniform
    var result = engine.run(
      inputs: [turns ? order.turningRows(of: features) : features], initialStates: initial,
      parameters: parameters[layer][direction], masks: masks, lengths: order.batch,
      reversed: direction == 1 && !turns)
    if turns { result.output = order.turningRows(of: result.output) }
    return result
  }

  private func masks(
    _ compiled: CompiledCell, order: RowOrder, key: RandomKey?, on context: ComputeContext
  ) -> [Tensor] {
    cell.masks.map { mask in
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

  private func check(_ state: RecurrentState, rows: Int) {
    let names = cell.states.map(\.name)
    precondition(
      state.names == names, "\(cell.name) has states \(names), found \(state.names)")
    for (declared, size) in zip(names, engines[0][0].compiled.stateSizes) {
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
