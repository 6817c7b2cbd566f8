import Foundation
import RecurrentCore
import RecurrentFormats
import RecurrentTasks
import TestSupport
import Testing

/// `lstm convert` of a trained model into one that runs elsewhere.
@Suite struct ModelExportTests {
  private static let fixture = fixturePath("forecaster_v1.safetensors")

  @Test func theNetworksAsONNX() throws {
    let tool = try Tool()
    #expect(try tool.run(["convert", Self.fixture, "model.onnx"]).status == 0)
    let forecaster = try Forecaster(path: Self.fixture)
    let network = forecaster.networks[0]
    let inputs = wave([3, 5, network.recurrent.inputSize], phase: 1)
    let context = wave(
      [3, network.answer.weight.shape[1] - network.recurrent.outputSize], phase: 2)
    try NPYFile.write(TensorData(inputs), to: tool.path("inputs.npy"))
    try NPYFile.write(TensorData(context), to: tool.path("context.npy"))
    let outcome = try tool.run([
      "run", "model.onnx", "--input", "inputs=inputs.npy", "--input", "context=context.npy",
      "--output", "centre=centre.npy", "--output", "below=below.npy", "--output",
      "above=above.npy",
    ])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let count = 3 * network.horizon
    let frame = ForecastFrame(
      location: [Double](repeating: 0, count: count), scale: [Double](repeating: 1, count: count))
    let answers = forecaster.networks.map {
      $0.head.bounds(
        $0(ForecastQuestion(inputs: inputs, context: context)), frame: frame, levels: $0.levels)
    }
    func mean(_ part: (ForecastBounds) -> [Double]) -> [Double] {
      let parts = answers.map(part)
      return parts[0].indices.map { place in
        parts.reduce(0) { $0 + $1[place] } / Double(parts.count)
      }
    }
    let levels = network.levels.count
    for (name, expected) in [
      ("centre", mean(\.centre)),
      (
        "below",
        mean { answer in
          (0..<count * levels).map {
            answer.centre[$0 / levels] - answer.lower[$0 % levels][$0 / levels]
          }
        }
      ),
      (
        "above",
        mean { answer in
          (0..<count * levels).map {
            answer.upper[$0 % levels][$0 / levels] - answer.centre[$0 / levels]
          }
        }
      ),
    ] {
      let found = try TensorArchive(path: tool.path("\(name).npy")).tensor(name)
      let wanted = Tensor(expected.map { Float($0) }, shape: found.shape)
      #expect(mismatch(found, wanted) == nil, "\(name)")
    }
  }

  /// The weights come back out of the ONNX model, to the bit.
  @Test func theTensorsOfAnONNXModel() throws {
    let tool = try Tool()
    #expect(try tool.run(["convert", Self.fixture, "model.onnx"]).status == 0)
    let outcome = try tool.run(["convert", "model.onnx", "weights.safetensors"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let found = try TensorArchive(path: tool.path("weights.safetensors"))
    let kept = try TensorArchive(path: Self.fixture)
    let heads = found.entries.map(\.name).filter { $0.hasPrefix("head.weight") }
    #expect(heads.count == 3)
    for (index, name) in heads.enumerated() {
      #expect(try found.data(name) == kept.data("network.\(index).head.weight"))
    }
    #expect(found.metadata["forecast"]?.contains("monthly") == true)
    try tool.write("not a model", to: "bad.onnx")
    let refused = try tool.run(["convert", "bad.onnx", "bad.npz"])
    #expect(refused.status == 65 && refused.errorLines.count == 1)
  }

  @Test func theNetworksAsPython() throws {
    let tool = try Tool()
    let outcome = try tool.run(["convert", Self.fixture, "model.py", "--json"])
    #expect(outcome.status == 0 && outcome.stdout.contains("network.0.recurrent.weight_ih_l0"))
    let text = try tool.text("model.py")
    #expect(text.contains("torch.nn.LSTM(") && text.contains("forecaster_v1.safetensors"))
  }

  @Test func whatIsNoModel() throws {
    let tool = try Tool()
    for (status, from, to, word) in [
      (65, fixturePath("pytorch_lstm.safetensors"), "a.onnx", "pytorch_lstm"),
      (65, fixturePath("numpy_savez.npz"), "a.py", "numpy_savez"),
      (66, "absent.safetensors", "a.onnx", "absent"),
      (73, Self.fixture, "missing/a.onnx", "missing"),
    ] {
      let outcome = try tool.run(["convert", from, to])
      #expect(outcome.status == Int32(status), "\(outcome.stderr)")
      #expect(outcome.errorLines.count == 1 && outcome.stderr.contains(word))
    }
    #expect(try tool.files == [])
    let refused = try tool.run(["convert", Self.fixture, "a.onnx", "--tensor", "b"])
    #expect(refused.status == 64)
  }
}
