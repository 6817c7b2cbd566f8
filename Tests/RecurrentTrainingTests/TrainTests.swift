import RecurrentCore
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

private func smallState(seed: UInt64 = 1) -> SmallState<Adam> {
  let model = SmallModel()
  return TrainingState(
    model: model, optimizer: Adam(for: model, learningRate: 0.02), key: RandomKey(seed: seed))
}

@Suite struct TrainTests {
  @Test func aRunLearns() throws {
    var state = smallState()
    var steps: [StepReport] = []
    var epochs: [EpochReport] = []
    let outcome = try runSmall(&state, plan: TrainingPlan(epochs: 30)) { event in
      switch event {
      case .step(let report): steps.append(report)
      case .epoch(let report): epochs.append(report)
      }
    }
    #expect(outcome == .finished)
    #expect(steps.map(\.step) == Array(1...240) && epochs.map(\.epoch) == Array(1...30))
    #expect(steps[8].epoch == 2 && steps.allSatisfy { $0.learningRate == 0.02 })
    #expect(epochs.last!.loss! < 0.5 * epochs.first!.loss!)
    #expect(state.step == 240 && state.epoch == 30 && state.batch == 0)
    let mean = steps[0..<8].reduce(0) { $0 + $1.loss } / 8
    #expect(abs(epochs[0].loss! - mean) < 1e-12)
  }

  @Test func theKeyDecidesEverything() throws {
    func result(_ seed: UInt64) throws -> [[UInt32]] {
      var state = smallState(seed: seed)
      try runSmall(&state, plan: TrainingPlan(epochs: 2))
      return bits(state.model)
    }
    #expect(try result(1) == result(1))
    #expect(try result(1) != result(2))
  }

  /// A step over several batches is the step over their rows together, if they are of one size.
  @Test func accumulatedBatchesAreOneLargeBatch() throws {
    func result(batches: [Rows], perStep: Int) throws -> SmallModel {
      let model = SmallModel()
      var state = TrainingState(
        model: model, optimizer: SGD(for: model, learningRate: 0.1), key: RandomKey(seed: 1))
      var count = 0
      _ = try train(
        &state, plan: TrainingPlan(epochs: 1, batchesPerStep: perStep),
        batches: { _, _ in batches },
        report: { if case .step = $0 { count += 1 } },
        loss: { model, batch, _ in meanSquaredError(model(batch.input), batch.target) })
      #expect(count == (batches.count + perStep - 1) / perStep)
      return state.model
    }
    let parts = (0..<5).map { SmallData.all.rows(Array(4 * $0..<4 * $0 + 4)) }
    let whole = try result(
      batches: [
        SmallData.all.rows(Array(0..<8)), SmallData.all.rows(Array(8..<16)),
        SmallData.all.rows(Array(16..<20)),
      ], perStep: 1)
    let accumulated = try result(batches: parts, perStep: 2)
    for (a, b) in zip(whole.tensors, accumulated.tensors) {
      #expect(mismatch(a, b, tolerance: 1e-6) == nil)
    }
  }

  @Test func gradientsAreClippedAndScheduled() throws {
    var state = smallState()
    state.optimizer.learningRate = 1
    var reports: [StepReport] = []
    let plan = TrainingPlan(
      epochs: 1, schedule: .step(every: 2, factor: 0.5), clipping: .norm(1e-3))
    var after: SmallModel?
    let model = state.model
    var sgd = TrainingState(
      model: model, optimizer: SGD(for: model, learningRate: 1), key: RandomKey(seed: 1))
    try runSmall(
      &sgd, plan: plan, stepLimit: 1,
      report: { if case .step(let report) = $0 { reports.append(report) } },
      save: { after = $0.model })
    var moved = 0.0
    for (a, b) in zip(after!.tensors, model.tensors) {
      for (x, y) in zip(a.elements, b.elements) { moved += Double(x - y) * Double(x - y) }
    }
    #expect(abs(moved.squareRoot() - 1e-3) < 1e-5)
    #expect(reports[0].gradientNorm > 0.1)
    try runSmall(&sgd, plan: plan) { if case .step(let report) = $0 { reports.append(report) } }
    #expect(reports.map(\.learningRate) == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125])
  }

