import RecurrentCore
import RecurrentFormats
import RecurrentTraining
import TestSupport
import Testing

/// Files that version 1 of the layouts wrote, and that every later version has to read.
@Suite struct KeptFilesTests {
  @Test func aModelOfVersion1IsRead() throws {
    let file = try ModelFile(path: fixturePath("model_v1.safetensors"))
    #expect(file.configuration == ["task": "none", "sizes": [3, 7, 1], "scale": 0.5])
    let model = try SmallModel().loaded(from: file.tensors)
    #expect(bits(model) == bits(SmallModel().filledWithWaves()))
  }

  @Test func aCheckpointOfVersion1IsReadAndGoesOn() throws {
    let checkpoint = try Checkpoint(path: fixturePath("checkpoint_v1.safetensors"))
    #expect(checkpoint.configuration == ["made": "after 11 steps"])
    var state = Self.start()
    try checkpoint.restore(&state)
    #expect(state.step == 11 && state.epoch == 1 && state.batch == 3)
    #expect(state.optimizer.stepCount == 11 && state.average?.count == 11)
    #expect(state.earlyStopping?.best != nil && state.plateau?.factor == 1)
    // The same run today: equal, but not to the bit on every machine.
    var today = Self.start()
    try runSmall(&today, plan: Self.plan, stepLimit: 11)
    for (kept, now) in zip(state.model.tensors, today.model.tensors) {
      #expect(mismatch(kept, now, tolerance: 1e-4) == nil)
    }
    #expect(try runSmall(&state, plan: Self.plan) == .finished)
  }

  static let plan = TrainingPlan(epochs: 2)

  static func start() -> SmallState<Adam> {
    let model = SmallModel().filledWithWaves()
    var state = TrainingState(
      model: model, optimizer: Adam(for: model, learningRate: 0.02), key: RandomKey(seed: 8))
    state.average = MovingAverage(of: model, decay: 0.8)
    state.plateau = Plateau()
    state.earlyStopping = EarlyStopping(for: model, patience: 3)
    return state
  }
}
