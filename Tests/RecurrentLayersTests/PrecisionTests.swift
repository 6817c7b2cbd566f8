import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Layers whose products are made in another precision than float32.
@Suite struct PrecisionTests {
  /// Every instruction set in the two other precisions.
  static let settings = InstructionSet.available.flatMap { set in
    [Precision.high, .bfloat16].map { (set, $0) }
  }

  /// Equal to float32: `high` as exactly as anything has to be; bfloat16 to 0.02 (1 + |x|).
  private func tolerance(_ precision: Precision) -> Double { precision == .high ? 1e-5 : 0.02 }

  private struct Inputs: TensorTree {
    var layer: RecurrentLayer
    var input: Tensor
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("layer", &layer)
      visitor.visit("input", &input)
    }
  }

  private struct Run {
    var output: Tensor
    var gradients: [(path: TensorPath, gradient: Tensor)]
  }

  /// Forward over a padded batch, and back.
  private func run(
    _ cell: Cell, layers: Int = 2, bidirectional: Bool = true, on context: ComputeContext
  ) throws -> Run {
    let layer = try RecurrentLayer(
      cell, inputSize: 37, hiddenSize: 48, numLayers: layers, bidirectional: bidirectional,
      key: RandomKey(seed: 5), on: context)
    let traced = Inputs(layer: layer, input: wave([7, 5, 37], phase: 100, on: context))
    let (_, gradient, output) = valueAndGradient(of: traced) { (inputs: Inputs) in
      let (output, _) = inputs.layer(inputs.input, lengths: [7, 7, 6, 4, 1])
      return ((output * wave(output.shape, phase: 400, on: context)).sum(), output)
    }
    return Run(output: output, gradients: gradient.namedTensors.map { ($0, $1) })
  }

  private func expectNear(_ found: Run, _ expected: Run, _ tolerance: Double, _ what: String) {
    #expect(mismatch(found.output, expected.output, tolerance: tolerance) == nil, "\(what)")
    for ((path, a), (_, b)) in zip(found.gradients, expected.gradients) {
      #expect(
        gradientMismatch(a, DoubleArray(b), tolerance: tolerance) == nil, "\(what): \(path)")
    }
  }

  @Test(arguments: settings) func anLSTMIsNearFloat32(_ set: InstructionSet, _ precision: Precision)
    throws
  {
    let exact = try run(.lstm(), on: ComputeContext(instructionSet: set, threadCount: 1))
    let context = ComputeContext(instructionSet: set, threadCount: 1, precision: precision)
    #expect(context.precision == precision)
    let found = try run(.lstm(), on: context)
    expectNear(found, exact, tolerance(precision), "\(set) \(precision)")
    if precision == .bfloat16 {
      // It is not float32 that ran.
      #expect(mismatch(found.output, exact.output, tolerance: 1e-5) != nil)
    }
  }

  @Test(arguments: settings) func threadsDoNotShow(_ set: InstructionSet, _ precision: Precision)
    throws
  {
    let one = try run(
      .lstm(), on: ComputeContext(instructionSet: set, threadCount: 1, precision: precision))
    for (threads, sharing) in [
      (2, ComputeContext.Sharing.automatic), (3, .rows), (3, .units),
    ] {
      let context = ComputeContext(
        instructionSet: set, threadCount: threads, precision: precision, sharing: sharing)
      let many = try run(.lstm(), on: context)
      #expect(difference(many.output, one.output) == nil, "\(threads) threads, \(sharing)")
      for ((path, a), (_, b)) in zip(many.gradients, one.gradients) {
        #expect(difference(a, b) == nil, "\(threads) threads, \(sharing): \(path)")
      }
    }
  }

  /// Products in stages, of blocks, of some places, of matrix memories. Not what has a kink: there
  /// the gradient of a unit that is off by a little may be another one altogether.
  @Test(arguments: Cell.presets.map(\.name).filter { $0 != "rnn-relu" })
  func everyCell(_ name: String) throws {
    let cell = try Cell.named(name)
    let exact = try run(
      cell, layers: 1, bidirectional: false, on: ComputeContext(threadCount: 1))
    for precision in [Precision.high, .bfloat16] {
      let context = ComputeContext(threadCount: 2, precision: precision)
      let found = try run(cell, layers: 1, bidirectional: false, on: context)
      // A normalisation divides by what may be small.
      expectNear(found, exact, precision == .high ? 2e-5 : 0.1, "\(precision)")
    }
  }

  /// A weight that is packed for one precision is packed anew for another.
  @Test func precisionsShareParameters() throws {
    let exact = ComputeContext(threadCount: 1)
    let a = wave([5, 40], phase: 3, on: exact).matrix(rows: 5, columns: 40)
    let first = exact.packed(a)
    let second = ComputeContext(threadCount: 1, precision: .bfloat16).packed(a)
    #expect(first.buffer !== second.buffer)
  }
}