  @Test func whatIsCarriedGoesFromBatchToBatchAndBeginsAnew() throws {
    let model = SmallModel()
    var state = TrainingState(
      model: model, optimizer: SGD(for: model, learningRate: 0), key: RandomKey(seed: 1),
      carried: Tensor(scalar: 3))
    var seen: [Float] = []
    let outcome = try train(
      &state, plan: TrainingPlan(epochs: 2), batches: { _, _ in [1, 2, 3] as [Float] },
      loss: { model, number, carried, _ in
        seen.append(carried.scalar)
        // Depends on the model, so that a history would be carried on if it were not cut.
        carried = carried * 2 + number + model.second.bias!.sum() * 0
        return carried.sum() + model.second.bias!.sum()
      })
    #expect(outcome == .finished)
    #expect(seen == [3, 7, 16, 3, 7, 16])
    #expect(state.carried.scalar == 3)
  }

  @Test func frozenParametersStayAndDoNotCount() throws {
    var state = smallState()
    state.optimizer.groups = [ParameterGroup(isFrozen: true) { $0.names.first == "first" }]
    let before = bits(state.model)
    var norms: [Double] = []
    try runSmall(&state, plan: TrainingPlan(epochs: 1)) {
      if case .step(let report) = $0 { norms.append(report.gradientNorm) }
    }
    let after = bits(state.model)
    #expect(Array(after[..<2]) == Array(before[..<2]))
    #expect(after[2] != before[2] && after[3] != before[3])
    var free = smallState()
    var freeNorms: [Double] = []
    try runSmall(&free, plan: TrainingPlan(epochs: 1)) {
      if case .step(let report) = $0 { freeNorms.append(report.gradientNorm) }
    }
    #expect(norms[0] < freeNorms[0])
  }

  @Test func aStepTakesItsMemoryFromThePool() throws {
    let context = ComputeContext(threadCount: 1)
    let model = SmallModel().mapTensors { Tensor($1.elements, shape: $1.shape, on: context) }
    var state = TrainingState(
      model: model, optimizer: Adam(for: model), key: RandomKey(seed: 1))
    state.average = MovingAverage(of: model)
    let input = Tensor(SmallData.all.input.elements, shape: [22, 3], on: context)
    let target = Tensor(SmallData.all.target.elements, shape: [22, 1], on: context)
    var counts: [Int] = []
    _ = try train(
      &state, plan: TrainingPlan(epochs: 1, clipping: .norm(0.1)), batches: { _, _ in 0..<20 },
      report: { _ in counts.append(context.buffers.systemAllocationCount) },
      loss: { model, _, key in meanSquaredError(model(input, key: key), target) })
    #expect(counts[2] == counts[20] && counts[2] > 0)
  }

  // MARK: Ends

  @Test func anEarlyStopRestoresTheBest() throws {
    let model = SmallModel()
    var state = TrainingState(
      model: model, optimizer: SGD(for: model, learningRate: 0.01), key: RandomKey(seed: 1))
    state.earlyStopping = EarlyStopping(for: model, patience: 2)
    var values = [5.0, 3, 4, 2, 2.5, 2, 1][...]
    var evaluated: [[[UInt32]]] = []
    var reports: [EpochReport] = []
    let outcome = try train(
      &state, plan: TrainingPlan(epochs: 7), batches: { _, key in SmallData.batches(key) },
      evaluate: { model in
        evaluated.append(bits(model))
        return values.removeFirst()
      },
      report: { if case .epoch(let report) = $0 { reports.append(report) } },
      loss: { model, batch, _ in meanSquaredError(model(batch.input), batch.target) })
    #expect(outcome == .stoppedEarly)
    #expect(state.epoch == 6 && state.earlyStopping?.best == 2)
    #expect(reports.map(\.isBest) == [true, true, false, true, false, false])
    #expect(bits(state.model) == evaluated[3])
    #expect(Set(evaluated).count == 6)
  }

  @Test func aFinishedRunWithEarlyStoppingHasTheBestToo() throws {
    var state = smallState()
    state.earlyStopping = EarlyStopping(for: state.model, patience: 9)
    var values = [1.0, 2, 3][...]
    var first: [[UInt32]] = []
    let outcome = try train(
      &state, plan: TrainingPlan(epochs: 3), batches: { _, key in SmallData.batches(key) },
      evaluate: { model in
        if values.first == 1 { first = bits(model) }
        return values.removeFirst()
      },
      loss: { model, batch, _ in meanSquaredError(model(batch.input), batch.target) })
    #expect(outcome == .finished && bits(state.model) == first)
  }

  @Test func evaluationsComeAtTheirIntervalAndAtTheEnd() throws {
    var state = smallState()
    var epochs: [Int] = []
    try runSmall(&state, plan: TrainingPlan(epochs: 5, evaluationInterval: 2)) {
      if case .epoch(let report) = $0, report.evaluation != nil { epochs.append(report.epoch) }
    }
    #expect(epochs == [2, 4, 5])
  }

