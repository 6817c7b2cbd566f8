import RecurrentONNX
import TestSupport
import Testing

/// What PyTorch's two exporters write, at the sizes of the export and at others: PyTorch's numbers.
@Suite struct ExportedModelTests {
  private static let stored = OnnxCase.read("torch_onnx.safetensors")

  @Test(arguments: stored.cases)
  func givesPyTorchsNumbers(_ test: OnnxCase) throws {
    let model = try OnnxModel(bytes: test.bytes, file: test.name)
    let found = try model.run(test.inputs)
    for output in test.outputs {
      let value = try #require(found[output.name])
      #expect(mismatch(value, output.value, tolerance: 1e-5) == nil, "\(output.name)")
    }
  }

  @Test func bothExportersAreThere() {
    for exporter in ["_script_", "_dynamo_"] {
      #expect(Self.stored.cases.count { $0.name.contains(exporter) } >= 15)
    }
  }
}
