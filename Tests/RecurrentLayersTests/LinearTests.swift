import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

@Suite struct LinearTests {
  @Test func itIsTheMatrixProduct() {
    let layer = Linear(inputSize: 7, outputSize: 11, key: RandomKey(seed: 1)).filledWithWaves()
    let x = DoubleArray.cosines([5, 3, 7])
    let weight = DoubleArray(layer.weight)
    let bias = DoubleArray(layer.bias!)
    let expected = DoubleArray([5, 3, 11]) { index in
      (0..<7).reduce(bias[index[2]]) { $0 + x[index[0], index[1], $1] * weight[index[2], $1] }
    }
    #expect(mismatch(layer(Tensor(x)), expected, tolerance: 1e-6) == nil)
  }

  /// Uniform in ±1/√in: mean 0, deviation 1/√(3 in), and nothing beyond.
  @Test func itBeginsAsPyTorchDoes() {
    let layer = Linear(inputSize: 64, outputSize: 500, key: RandomKey(seed: 4))
    for values in layer.tensors.map({ $0.elements.map { Double($0) } }) {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let deviation = (values.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
      #expect(values.allSatisfy { abs($0) <= 0.125 })
      #expect(values.contains { abs($0) > 0.124 })
      #expect(abs(mean) < 4 * 0.0722 / count.squareRoot())
      #expect(abs(deviation - 0.0722) < 0.004)
    }
    let names = layer.namedTensors.map(\.path.description)
    #expect(names == ["weight", "bias"])
    #expect(layer.tensors.map(\.shape) == [[500, 64], [500]])
    let plain = Linear(inputSize: 64, outputSize: 500, bias: false, key: RandomKey(seed: 4))
    #expect(plain.tensors.count == 1)
    #expect(difference(plain.weight, layer.weight) == nil)
  }
}
