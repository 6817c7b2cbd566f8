import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

@Suite struct EmbeddingTests {
  @Test func itTakesRows() {
    let layer = Embedding(count: 5, size: 3, key: RandomKey(seed: 1))
    let found = layer([4, 0, 4, 2], shape: [2, 2])
    #expect(found.shape == [2, 2, 3])
    let rows = layer.weight.elements
    #expect(
      found.elements
        == Array(rows[12..<15]) + Array(rows[0..<3]) + Array(rows[12..<15]) + Array(rows[6..<9]))
    #expect(layer([1]).shape == [1, 3])
  }

  /// Normal with mean 0 and deviation 1.
  @Test func itBeginsAsPyTorchDoes() {
    let values = Embedding(count: 200, size: 100, paddingIndex: 7, key: RandomKey(seed: 2))
      .weight.elements.map { Double($0) }
    #expect(values[700..<800].allSatisfy { $0 == 0 })
    let drawn = values[..<700] + values[800...]
    let count = Double(drawn.count)
    let variance = drawn.reduce(0) { $0 + $1 * $1 } / count
    #expect(abs(drawn.reduce(0, +) / count) < 0.03)
    #expect(abs(variance - 1) < 0.04)
    #expect(abs(drawn.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count - 3) < 0.2)
  }
}
