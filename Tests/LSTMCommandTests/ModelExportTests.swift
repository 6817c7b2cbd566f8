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
      [3, network.head.weight.shape[1] - network.recurrent.outputSize], phase: 2)
    try NPYFile.write(TensorData(inputs), to: tool.path("inputs.npy"))
    try NPYFile.write(TensorData(context), to: tool.path("context.npy"))
    let outcome = try tool.run([
      "run", "model.onnx", "--input", "inputs=inputs.npy", "--input", "context=context.npy",
      "--output", "centre=centre.npy", "--output", "below=below.npy", "--output",
      "above=above.npy",
    ])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let answers = forecaster.networks.map { $0(ForecastQuestion(inputs: inputs, context: context)) }
    for (name, part) in [
      ("centre", \ForecastNetwork.Output.centre), ("below", \.below), ("above", \.above),
    ] {
      let parts = answers.map { $0[keyPath: part] }
      let expected = parts.dropFirst().reduce(parts[0], +) * (1 / Float(parts.count))
      let found = try TensorArchive(path: tool.path("\(name).npy")).tensor(name)
      #expect(mismatch(found, expected) == nil, "\(name)")
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
