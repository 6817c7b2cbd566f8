import RecurrentCore
import TestSupport
import Testing

/// The memory read chunkwise against the step form of its equations in Double.
@Suite struct MatrixMemoryTests {
  /// Chunks that end with a row, in its middle, and rows without steps.
  static let trials = [
    MemoryTrial(lengths: [11, 11, 11], steps: 11, chunk: 4),
    MemoryTrial(lengths: [11, 11, 11], steps: 11, chunk: 4, isReversed: true),
    MemoryTrial(lengths: [11, 8, 3, 0], steps: 12, chunk: 4),
    MemoryTrial(lengths: [3, 2], steps: 3, chunk: 32),
  ]

  @Test(arguments: trials)
  func valuesAndGradientsMatchTheStepForm(_ trial: MemoryTrial) {
    let arguments = trial.arguments
    let expected = trial.stepForm(arguments)
    let weights = OperationTests.weights(expected.shape)
    let slopes = numericGradient(at: arguments) { moved in
      DoubleArray.combine(trial.stepForm(moved), weights, *).sum
    }
    for machines in Machine.byInstructionSet {
      var alone: [Tensor] = []
      for machine in machines {
        let tensors = arguments.map { Tensor($0, on: machine.context) }
        let untraced = trial.chunkwise(tensors)
        let (_, gradients, value) = valueAndGradient(of: tensors) {
          (traced: [Tensor]) -> (Tensor, Tensor) in
          let value = trial.chunkwise(traced)
          return (OperationTests.weigh(value), value)
        }
        #expect(difference(value, untraced) == nil, "\(machine)")
        #expect(mismatch(value, expected) == nil, "\(machine)")
        for (index, gradient) in gradients.enumerated() {
          #expect(
            gradientMismatch(gradient, slopes[index]) == nil, "\(machine), argument \(index)")
        }
        if alone.isEmpty { alone = [value] + gradients }
        for (found, expected) in zip([value] + gradients, alone) {
          #expect(difference(found, expected) == nil, "\(machine)")
        }
      }
    }
  }

  @Test(arguments: [
    MemoryTrial(lengths: [37, 37], steps: 37), MemoryTrial(lengths: [70, 33, 32, 0], steps: 70),
    MemoryTrial(lengths: [70, 70], steps: 70, isReversed: true),
  ])
  func longSequencesMatchTheStepForm(_ trial: MemoryTrial) {
    for machine in Machine.all {
      let tensors = trial.arguments.map { Tensor($0, on: machine.context) }
      #expect(
        mismatch(trial.chunkwise(tensors), trial.stepForm(trial.arguments)) == nil, "\(machine)")
    }
  }

  /// The equations that the operation states are those of the steps.
  @Test(arguments: [37, 70])
  func theChunkwiseEquationsAreTheStepForm(steps: Int) {
    let trial = MemoryTrial(lengths: [steps, steps], steps: steps)
    let (found, expected) = (
      trial.chunkwiseEquations(trial.arguments), trial.stepForm(trial.arguments)
    )
    for (a, b) in zip(found.values, expected.values) { #expect(abs(a - b) <= 1e-10 * (1 + abs(b))) }
  }

  /// Gates that open and close all the way: every number stays one, and is the step form's.
  @Test(arguments: [-80.0, 80], [-30.0, 30])
  func extremeGates(entering: Double, keeping: Double) {
    for mixed in [false, true] {
      let trial = MemoryTrial(lengths: [40, 40], steps: 40)
      var arguments = trial.arguments
      // Keys that all point to the queries' side: a divisor near 0 is another matter.
      for argument in 0..<2 { arguments[argument] = arguments[argument].map { abs($0) + 0.25 } }
      for place in arguments[3].values.indices {
        let sign: Double = mixed && place % 3 == 1 ? -1 : 1
        arguments[3].values[place] = sign * entering
        arguments[4].values[place] = min(sign * keeping, 0)
      }
      let expected = trial.stepForm(arguments)
      for machine in Machine.all {
        let tensors = arguments.map { Tensor($0, on: machine.context) }
        #expect(
          mismatch(trial.chunkwise(tensors), expected) == nil,
          "\(machine), \(entering) \(keeping) \(mixed)")
        let (_, gradients) = valueAndGradient(of: tensors) {
          OperationTests.weigh(trial.chunkwise($0))
        }
        for gradient in gradients {
          let isFinite = gradient.elements.allSatisfy { $0.isFinite }
          #expect(isFinite, "\(machine), \(entering) \(keeping) \(mixed)")
        }
      }
    }
  }

  /// A keeping gate that is shut for good forgets everything, and is no reason for NaN.
  @Test func aShutGateForgets() {
    let trial = MemoryTrial(lengths: [9, 9], steps: 9, chunk: 4)
    var arguments = trial.arguments
    for place in arguments[4].values.indices where place % 5 == 3 {
      arguments[4].values[place] = -.infinity
    }
    let tensors = arguments.map { Tensor($0) }
    #expect(mismatch(trial.chunkwise(tensors), trial.stepForm(arguments)) == nil)
  }
}

