import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

/// Training goes on here from where PyTorch left it, and goes as it goes there.
@Suite struct FineTuningTests {
  /// The `Model` of `make_interchange_fixtures.py`.
  private struct Model: TensorTree {
    var lstm = LSTM(inputSize: 3, hiddenSize: 13, numLayers: 2, key: RandomKey(seed: 1))
    var head = Linear(inputSize: 13, outputSize: 2, key: RandomKey(seed: 2))

    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("lstm", &lstm)
      visitor.visit("head", &head)
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
      let output = lstm(input).output
      let steps = output.shape[0]
      let last = output.slice(axis: 0, range: steps - 1..<steps)
      return head(last.reshaped([output.shape[1], output.shape[2]]))
    }
  }

  @Test func tenLossesFromACheckpointOfPyTorch() throws {
    let archive = try TensorArchive(path: fixturePath("pytorch_finetune.pt"))
    #expect(archive.metadata == ["epoch": "5"])
    var model = try Model().loaded(from: archive, prefix: "state_dict")
    let golden = try #require(GoldenFile("finetune").cases.first)
    let (input, target) = (wave([7, 5, 3], phase: 100), wave([5, 2], phase: 700))
    var optimizer = Adam(for: model, learningRate: golden["learning_rate"].number!)
    var losses: [Float] = []
    for _ in 0..<10 {
      let (loss, gradient) = valueAndGradient(of: model) { model in
        meanSquaredError(model(input), target)
      }
      losses.append(loss.scalar)
      optimizer.update(&model, gradient: gradient)
    }
    #expect(mismatch(Tensor(losses, shape: [10]), golden.tensor("losses")) == nil)
    #expect(losses[9] < 0.9 * losses[0])
  }
}
