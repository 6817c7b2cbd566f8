import RecurrentCore

/// Trains a model: takes a step for each batch, evaluates after each epoch, until the plan is done,
/// evaluations stop improving or somebody asks to stop.
///
/// ```swift
/// let outcome = try train(
///   &state, plan: TrainingPlan(epochs: 20, clipping: .norm(1)),
///   batches: { epoch, key in windows.shuffled(key).chunks(of: 32) },
///   evaluate: { model in Double(meanSquaredError(model(heldOut.input), heldOut.target).scalar) },
///   save: { state in try Checkpoint.write(state, to: "run.safetensors") },
///   loss: { model, batch, key in
///     meanSquaredError(model(batch.input, dropout: key), batch.target)
///   })
/// ```
/// A run is a function of its state and plan: the keys given to `batches` and `loss` depend on the
/// state's key, the epoch and the batch's place in it, nothing else. A run that is interrupted and
/// taken up again with the state it had, or with the last checkpoint, gives the same bits as one
/// that never was.
///
/// **Truncated backpropagation through time.** What the state carries goes into `loss` with each
/// batch and comes back changed; gradients do not go through it. Let the batches of an epoch be
/// successive pieces of the same rows, and carry the layer's final state:
///
/// ```swift
/// var state = TrainingState(
///   model: model, optimizer: SGD(for: model), key: key, carried: model.lstm.zeroState(batch: 20))
/// try train(
///   &state, plan: plan, batches: { _, _ in text.pieces(of: 35) },
///   loss: { model, piece, carried, key in
///     let (logits, final) = model(piece.input, carried)
///     carried = final
///     return softmaxCrossEntropy(logits, targets: piece.next)
///   })
/// ```
///
/// - Parameters:
///   - state: Where the run begins, and where it ends; at its end, with early stopping, its model is
///     the best one.
///   - stop: Looked at after each step.
///   - batches: The batches of an epoch, counted from 0, in order. Shuffle with the key. For the same
///     epoch and key they must be the same, since a run that is taken up again skips those it has had.
///   - evaluate: A number that is better the smaller it is; takes the moving average of the weights,
///     if there is one. Called after each `evaluationInterval` epochs.
///   - report: Called after each step and epoch.
///   - save: Called with a state that can be taken up: after each epoch, after each
///     `checkpointInterval` steps and before an interrupted run returns.
///   - loss: The mean loss of a batch, one number, given the traced model, the batch, what is carried
///     and a key of the batch's own.
/// - Throws: ``DivergenceError`` where a loss, a gradient or an evaluation is not finite, before it
///   does harm; and what the closures throw.
@discardableResult
public func train<Model, Rule, Carried, Batches: Sequence>(
  _ state: inout TrainingState<Model, Rule, Carried>, plan: TrainingPlan,
  stop: StopSignal? = nil,
  batches: (_ epoch: Int, _ key: RandomKey) throws -> Batches,
  evaluate: ((Model) throws -> Double)? = nil,
  report: (TrainingEvent) throws -> Void = { _ in },
  save: (TrainingState<Model, Rule, Carried>) throws -> Void = { _ in },
  loss: (Model, Batches.Element, inout Carried, RandomKey) throws -> Tensor
) throws -> TrainingOutcome {
  while state.epoch < plan.epochs, state.earlyStopping?.isExhausted != true {
    let epochKey = state.key.folded("epoch").folded(state.epoch)
    var rest = try batches(state.epoch, epochKey).dropFirst(state.batch).makeIterator()
    while let first = rest.next() {
      var group = [first]
      while group.count < plan.batchesPerStep, let next = rest.next() { group.append(next) }
      try report(.step(takeStep(&state, plan, group, loss)))
      if stop?.isRaised == true {
        try save(state)
        return .interrupted
      }
      if let interval = plan.checkpointInterval, state.step % interval == 0 { try save(state) }
    }
    try report(.epoch(finishEpoch(&state, plan, evaluate)))
    try save(state)
    if stop?.isRaised == true { return .interrupted }
  }
  let stoppedEarly = state.earlyStopping?.isExhausted == true
  if let early = state.earlyStopping, early.best != nil { state.model = early.bestModel }
  return stoppedEarly ? .stoppedEarly : .finished
}

