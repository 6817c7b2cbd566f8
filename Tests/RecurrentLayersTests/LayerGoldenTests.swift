import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import TestSupport
import Testing

private let golden = GoldenFile("layers")

@Suite struct LayerGoldenTests {
  @Test(arguments: golden.cases)
  func outputsAndGradientsAreThoseOfPyTorch(_ golden: GoldenCase) throws {
    let shape = golden["shape"].array!.map { $0.integer! }
    let key = RandomKey(seed: 1)
    switch golden["kind"].string! {
    case "linear":
      let layer = Linear(
        inputSize: golden["in_features"].integer!, outputSize: golden["out_features"].integer!,
        bias: golden["bias"].bool!, key: key)
      check(layer, golden, shape) { $0($1) }
    case "layer_norm":
      let layer = LayerNorm(
        size: golden["features"].integer!, epsilon: Float(golden["eps"].number!),
        isAffine: golden["affine"].bool!, bias: golden["bias"].bool!)
      check(layer, golden, shape) { $0($1) }
    default:
      let rows = golden["rows"].integer!
      let layer = Embedding(
        count: rows, size: golden["features"].integer!,
        paddingIndex: golden["padding_index"].integer, key: key)
      let indices = (0..<shape.reduce(1, *)).map { 3 * $0 % rows }
      check(layer, golden, shape) { layer, _ in layer(indices, shape: shape) }
    }
  }

  private struct Leaves<Layer: TensorTree>: TensorTree {
    var layer: Layer
    var input: Tensor
    mutating func visit(_ visitor: inout some TensorVisitor) {
      layer.visit(&visitor)
      visitor.visit("input", &input)
    }
  }

  private func check<Layer: TensorTree>(
    _ layer: Layer, _ golden: GoldenCase, _ shape: [Int], _ call: (Layer, Tensor) -> Tensor
  ) {
    let expected = golden.tensor("output")
    let leaves = Leaves(layer: layer.filledWithWaves(), input: wave(shape, phase: 100))
    let (_, gradient, output) = valueAndGradient(of: leaves) { leaves in
      let output = call(leaves.layer, leaves.input)
      return ((output * wave(output.shape, phase: 400)).sum(), output)
    }
    #expect(mismatch(output, expected, tolerance: 1e-6) == nil)
    let stored = golden.tensorNames.filter { $0.hasPrefix("grad/") }
    for name in stored {
      let found = gradient.namedTensors.first { "grad/\($0.path)" == name }?.tensor
      #expect(
        found.map { gradientMismatch($0, DoubleArray(golden.tensor(name)), tolerance: 1e-6) }
          == .some(nil), "\(name)")
    }
    #expect(stored.count >= leaves.layer.tensors.count)
  }
}