/// A matrix memory of odd sizes to try.
struct MemoryTrial: Sendable, CustomTestStringConvertible {
  var lengths: [Int]
  var steps: Int
  var chunk = MatrixMemory.usualChunk
  var isReversed = false
  private let heads = 2
  private let key = 3
  private let value = 5
  private var rows: Int { lengths.count }

  init(lengths: [Int], steps: Int, chunk: Int = MatrixMemory.usualChunk, isReversed: Bool = false) {
    self.lengths = lengths
    self.steps = steps
    self.chunk = chunk
    self.isReversed = isReversed
  }

  var testDescription: String {
    "lengths \(lengths) of \(steps) by \(chunk)\(isReversed ? ", reversed" : "")"
  }

  /// Queries, keys, values, log i, log f, C, n, m.
  var arguments: [DoubleArray] {
    func numbers(_ shape: [Int], _ phase: Double, scale: Double = 1) -> DoubleArray {
      DoubleArray.cosines(shape, phase: phase, scale: scale)
    }
    let keeping = numbers([steps, rows, heads], 40, scale: 0.5).map { Double(Float($0 - 0.6)) }
    return [
      numbers([steps, rows, heads * key], 0), numbers([steps, rows, heads * key], 10),
      numbers([steps, rows, heads * value], 20), numbers([steps, rows, heads], 30, scale: 2),
      keeping, numbers([rows, heads * key * value], 50), numbers([rows, heads * key], 60),
      numbers([rows, heads], 70, scale: 0.7),
    ]
  }

  /// Everything that the operation gives, in one row.
  func chunkwise(_ tensors: [Tensor]) -> Tensor {
    let (output, final) = MatrixMemory(
      queries: tensors[0], keys: tensors[1], values: tensors[2], entering: tensors[3],
      keeping: tensors[4],
      initial: .init(memory: tensors[5], normalizer: tensors[6], bound: tensors[7]),
      heads: heads, lengths: lengths, isReversed: isReversed, chunk: chunk
    ).read()
    return concatenated(
      [output, final.memory, final.normalizer, final.bound].map { $0.reshaped([-1]) },
      alongAxis: 0)
  }

  /// The same, one step after the other.
  func stepForm(_ arguments: [DoubleArray]) -> DoubleArray {
    collect(arguments) { head in
      var (c, n, m) = (head.c, head.n, head.m)
      let outputs = head.steps.map { step -> [Double] in
        let next = max(step.keeping + m, step.entering)
        let (f, i) = (exponential(step.keeping + m - next), exponential(step.entering - next))
        for x in 0..<key {
          n[x] = f * n[x] + i * step.k[x]
          for y in 0..<value { c[x][y] = f * c[x][y] + i * step.k[x] * step.v[y] }
        }
        m = next
        let weight = abs((0..<key).reduce(0) { $0 + n[$1] * step.q[$1] })
        return (0..<value).map { y in
          (0..<key).reduce(0) { $0 + c[$1][y] * step.q[$1] } / max(weight, exponential(-m))
        }
      }
      return (outputs, c, n, m)
    }
  }