/// The same for batches that carry nothing from one to the next.
@discardableResult
public func train<Model, Rule, Batches: Sequence>(
  _ state: inout TrainingState<Model, Rule, Nothing>, plan: TrainingPlan,
  stop: StopSignal? = nil,
  batches: (_ epoch: Int, _ key: RandomKey) throws -> Batches,
  evaluate: ((Model) throws -> Double)? = nil,
  report: (TrainingEvent) throws -> Void = { _ in },
  save: (TrainingState<Model, Rule, Nothing>) throws -> Void = { _ in },
  loss: (Model, Batches.Element, RandomKey) throws -> Tensor
) throws -> TrainingOutcome {
  try train(
    &state, plan: plan, stop: stop, batches: batches, evaluate: evaluate, report: report,
    save: save, loss: { model, batch, _, key in try loss(model, batch, key) })
}

/// One step along the mean gradient of some batches.
private func takeStep<Model, Rule, Carried, Batch>(
  _ state: inout TrainingState<Model, Rule, Carried>, _ plan: TrainingPlan, _ group: [Batch],
  _ loss: (Model, Batch, inout Carried, RandomKey) throws -> Tensor
) throws -> StepReport {
  var sum: Model?
  var norm = 0.0
  var carried = state.carried
  var lossSum = 0.0
  for (index, batch) in group.enumerated() {
    let place = state.batch + index
    let key = state.key.folded("batch").folded(state.epoch).folded(place)
    var (value, gradient, after) = try valueAndGradient(of: state.model) { model in
      var carried = carried
      let value = try loss(model, batch, &carried, key)
      return (value, carried)
    }
    // What is carried has a history on this batch's tape, which ends here.
    carried = after.mapTensors { _, tensor in tensor.detached }
    state.optimizer.clearFrozen(&gradient)
    let norms = gradient.norms
    try state.requireFinite(loss: value.scalar, gradient: gradient, norms: norms, batch: place)
    lossSum += Double(value.scalar)
    norm = norms.norm
    if sum == nil { sum = gradient } else { sum!.accumulate(gradient) }
  }
  var mean = sum!
  if group.count > 1 {
    mean.scaleAll(by: 1 / Double(group.count))
    norm = mean.norm
  }
  if let clipping = plan.clipping { mean.clip(clipping, norm: norm) }

  let rateFactor = plan.schedule(state.step) * (state.plateau?.factor ?? 1)
  state.optimizer.update(&state.model, gradient: mean, rateFactor: rateFactor)
  state.average?.update(state.model)
  state.carried = carried
  state.lossSum += lossSum
  state.step += 1
  state.batch += group.count
  return StepReport(
    step: state.step, epoch: state.epoch + 1, loss: lossSum / Double(group.count),
    gradientNorm: norm, learningRate: state.optimizer.learningRate * rateFactor)
}

/// Evaluates, and makes the state ready for the next epoch.
private func finishEpoch<Model, Rule, Carried>(
  _ state: inout TrainingState<Model, Rule, Carried>, _ plan: TrainingPlan,
  _ evaluate: ((Model) throws -> Double)?
) throws -> EpochReport {
  let epoch = state.epoch + 1
  var result = EpochReport(
    epoch: epoch, step: state.step,
    loss: state.batch == 0 ? nil : state.lossSum / Double(state.batch))
  if let evaluate, epoch % plan.evaluationInterval == 0 || epoch == plan.epochs {
    let model = state.evaluated
    let value = try evaluate(model)
    guard value.isFinite else {
      throw DivergenceError(
        quantity: .evaluation, step: state.step, epoch: epoch, batch: state.batch)
    }
    result.evaluation = value
    state.plateau?.observe(value)
    result.isBest = state.earlyStopping?.observe(value, of: model)
  }
  state.epoch = epoch
  state.batch = 0
  state.lossSum = 0
  state.carried = state.firstCarried
  return result
}

extension TrainingState {
  /// - Parameters:
  ///   - norms: Those of the gradient's tensors.
  ///   - batch: The batch's place in the epoch, counted from 0.
  fileprivate func requireFinite(
    loss: Float, gradient: Model, norms: [Double], batch: Int
  ) throws(DivergenceError) {
    let bad = norms.firstIndex { !$0.isFinite }
    if loss.isFinite && bad == nil { return }
    // Where the loss is at fault, a weight that is not finite is nearer to the cause than the
    // gradients it spoils.
    let index = (loss.isFinite ? nil : model.norms.firstIndex { !$0.isFinite }) ?? bad
    throw DivergenceError(
      quantity: loss.isFinite ? .gradient : .loss, step: step + 1, epoch: epoch + 1,
      batch: batch + 1, parameter: index.map { gradient.namedTensors[$0].path })
  }
}
