import RecurrentCore
import TestSupport
import Testing

@Suite struct OperationTests {
  /// A number that depends on every element of the result, each with a weight of its own.
  static func weigh(_ result: Tensor) -> Tensor {
    (result * Tensor(weights(result.shape), on: result.context)).sum()
  }

  static func weights(_ shape: [Int]) -> DoubleArray { DoubleArray.cosines(shape, phase: 100) }

  @Test(arguments: OperationCase.all)
  func valueAndGradientMatchTheOracle(_ test: OperationCase) {
    let arguments = test.arguments(test.shapes)
    let expected = test.oracle(arguments)
    let weights = Self.weights(expected.shape)
    let slopes = numericGradient(at: arguments) { moved in
      DoubleArray.combine(test.oracle(moved), weights, *).sum
    }
    for machine in Machine.all {
      let tensors = arguments.map { Tensor($0, on: machine.context) }
      #expect(mismatch(test.operation(tensors), expected) == nil, "\(machine)")
      let (_, gradients) = valueAndGradient(of: tensors) { Self.weigh(test.operation($0)) }
      for (index, gradient) in gradients.enumerated() {
        #expect(
          gradientMismatch(gradient, slopes[index]) == nil, "\(machine), argument \(index)")
      }
      // An argument without a trace needs no gradient, and the others' are the same.
      for only in tensors.indices where tensors.count > 1 {
        let (_, gradient) = valueAndGradient(of: tensors[only]) { traced in
          var mixed = tensors
          mixed[only] = traced
          return Self.weigh(test.operation(mixed))
        }
        #expect(difference(gradient, gradients[only]) == nil, "\(machine), only \(only) traced")
      }
    }
  }

  @Test(arguments: OperationCase.all)
  func largeOnesMatchToo(_ test: OperationCase) {
    let arguments = test.arguments(test.largeShapes)
    let expected = test.oracle(arguments)
    for machines in Machine.byInstructionSet {
      let results = machines.map { machine in
        let tensors = arguments.map { Tensor($0, on: machine.context) }
        let value = test.operation(tensors)
        let (_, gradients) = valueAndGradient(of: tensors) { Self.weigh(test.operation($0)) }
        return [value] + gradients
      }
      #expect(mismatch(results[0][0], expected) == nil, "\(machines[0])")
      for (machine, result) in zip(machines, results).dropFirst() {
        for (found, alone) in zip(result, results[0]) {
          #expect(difference(found, alone) == nil, "\(machine)")
        }
      }
    }
  }
}