  @Test func aPlateauLowersTheRate() throws {
    let model = SmallModel()
    var state = TrainingState(
      model: model, optimizer: SGD(for: model, learningRate: 0.5), key: RandomKey(seed: 1))
    state.plateau = Plateau(decay: 0.5, patience: 0)
    var values = [1.0, 1, 0.5][...]
    var rates: [Double] = []
    _ = try train(
      &state, plan: TrainingPlan(epochs: 3), batches: { _, _ in [0] },
      evaluate: { _ in values.removeFirst() },
      report: { if case .step(let report) = $0 { rates.append(report.learningRate) } },
      loss: { model, _, _ in meanSquaredError(model(SmallData.all.input), SmallData.all.target) })
    #expect(rates == [0.5, 0.5, 0.25])
  }

  @Test func aStopFinishesTheStepAndSaves() throws {
    var state = smallState()
    var saved: [Int] = []
    let outcome = try runSmall(
      &state, plan: TrainingPlan(epochs: 3), stepLimit: 5, save: { saved.append($0.step) })
    #expect(outcome == .interrupted && state.step == 5 && state.batch == 5 && saved == [5])
  }

  @Test func checkpointsComeAtTheirIntervalAndAfterEpochs() throws {
    var state = smallState()
    var saved: [Int] = []
    try runSmall(
      &state, plan: TrainingPlan(epochs: 2, checkpointInterval: 3), save: { saved.append($0.step) }
    )
    #expect(saved == [3, 6, 8, 9, 12, 15, 16])
  }

  // MARK: Divergence

  /// What a run throws whose loss is the given one, and whether its model is still as it was after
  /// the last step that went well.
  private func divergence(
    _ state: SmallState<Adam> = smallState(),
    evaluate: ((SmallModel) throws -> Double)? = nil,
    _ loss: (SmallModel, Rows, _ call: Int) -> Tensor
  ) throws -> (error: DivergenceError?, isUnharmed: Bool) {
    var state = state
    var calls = 0
    var last = bits(state.model)
    let error = #expect(throws: DivergenceError.self) {
      try train(
        &state, plan: TrainingPlan(epochs: 2, checkpointInterval: 1),
        batches: { _, key in SmallData.batches(key) }, evaluate: evaluate,
        save: { last = bits($0.model) },
        loss: { model, batch, _ in
          calls += 1
          return loss(model, batch, calls)
        })
    }
    return (error, bits(state.model) == last)
  }

  @Test func aLossThatIsNotFiniteStopsTheRun() throws {
    let (error, isUnharmed) = try divergence { model, batch, call in
      let loss = meanSquaredError(model(batch.input), batch.target)
      return call == 11 ? loss / 0 : loss
    }
    #expect(isUnharmed)
    #expect(error?.quantity == .loss)
    #expect(error?.step == 11 && error?.epoch == 2 && error?.batch == 3)
    #expect(
      error?.description
        == "step 11 (epoch 2, batch 3): the loss is not finite, nor is first.weight or its gradient"
    )
  }

  @Test func aGradientThatIsNotFiniteStopsTheRunAndIsNamed() throws {
    let (error, isUnharmed) = try divergence { model, batch, call in
      let loss = meanSquaredError(model(batch.input), batch.target)
      // √0 has an infinite slope.
      return call == 2 ? loss + sqrt(model.second.bias!.sum() - model.second.bias!.sum()) : loss
    }
    #expect(isUnharmed)
    #expect(error?.quantity == .gradient && error?.parameter?.description == "second.bias")
    #expect(
      error?.description
        == "step 2 (epoch 1, batch 2): the gradient of second.bias is not finite")
  }

  @Test func aWeightThatIsNotFiniteIsNamed() throws {
    var state = smallState()
    state.model.second.weight = Tensor(repeating: .nan, shape: [1, 7])
    let (error, _) = try divergence(state) { model, batch, _ in
      meanSquaredError(model(batch.input), batch.target)
    }
    #expect(error?.quantity == .loss && error?.parameter?.description == "second.weight")
  }

  @Test func anEvaluationThatIsNotFiniteStopsTheRun() throws {
    let notANumber: (SmallModel) -> Double = { _ in .nan }
    let (error, _) = try divergence(evaluate: notANumber) { model, batch, _ in
      meanSquaredError(model(batch.input), batch.target)
    }
    #expect(error?.quantity == .evaluation && error?.step == 8 && error?.epoch == 1)
  }
}
