import AllocationCounter
import RecurrentCells
import RecurrentCore
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

/// A session takes the steps that the layer takes, to the bit, and asks for no memory.
@Suite struct StreamingSessionTests {
  /// A stack, and how many streams.
  struct Stack: Sendable, CustomTestStringConvertible {
    var layers = 1
    var batch = 1
    var residual = false
    var testDescription: String { "\(layers) × \(batch)\(residual ? ", residual" : "")" }

    static let all = [
      Stack(), Stack(batch: 3), Stack(layers: 2, batch: 13), Stack(layers: 3, residual: true),
      Stack(layers: 3, batch: 5, residual: true),
    ]
  }

  static let cells: [String] =
    Cell.presets.map(\.name) + [
      "lstm:projection=5", "lstm:peepholes=f+o,projection=5,coupled=i=1-f",
      "clockwork:periods=1+2+5", "clockwork:periods=3+4099,start=2",
      "lstm-depth-gated:depth-gate=all",
    ]

  private func layer(
    _ cell: Cell, _ stack: Stack = Stack(), learnsInitialState: Bool = false,
    on context: ComputeContext = .default
  ) throws -> RecurrentLayer {
    // As odd as the cell's modules or heads allow.
    let hidden = [11, 12, 16].first {
      (try? cell.check(CellSizes(input: 7, hidden: $0))) != nil
    }!
    return try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: hidden, numLayers: stack.layers, residual: stack.residual,
      learnsInitialState: learnsInitialState, key: RandomKey(seed: 3), on: context)
  }

  /// Steps both, and says where they first differ.
  private func difference(
    _ session: inout StreamingSession, _ layer: RecurrentLayer, from start: RecurrentState? = nil,
    steps: Int = 9, phase: Int = 0
  ) -> String? {
    var state = start
    var output = [Float](repeating: .nan, count: session.batch * session.outputSize)
    for step in 0..<steps {
      let input = wave([session.batch, session.inputSize], phase: phase + step, on: layer.context)
      let expected = layer.unpreparedStep(input, state: state)
      state = expected.state
      session.step(input.elements, into: &output)
      if output != expected.output.elements { return "output of step \(step)" }
      let found = session.state
      for name in found.names where found[name].elements != expected.state[name].elements {
        return "\(name) after step \(step)"
      }
      if found.names != expected.state.names { return "names" }
    }
    return nil
  }

  @Test(arguments: cells, Stack.all) func theStepsAreTheLayers(_ name: String, _ stack: Stack)
    throws
  {
    let layer = try layer(.named(name), stack)
    var session = StreamingSession(layer, batch: stack.batch)
    #expect(session.outputSize == layer.outputSize && session.inputSize == 7)
    #expect(difference(&session, layer) == nil)
  }

  @Test(arguments: cells) func everyMachineTakesThem(_ name: String) throws {
    for set in InstructionSet.available {
      for (threads, sharing) in [
        (1, ComputeContext.Sharing.automatic), (2, .rows), (3, .rows), (2, .units), (3, .units),
      ] {
        let context = ComputeContext(instructionSet: set, threadCount: threads, sharing: sharing)
        let stack = Stack(layers: 2, batch: 3)
        let layer = try layer(.named(name), stack, on: context)
        var session = StreamingSession(layer, batch: 3)
        #expect(difference(&session, layer, steps: 5) == nil, "\(set), \(threads) by \(sharing)")
      }
    }
  }

  @Test func aLargeLayerIsSharedByItself() throws {
    let context = ComputeContext(threadCount: 2)
    let layer = LSTM(
      inputSize: 130, hiddenSize: 257, numLayers: 2, key: RandomKey(seed: 1), on: context)
    for batch in [1, 33] {
      var session = StreamingSession(layer, batch: batch)
      #expect(difference(&session, layer, steps: 5) == nil)
    }
  }

  /// Parts that are large enough are left out of the steps at which they wait.
  @Test func partsThatWait() throws {
    for sharing in [ComputeContext.Sharing.automatic, .rows, .units] {
      let context = ComputeContext(instructionSet: nil, threadCount: 2, sharing: sharing)
      let layer = try RecurrentLayer(
        .named("clockwork:periods=1+2+4+6"), inputSize: 41, hiddenSize: 512, numLayers: 2,
        key: RandomKey(seed: 4), on: context)
      for batch in [1, 5] {
        var session = StreamingSession(layer, batch: batch)
        #expect(difference(&session, layer, steps: 13) == nil, "\(batch) by \(sharing)")
      }
    }
  }

  @Test func aCellOfOnesOwn() throws {
    let cell = try Cell("two-speed") { step in
      let fast = step.state("h")
      let slow = step.state("slow", size: 5)
      let a = step.affine(["f", "n"], of: step.input, fast)
      let s = sigmoid(step.affine(["s"], of: step.input, slow, size: 5, named: "slow")["s"])
      let next = sigmoid(a["f"]) * fast + tanh(a["n"])
      step.next(fast, next)
      step.next(slow, slow + s)
      step.output(next * next)
    }
    let layer = try layer(cell, Stack(layers: 2))
    var session = StreamingSession(layer, batch: 3)
    #expect(difference(&session, layer) == nil)
  }

  @Test func theSequenceIsTheSame() throws {
    for name in ["lstm", "gru", "mlstm", "clockwork", "min-lstm"] {
      let layer = try layer(.named(name), Stack(layers: 2))
      let input = wave([40, 3, 7], phase: 5)
      let expected = layer(input).output
      var session = StreamingSession(layer, batch: 3)
      var found: [Float] = []
      var output = [Float](repeating: 0, count: 3 * session.outputSize)
      for step in 0..<40 {
        session.step(
          input.slice(axis: 0, range: step..<step + 1).elements, into: &output)
        found += output
      }
      #expect(
        mismatch(Tensor(found, shape: expected.shape), expected) == nil, "\(name)")
    }
  }

  @Test func spansAreReadAndWritten() throws {
    let layer = try layer(.named("lstm"))
    let input = wave([7], phase: 4)
    var output = Tensor.zeros([11])
    var session = StreamingSession(layer)
    output.withMutableElements { output in
      input.withElements { session.step($0, into: &output) }
    }
    #expect(output.elements == layer.unpreparedStep(input.reshaped([1, 7])).output.elements)
  }

  // MARK: States

  @Test(arguments: ["lstm", "clockwork:periods=1+2+5", "mlstm", "lstm-depth-gated"])
  func statesAreKeptAndForked(_ name: String) throws {
    let layer = try layer(.named(name), Stack(layers: 2))
    var session = StreamingSession(layer, batch: 3)
    #expect(difference(&session, layer, steps: 3) == nil)
    let kept = session.state
    // The two go on on their own, the fork first or last.
    var fork = session.fork()
    #expect(difference(&fork, layer, from: kept, steps: 4, phase: 50) == nil)
    #expect(difference(&session, layer, from: kept, steps: 5, phase: 70) == nil)
    var second = session.fork()
    let late = session.state
    #expect(difference(&session, layer, from: late, steps: 2, phase: 90) == nil)
    #expect(difference(&second, layer, from: late, steps: 2, phase: 20) == nil)
    // Back to what was kept, in another session as well, at an odd step as at an even one.
    for _ in 0..<2 {
      session.state = kept
      #expect(difference(&session, layer, from: kept, steps: 3, phase: 30) == nil)
    }
    var other = StreamingSession(layer, batch: 3)
    other.state = kept
    #expect(difference(&other, layer, from: kept, steps: 3, phase: 30) == nil)
    session.reset()
    #expect(difference(&session, layer, steps: 3) == nil)
  }

  @Test func aSessionStartsFromTheLearntState() throws {
    let layer = try layer(.named("lstm"), Stack(layers: 2), learnsInitialState: true).mapTensors {
      path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7) : tensor
    }
    var session = StreamingSession(layer, batch: 3)
    #expect(difference(&session, layer) == nil)
    session.reset()
    #expect(difference(&session, layer) == nil)
  }

  @Test func rowsMayHaveClocksOfTheirOwn() throws {
    for name in ["clockwork:periods=1+2+5", "clockwork:periods=3+4099,start=2"] {
      let cell = try Cell.named(name)
      let layer = try layer(cell, Stack(layers: 2))
      var start = layer.zeroState(batch: 3)
      let clock = cell.states.first { $0.isClock }!.name
      for clocks: [Float] in [[0, 1, 7], [4, 4, 4], [-3, 2, 2], [.infinity, 0, 5], [9, 9, 9]] {
        start[clock] = Tensor(clocks + clocks.reversed(), shape: [2, 3, 1])
        var session = StreamingSession(layer, batch: 3)
        session.state = start
        #expect(difference(&session, layer, from: start, steps: 6) == nil, "\(clocks)")
      }
    }
  }

  @Test func trainingTheLayerDoesNotChangeASession() throws {
    var layer = try layer(.named("lstm-peephole"))
    let before = layer.mapTensors { Tensor($1.elements, shape: $1.shape) }
    var session = StreamingSession(layer)
    #expect(difference(&session, layer, steps: 2) == nil)
    var optimizer = SGD(for: layer, learningRate: 0.1)
    optimizer.update(
      &layer,
      gradient: valueAndGradient(of: layer) { $0(wave([5, 3, 7], phase: 1)).output.sum() }.gradient)
    session.reset()
    #expect(difference(&session, before) == nil)
    var next = StreamingSession(layer)
    #expect(difference(&next, layer) == nil)
  }

  @Test func sessionsRunAtTheSameTime() async throws {
    let context = ComputeContext(instructionSet: nil, threadCount: 2, sharing: .units)
    let layer = try layer(.named("gru"), Stack(layers: 2), on: context)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          var session = StreamingSession(layer, batch: 2)
          #expect(difference(&session, layer, steps: 50, phase: 100 * task) == nil)
        }
      }
    }
  }

  // MARK: Memory

  @Test(
    .enabled(if: allocations_of_this_thread() >= 0),
    arguments: cells, [(threads: 1, batch: 1), (2, 1), (2, 5)])
  func aStepAllocatesNothing(_ name: String, _ use: (threads: Int, batch: Int)) throws {
    let context = ComputeContext(
      instructionSet: nil, threadCount: use.threads,
      sharing: use.threads == 1 ? .automatic : .units)
    let layer = try layer(
      .named(name), Stack(layers: 2, batch: use.batch, residual: true), on: context)
    var session = StreamingSession(layer, batch: use.batch)
    let input = wave([use.batch * 7], phase: 3).elements
    var output = [Float](repeating: 0, count: use.batch * session.outputSize)
    let before = allocations_of_this_thread()
    for _ in 0..<20 { session.step(input, into: &output) }
    #expect(allocations_of_this_thread() == before)
    // The counter counts.
    #expect(session.state.tensors.count > 0 && allocations_of_this_thread() > before)
  }

  #if !os(iOS)
    @Test func bothDirectionsCannotBeStepped() async {
      await #expect(processExitsWith: .failure) {
        let layer = LSTM(
          inputSize: 7, hiddenSize: 12, bidirectional: true, key: RandomKey(seed: 3))
        _ = StreamingSession(layer)
      }
    }

    @Test func aRowHasAsManyNumbersAsTheLayerReads() async {
      await #expect(processExitsWith: .failure) {
        var session = StreamingSession(
          LSTM(inputSize: 7, hiddenSize: 12, key: RandomKey(seed: 3)))
        var output = [Float](repeating: 0, count: 12)
        session.step([1, 2, 3], into: &output)
      }
    }
  #endif
}
