import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

/// A layer that has run, and whose parameters were then changed in place, is a new layer with these
/// parameters: nothing made of the old ones is left.
@Suite struct ParameterVersionTests {
  static let cells = [
    "lstm", "gru", "lstm:projection=5", "clockwork:periods=1+2+4", "slstm", "mlstm",
  ]
  private static let input = wave([5, 3, 7], phase: 100)

  private struct Run: Equatable {
    var output: [Float]
    var gradients: [[Float]]
  }

  private func run(_ layer: RecurrentLayer) -> Run {
    let result = valueAndGradient(of: layer) { layer in
      (layer(Self.input).output * wave([5, 3, layer.outputSize], phase: 300)).sum()
    }
    return Run(
      output: layer(Self.input).output.elements, gradients: result.gradient.tensors.map(\.elements))
  }

  /// The same numbers in memory of their own.
  private func copied(_ layer: RecurrentLayer) -> RecurrentLayer {
    layer.mapTensors { Tensor($1.elements, shape: $1.shape, on: $1.context) }
  }

  private func check(
    _ cell: String, _ update: (inout RecurrentLayer, RecurrentLayer) throws -> Void
  ) throws {
    var layer = try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 12, numLayers: 2, key: RandomKey(seed: 3))
    for _ in 0..<3 {
      let gradient = valueAndGradient(of: layer) { $0(Self.input).output.sum() }.gradient
      let before = run(layer)
      try update(&layer, gradient)
      let after = run(layer)
      #expect(after != before)
      #expect(after == run(copied(layer)))
    }
  }

  @Test(arguments: cells) func anOptimizerStep(_ cell: String) throws {
    var adam: Adam?
    try check(cell) { layer, gradient in
      adam = adam ?? Adam(for: layer, learningRate: 0.01)
      adam!.update(&layer, gradient: gradient)
    }
    var sgd: SGD?
    try check(cell) { layer, gradient in
      sgd = sgd ?? SGD(for: layer, learningRate: 0.01, momentum: 0.9)
      sgd!.update(&layer, gradient: gradient)
    }
  }

  @Test(arguments: cells) func elementsWritten(_ cell: String) throws {
    try check(cell) { layer, _ in
      var writer = ElementWriter()
      layer.visit(&writer)
    }
  }

  @Test(arguments: cells) func numbersLoaded(_ cell: String) throws {
    var round = 0
    try check(cell) { layer, _ in
      round += 1
      let folder = try TemporaryFolder()
      let path = folder.file("other.safetensors")
      try ModelFile.write(
        layer.mapTensors { wave($1.shape, scale: 0.3, phase: $0.description.count + round) },
        configuration: [:], to: path)
      layer = try layer.loaded(from: try ModelFile(path: path).tensors)
    }
  }

  private struct ElementWriter: TensorVisitor {
    var path = TensorPath()
    mutating func visit(_ path: TensorPath, _ tensor: inout Tensor) {
      tensor.withMutableElements { elements in
        for index in elements.indices { elements[index] *= 0.9 }
      }
    }
  }
}
