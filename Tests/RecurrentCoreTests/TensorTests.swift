import RecurrentCore
import TestSupport
import Testing

@Suite struct TensorTests {
  @Test func aCopyIsAValue() {
    let original = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    var copy = original
    copy.withMutableElements { $0[0] = 10 }
    #expect(original.elements == [1, 2, 3, 4, 5, 6])
    #expect(copy.elements == [10, 2, 3, 4, 5, 6])
    // A view is a value as well, whichever of the two is written.
    var row = copy.slice(axis: 0, range: 1..<2)
    row.fill(0)
    #expect(row.elements == [0, 0, 0] && copy.elements == [10, 2, 3, 4, 5, 6])
    let kept = copy.slice(axis: 0, range: 0..<1)
    copy.scale(by: 2)
    #expect(kept.elements == [10, 2, 3] && copy.elements == [20, 4, 6, 8, 10, 12])
  }

  @Test func updatesInPlace() {
    var x = Tensor([1, 2, 3], shape: [3])
    let y = x
    x.add(Tensor([10, 20, 30], shape: [3]), scaledBy: 0.5)
    #expect(x.elements == [6, 12, 18] && y.elements == [1, 2, 3])
    x.add(x)
    #expect(x.elements == [12, 24, 36])
    x.fill(4)
    #expect(x.elements == [4, 4, 4] && x.sumOfSquares == 48)
  }

  /// What is written by hand has no history: it would have the wrong gradient.
  @Test func aWrittenTensorLeavesItsTape() {
    let (_, gradient) = valueAndGradient(of: Tensor([1, 2], shape: [2])) { x in
      var y = x * 3
      y.withMutableElements { $0[0] = 5 }
      return (y + x).sum()
    }
    #expect(gradient.elements == [1, 1])
  }

  @Test func emptyTensors() {
    let empty = Tensor.zeros([0, 3])
    #expect(empty.elements == [] && (empty + empty).shape == [0, 3])
    #expect(empty.sum().scalar == 0 && empty.sum(axis: 0).elements == [0, 0, 0])
    #expect(empty.sum(axis: 1).shape == [0] && exp(empty).count == 0)
    #expect(matmul(empty, Tensor.zeros([3, 2])).shape == [0, 2])
    #expect(matmul(Tensor.zeros([2, 0]), empty).elements == [0, 0, 0, 0, 0, 0])
    #expect(linear(empty, Tensor.zeros([2, 3]), Tensor.zeros([2])).shape == [0, 2])
    #expect(concatenated([empty, Tensor.zeros([1, 3])], alongAxis: 0).shape == [1, 3])
    #expect(empty.gatherRows([]).shape == [0, 3] && empty.transposed().shape == [3, 0])
    #expect(softmaxCrossEntropy(empty, targets: []).scalar == 0)
    #expect(layerNorm(empty).shape == [0, 3] && softmax(empty).shape == [0, 3])
  }

  /// Long sums keep their digits: single precision throughout would be off in the fourth.
  @Test(arguments: Machine.all)
  func longSumsAreExactEnough(machine: Machine) {
    let count = 3_000_001
    let x = Tensor(repeating: 0.1, shape: [count], on: machine.context)
    let expected = Double(0.1 as Float) * Double(count)
    #expect(abs(Double(x.sum().scalar) - expected) < 1e-6 * expected)
    #expect(abs(Double(x.reshaped([1, count]).sum(axis: 1).scalar) - expected) < 1e-6 * expected)
    #expect(abs(Double(x.reshaped([count, 1]).sum(axis: 0).scalar) - expected) < 1e-6 * expected)
    #expect(
      abs(x.sumOfSquares - Double(0.1 as Float) * expected) < 1e-6 * expected)
  }

  @Test func notANumberShows() {
    for place in [0, 5, 16, 40] {
      var x = Tensor.zeros([1, 41])
      x.withMutableElements { $0[place] = .nan }
      #expect(x.maximum(axis: 1).scalar.isNaN && x.maximum(axis: 0).elements[place].isNaN)
      #expect(maximum(x, 1).elements[place].isNaN && minimum(x, -1).elements[place].isNaN)
      #expect(softmax(x).elements.allSatisfy { $0.isNaN })
      #expect(x.sum().scalar.isNaN && relu(x).elements[place].isNaN)
      #expect(softmaxCrossEntropy(x, targets: [0]).scalar.isNaN)
      // Padding may hold anything.
      let two = concatenated([x, Tensor.zeros([1, 41])], alongAxis: 0)
      let (loss, gradient) = valueAndGradient(of: two) {
        softmaxCrossEntropy($0, targets: [1, 1], weights: [0, 1])
      }
      #expect(abs(loss.scalar - Float(logarithm(41))) < 1e-5)
      #expect(gradient.elements.allSatisfy { !$0.isNaN })
    }
  }

  @Test func sizeClassesHoldWhatTheyShould() {
    let context = ComputeContext(threadCount: 1)
    for count in Array(0...200) + [1000, 4096, 4097, 6144, 6145, 1 << 20] {
      let capacity = TensorBuffer(uninitialized: count, in: context).capacity
      #expect(capacity >= count && capacity <= max(16, 2 * count))
    }
    // 16, 24, 32, 48, …: a class for each power of two and one between.
    #expect(TensorBuffer(uninitialized: 33, in: context).capacity == 48)
    #expect(TensorBuffer(uninitialized: 17, in: context).capacity == 24)
  }

  #if !os(iOS)
    @Test func shapesThatCannotFitAreRefused() async {
      await #expect(processExitsWith: .failure) {
        _ = Tensor.zeros([3, 4]) + Tensor.zeros([5])
      }
      await #expect(processExitsWith: .failure) {
        _ = linear(Tensor.zeros([40, 8, 10]), Tensor.zeros([3, 12]))
      }
      await #expect(processExitsWith: .failure) {
        _ = matmul(Tensor.zeros([3, 4]), Tensor.zeros([3, 4]))
      }
      await #expect(processExitsWith: .failure) {
        _ = Tensor.zeros([3, 4]).gatherRows([3])
      }
      await #expect(processExitsWith: .failure) {
        _ = valueAndGradient(of: Tensor.zeros([2])) { $0 }
      }
    }
  #endif
}
