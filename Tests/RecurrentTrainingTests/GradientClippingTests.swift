import RecurrentCore
import RecurrentTraining
import TestSupport
import Testing

private let golden = GoldenFile("clipping")

@Suite struct GradientClippingTests {
  @Test(arguments: golden.cases)
  func clippingIsThatOfPyTorch(_ golden: GoldenCase) {
    let scale = golden["scale"].number!
    var gradient = TwoTensors(
      wave([3, 5], scale: scale, phase: 0), wave([7], scale: scale, phase: 1))
    let limit = golden["limit"].number!
    if golden["kind"].string == "norm" {
      let norm = gradient.clip(toNorm: limit)
      #expect(abs(norm - Double(golden.tensor("norm").scalar)) < 1e-6 * norm)
    } else {
      gradient.clip(toValue: limit)
    }
    #expect(mismatch(gradient.a, golden.tensor("a"), tolerance: 1e-6) == nil)
    #expect(mismatch(gradient.b, golden.tensor("b"), tolerance: 1e-6) == nil)
  }

  @Test func theNormOfLargeNumbersIsFinite() {
    let large = TwoTensors(Tensor([3e30, 0], shape: [2]), Tensor([4e30], shape: [1]))
    #expect(abs(large.norm - 5e30) < 1e24)
    for bad in [Float.nan, .infinity, -.infinity] {
      let tree = TwoTensors(Tensor([1, bad], shape: [2]), Tensor([0], shape: [1]))
      #expect(!tree.norm.isFinite)
    }
  }

  @Test func clippingByValueKeepsNaN() {
    var tree = TwoTensors(Tensor([.nan, 3, -3], shape: [3]), Tensor([0.5], shape: [1]))
    tree.clip(toValue: 1)
    #expect(tree.a.elements[0].isNaN && Array(tree.a.elements[1...]) == [1, -1])
    #expect(tree.b.elements == [0.5])
  }
}
