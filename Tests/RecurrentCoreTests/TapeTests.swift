import RecurrentCore
import TestSupport
import Testing

/// Trees with what trees can have in them.
private struct Layer: TensorTree {
  var weight: Tensor
  var bias: Tensor?
  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("weight", &weight)
    visitor.visit("bias", &bias)
  }
}

private struct Model: TensorTree {
  var first: Layer
  var others: [Layer]
  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("first", &first)
    visitor.visit("others", &others)
  }
}

@Suite struct TapeTests {
  /// One tensor is used by many operations, before and after others were made of it.
  @Test func usesOfATensorAddUp() {
    let x = DoubleArray.cosines([3, 5])
    let w = DoubleArray.cosines([5, 5], phase: 7)
    func oracle(_ x: DoubleArray, _ w: DoubleArray) -> Double {
      let h = x.matrixProduct(w).map(hyperbolicTangent)
      let twice = DoubleArray.combine(h, x, +).matrixProduct(w)
      return DoubleArray.combine(DoubleArray.combine(twice, h, *), x, -).sum
        + DoubleArray.combine(w, w, *).sum
    }
    let slopes = numericGradient(at: [x, w]) { oracle($0[0], $0[1]) }
    for machine in Machine.all {
      let tensors = [Tensor(x, on: machine.context), Tensor(w, on: machine.context)]
      let (value, gradients) = valueAndGradient(of: tensors) { t in
        let (x, w) = (t[0], t[1])
        let h = tanh(matmul(x, w))
        let twice = matmul(h + x, w)
        return (twice * h - x).sum() + (w * w).sum()
      }
      #expect(mismatch(value, DoubleArray(oracle(x, w))) == nil)
      #expect(gradientMismatch(gradients[0], slopes[0]) == nil)
      #expect(gradientMismatch(gradients[1], slopes[1]) == nil)
      #expect(tensors.map { DoubleArray($0) } == [x, w], "an argument was written")
    }
  }

  /// A gradient that several operations are given is not written by the first that adds to it.
  @Test func gradientsAreNotSharedByMistake() {
    let x = Tensor([1, 2, 3], shape: [3])
    let (_, gradient) = valueAndGradient(of: [x, x]) { t in
      let sum = t[0] + t[1]
      let parts = sum.reshaped([3, 1]).split(axis: 0, sizes: [1, 2])
      return (sum * 2 + t[0]).sum() + parts[0].sum() + sum.slice(axis: 0, range: 1..<3).sum() * 5
        + t[1].slice(axis: 0, range: 0..<1).sum()
    }
    #expect(gradient[0].elements == [4, 8, 8])
    #expect(gradient[1].elements == [4, 7, 7])
  }

  @Test func aTreeIsListedByName() {
    let model = Model(
      first: Layer(weight: .zeros([2, 3]), bias: .zeros([2])),
      others: [Layer(weight: .zeros([4]), bias: nil), Layer(weight: .zeros([1]), bias: .zeros([]))])
    #expect(
      model.namedTensors.map(\.path.description) == [
        "first.weight", "first.bias", "others.0.weight", "others.1.weight", "others.1.bias",
      ])
    #expect(model.parameterCount == 6 + 2 + 4 + 1 + 1)
    #expect([model, model].namedTensors.last!.path.description == "1.others.1.bias")
    let (_, gradient) = valueAndGradient(of: model) { model in
      (model.first.weight * 3).sum() + model.others[1].bias! * model.others[1].bias!
    }
    #expect(gradient.first.weight.elements == [Float](repeating: 3, count: 6))
    #expect(gradient.first.bias!.elements == [0, 0], "what the value does not depend on is zero")
    #expect(gradient.others[0].bias == nil)
  }

  @Test func aValueWithoutTheModelHasNoGradient() {
    let x = Tensor([1, 2], shape: [2])
    let (value, gradient) = valueAndGradient(of: x) { _ in Tensor(scalar: 3) }
    #expect(value.scalar == 3 && gradient.elements == [0, 0])
    let (_, stopped) = valueAndGradient(of: x) { x in (x.detached * x).sum() }
    #expect(stopped.elements == [1, 2])
  }

  @Test func theModelItselfMayBeTheValue() {
    let (value, gradient) = valueAndGradient(of: Tensor(scalar: 3)) { $0 }
    #expect(value.scalar == 3 && gradient.scalar == 1)
  }

  private struct Failure: Error {}

  /// After the first step, memory comes from the pool: also when a step is given up half-way.
  @Test(arguments: [1, 2, 3])
  func aStepAllocatesNothingNew(threadCount: Int) {
    // A context of its own: other tests use theirs at the same time.
    let context = ComputeContext(threadCount: threadCount)
    let x = Tensor(DoubleArray.cosines([30, 70]), on: context)
    let w = Tensor(DoubleArray.cosines([50, 70]), on: context)
    func step(fails: Bool) throws(Failure) {
      _ = try valueAndGradient(of: [x, w]) { (t: [Tensor]) throws(Failure) -> Tensor in
        let y = layerNorm(tanh(linear(t[0], t[1])))
        if fails { throw Failure() }
        return softmaxCrossEntropy(y + y.mean(), targets: (0..<30).map { $0 })
      }
    }
    try? step(fails: false)
    let before = context.buffers.systemAllocationCount
    for round in 0..<200 { try? step(fails: round % 3 == 0) }
    // How many threads hold a scratch block of one of a few sizes at once is up to the system.
    let slack = 4 * (threadCount - 1)
    #expect(context.buffers.systemAllocationCount <= before + slack)
  }
}
