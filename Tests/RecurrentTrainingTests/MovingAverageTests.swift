import RecurrentCore
import RecurrentTraining
import TestSupport
import Testing

@Suite struct MovingAverageTests {
  @Test func itIsTheRecursion() {
    var average = MovingAverage(of: wave([5], phase: 9), decay: 0.75)
    var expected = [Double](repeating: 0, count: 5)
    for step in 0..<6 {
      let weights = wave([5], phase: step)
      average.update(weights)
      for (index, value) in weights.elements.enumerated() {
        expected[index] =
          step == 0 ? Double(value) : 0.75 * expected[index] + 0.25 * Double(value)
      }
      #expect(mismatch(average.model, DoubleArray(expected, shape: [5]), tolerance: 1e-6) == nil)
    }
    #expect(average.count == 6)
  }

  @Test func itIsWhatIsEvaluated() throws {
    let model = SmallModel()
    var state = TrainingState(
      model: model, optimizer: SGD(for: model, learningRate: 0.1), key: RandomKey(seed: 1))
    state.average = MovingAverage(of: model, decay: 0.9)
    var evaluated: [[UInt32]] = []
    _ = try train(
      &state, plan: TrainingPlan(epochs: 1), batches: { _, key in SmallData.batches(key) },
      evaluate: { model in
        evaluated = bits(model)
        return 0
      },
      loss: { model, batch, key in
        square(model(batch.input, key: key) - batch.target).mean()
      })
    #expect(evaluated == bits(state.average!.model))
    #expect(evaluated != bits(state.model))
  }
}