  /// The same by the equations of ``MatrixMemory``, element by element.
  func chunkwiseEquations(_ arguments: [DoubleArray]) -> DoubleArray {
    collect(arguments) { head in
      var (c, n, m) = (head.c, head.n, head.m)
      var outputs: [[Double]] = []
      for first in Swift.stride(from: 0, to: head.steps.count, by: chunk) {
        let steps = head.steps[first..<min(first + chunk, head.steps.count)]
        var b: [Double] = []
        for step in steps { b.append((b.last ?? 0) + step.keeping) }
        let pairs = zip(b, steps).map { $1.entering - $0 }
        let bounds = b.indices.map { t in b[t] + max(m, pairs[...t].max()!) }
        func weight(_ t: Int, _ s: Int) -> Double { exponential(b[t] + pairs[s] - bounds[t]) }
        for (t, step) in steps.enumerated() {
          let g = exponential(b[t] + m - bounds[t])
          var answer = [Double](repeating: 0, count: value + 1)
          for y in 0...value {
            for x in 0..<key { answer[y] += g * step.q[x] * (y < value ? c[x][y] : n[x]) }
          }
          for (s, other) in steps.prefix(t + 1).enumerated() {
            let product = (0..<key).reduce(0) { $0 + step.q[$1] * other.k[$1] }
            for y in 0...value {
              answer[y] += weight(t, s) * product * (y < value ? other.v[y] : 1)
            }
          }
          let divisor = max(abs(answer[value]), exponential(-bounds[t]))
          outputs.append(answer[..<value].map { $0 / divisor })
        }
        let last = b.count - 1
        let kept = exponential(b[last] + m - bounds[last])
        for x in 0..<key {
          n[x] *= kept
          for y in 0..<value { c[x][y] *= kept }
          for (s, step) in steps.enumerated() {
            n[x] += weight(last, s) * step.k[x]
            for y in 0..<value { c[x][y] += weight(last, s) * step.k[x] * step.v[y] }
          }
        }
        m = bounds[last]
      }
      return (outputs, c, n, m)
    }
  }

  // MARK: Heads

  private struct Head {
    var steps: [(q: [Double], k: [Double], v: [Double], entering: Double, keeping: Double)]
    var c: [[Double]]
    var n: [Double]
    var m: Double
  }

  private func collect(
    _ arguments: [DoubleArray],
    _ read: (Head) -> (outputs: [[Double]], c: [[Double]], n: [Double], m: Double)
  ) -> DoubleArray {
    var output = DoubleArray([steps, rows, heads * value]) { _ in 0 }
    var final = Array(arguments[5...])
    for row in 0..<rows {
      for head in 0..<heads {
        func time(_ step: Int) -> Int { isReversed ? steps - 1 - step : step }
        func numbers(_ array: DoubleArray, _ step: Int, _ width: Int) -> [Double] {
          (0..<width).map { array[time(step), row, head * width + $0] }
        }
        let given = Head(
          steps: (0..<lengths[row]).map { step in
            (
              numbers(arguments[0], step, key), numbers(arguments[1], step, key),
              numbers(arguments[2], step, value), numbers(arguments[3], step, 1)[0],
              numbers(arguments[4], step, 1)[0]
            )
          },
          c: (0..<key).map { x in
            (0..<value).map { arguments[5][row, (head * key + x) * value + $0] }
          },
          n: (0..<key).map { arguments[6][row, head * key + $0] }, m: arguments[7][row, head])
        let found = read(given)
        for (step, values) in found.outputs.enumerated() {
          for (y, number) in values.enumerated() {
            output.values[(time(step) * rows + row) * heads * value + head * value + y] = number
          }
        }
        for x in 0..<key {
          final[1].values[(row * heads + head) * key + x] = found.n[x]
          for y in 0..<value {
            final[0].values[((row * heads + head) * key + x) * value + y] = found.c[x][y]
          }
        }
        final[2].values[row * heads + head] = found.m
      }
    }
    let values = output.values + final.flatMap(\.values)
    return DoubleArray(values, shape: [values.count])
  }
}
