import RecurrentONNX
import TestSupport
import Testing

/// The ONNX project's own node tests.
@Suite struct BackendTests {
  private static let stored = OnnxCase.read("onnx_backend.safetensors")

  /// Those that the project has written down with four digits; its own tolerance is a relative 1e-3.
  private static let rounded: Set = ["averagepool_2d_ceil_last_window_starts_on_pad"]

  /// Each model gives what the ONNX project says it gives.
  @Test(arguments: stored.cases)
  func equalsTheProjectsNumbers(_ test: OnnxCase) throws {
    let model = try OnnxModel(bytes: test.bytes, file: test.name)
    let found = try model.run(test.inputs)
    let tolerance = Self.rounded.contains(test.name) ? 1e-4 : 1e-5
    #expect(Set(found.keys) == Set(test.outputs.map(\.name)))
    for output in test.outputs {
      let value = try #require(found[output.name])
      #expect(mismatch(value, output.value, tolerance: tolerance) == nil, "\(output.name)")
    }
  }

  @Test func manyAreThere() {
    let operators = Self.stored.cases.count
    let leftOut = Self.stored.leftOut.sorted { $0.key < $1.key }
      .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    print("ONNX node tests: \(operators) run here; left out by rule: \(leftOut)")
    #expect(operators > 900)
    for name in ["lstm", "gru", "rnn", "simple_rnn"] {
      #expect(Self.stored.cases.contains { $0.name.hasPrefix(name) }, "\(name)")
    }
  }
}
