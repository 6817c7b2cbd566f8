import RecurrentCells
import RecurrentCore
import RecurrentLayers
import RecurrentONNX
import TestSupport
import Testing

/// What is written as ONNX and read again computes what the layer computes.
///
/// That ONNX Runtime agrees is seen by `scripts/compare-onnx-export`.
@Suite struct OnnxExportTests {
  static let cells: [String] =
    Cell.presets.map(\.name) + [
      "lstm:peepholes=i+o", "lstm:projection=5", "lstm:coupled=f=1-i", "lstm:coupled=i=1-f",
      "lstm:peepholes=i+o,coupled=f=1-i,gate-clip=0.7",
      "clockwork:periods=1+2+5,start=1", "lstm-depth-gated:depth-gate=all",
    ]

  /// A stack, and where it starts from.
  struct Stack: Sendable, CustomTestStringConvertible {
    var layers = 1
    var bidirectional = false
    var merge = DirectionMerge.concatenate
    var residual = false
    var batchFirst = false
    var learnsInitialState = false
    var takesState = false
    var testDescription: String {
      "\(layers)\(bidirectional ? " both ways, \(merge.rawValue)" : "")"
        + "\(residual ? ", residual" : "")\(batchFirst ? ", batch first" : "")"
        + "\(learnsInitialState ? ", learnt start" : "")\(takesState ? ", given start" : "")"
    }

    static let all = [
      Stack(), Stack(takesState: true), Stack(layers: 3, residual: true, learnsInitialState: true),
      Stack(layers: 2, bidirectional: true, batchFirst: true),
      Stack(bidirectional: true, merge: .mean, learnsInitialState: true),
      Stack(layers: 2, bidirectional: true, merge: .product, takesState: true),
    ]
  }

  private func layer(_ cell: Cell, _ stack: Stack) throws -> RecurrentLayer {
    // As odd as the cell's modules or heads allow.
    let hidden = [11, 12, 16].first {
      (try? cell.check(CellSizes(input: 7, hidden: $0))) != nil
    }!
    return try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: hidden, numLayers: stack.layers,
      batchFirst: stack.batchFirst, bidirectional: stack.bidirectional, merge: stack.merge,
      residual: stack.residual, learnsInitialState: stack.learnsInitialState,
      key: RandomKey(seed: 3)
    ).mapTensors { path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7) : tensor
    }
  }

  private func check(_ cell: Cell, _ stack: Stack) throws {
    let layer = try layer(cell, stack)
    let model = try OnnxModel(
      bytes: OnnxDocument(layer, takesState: stack.takesState).bytes, file: "exported.onnx")
    let input = wave(stack.batchFirst ? [3, 5, 7] : [5, 3, 7], phase: 100)
    var given: [String: OnnxValue] = ["input": .float32(input)]
    var state: RecurrentState?
    if stack.takesState {
      // What a sequence has left, for a state that is made up may be one that there never is.
      state = layer(wave(input.shape, phase: 50)).state
      for name in state!.names { given["\(name)_0"] = .float32(state![name]) }
    }
    let expected = layer(input, state: state)
    let found = try model.run(given)
    func compare(_ name: String, _ tensor: Tensor) {
      guard case .float32(let value)? = found[name] else {
        Issue.record("no \(name)")
        return
      }
      #expect(value.shape == tensor.shape)
      #expect(mismatch(value, tensor) == nil, "\(name)")
    }
    compare("output", expected.output)
    for name in expected.state.names { compare("\(name)_n", expected.state[name]) }
  }

  @Test(arguments: cells, Stack.all) func whatIsWrittenComputesTheSame(
    _ cell: String, _ stack: Stack
  ) throws {
    try check(.named(cell), stack)
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
    for stack in Stack.all where !stack.residual { try check(cell, stack) }
  }

  /// The second run of a step prepares it, and those that follow take what is prepared.
  @Test(arguments: ["lstm:peepholes=i+o", "gru", "rnn"]) func aStepAtATime(_ cell: String) throws {
    for (bidirectional, rows) in [(false, 1), (false, 3), (true, 3)] {
      let layer = try layer(.named(cell), Stack(layers: 2, bidirectional: bidirectional))
      let model = try OnnxModel(
        bytes: OnnxDocument(layer, takesState: true).bytes, file: "step.onnx")
      var state = layer.zeroState(batch: rows)
      for step in 0..<6 {
        let input = wave([1, rows, 7], phase: step)
        var given: [String: OnnxValue] = ["input": .float32(input)]
        for name in state.names { given["\(name)_0"] = .float32(state[name]) }
        let found = try model.run(given)
        let expected = layer(input, state: state, lengths: [Int](repeating: 1, count: rows))
        state = expected.state
        guard case .float32(let output)? = found["output"] else {
          Issue.record("no output")
          return
        }
        #expect(mismatch(output, expected.output) == nil, "step \(step)")
        for name in state.names {
          guard case .float32(let value)? = found["\(name)_n"] else {
            Issue.record("no \(name)")
            return
          }
          #expect(mismatch(value, state[name]) == nil, "\(name) after step \(step)")
        }
      }
    }
  }

  /// Under other names, in another order, with sums the other way around.
  @Test func anLSTMOfOnesOwnIsAnLSTM() throws {
    let cell = try Cell("mine") { step in
      let memory = step.state("memory")
      let shown = step.state("shown")
      let sums = step.affine(["new", "out", "keep", "add"], of: step.input, shown, named: "sums")
      let next =
        tanh(sums["new"]) * sigmoid(sums["add"])
        + memory * sigmoid(step.peephole("keep", memory) + sums["keep"])
      step.next(memory, next)
      let output = tanh(next) * sigmoid(sums["out"])
      step.next(shown, output)
      step.output(output)
    }
    let layer = try layer(cell, Stack())
    let model = try OnnxModel(bytes: OnnxDocument(layer).bytes, file: "mine.onnx")
    #expect(model.contents.operators["LSTM"] == 1)
    for stack in Stack.all { try check(cell, stack) }
  }

  @Test(arguments: [
    ("lstm", "LSTM"), ("lstm-peephole", "LSTM"), ("lstm:coupled=f=1-i", "LSTM"),
    ("lstm:gate-clip=2", "LSTM"), ("gru", "GRU"), ("gru-reset-before", "GRU"), ("rnn", "RNN"),
    ("rnn-relu", "RNN"), ("lstm:projection=5", "Scan"), ("lstm:coupled=i=1-f", "Scan"),
    ("slstm", "Scan"), ("gru-layernorm", "Scan"),
  ]) func theOperatorThatFits(_ cell: String, _ type: String) throws {
    let layer = try layer(.named(cell), Stack(layers: 2, bidirectional: true))
    let model = try OnnxModel(bytes: OnnxDocument(layer).bytes, file: "exported.onnx")
    #expect(model.contents.operators[type] == 4)
    for other in ["LSTM", "GRU", "RNN", "Scan"] where other != type {
      #expect(model.contents.operators[other] == nil)
    }
  }

  @Test func theSameLayerGivesTheSameBytes() throws {
    let layer = try layer(.named("mlstm"), Stack(layers: 2))
    let bytes = try OnnxDocument(layer).bytes
    #expect(try OnnxDocument(layer).bytes == bytes)
  }

  /// Names that a writer might have made up for itself.
  @Test func namesThatAreTaken() throws {
    let cell = try Cell("Scan_1") { step in
      let (h, next) = (step.state("h"), step.state("h_next"))
      let sum = step.affine(["output_0"], of: step.input, h + next, named: "Gemm_1")["output_0"]
      step.next(h, tanh(sum))
      step.next(next, tanh(sum) * next)
      step.output(tanh(sum) * h)
    }
    for stack in Stack.all where !stack.residual { try check(cell, stack) }
    var graph = OnnxGraph("names")
    let x = graph.input("Add_1", [.number(3)])
    let one = graph.constant(Tensor(scalar: 1), named: "one")
    graph.output(graph.append("Add", [x, one]), as: "Add_2", [.number(3)])
    let model = try OnnxModel(bytes: OnnxDocument(graph).bytes, file: "names.onnx")
    guard case .float32(let y)? = try model.run(["Add_1": .float32(.zeros([3]))])["Add_2"] else {
      Issue.record("no output")
      return
    }
    #expect(y.elements == [1, 1, 1])
  }

  @Test func metadataIsKept() throws {
    var graph = OnnxGraph("doubled")
    let x = graph.input("x", [.named("rows"), .number(3)])
    graph.output(graph.append("Add", [x, x]), as: "y", [.named("rows"), .number(3)])
    let document = OnnxDocument(graph, metadata: ["b": "2", "a": "1"])
    let model = try OnnxModel(bytes: document.bytes, file: "doubled.onnx")
    #expect(model.metadata == ["a": "1", "b": "2"])
    guard case .float32(let y)? = try model.run(["x": .float32(wave([2, 3], phase: 1))])["y"] else {
      Issue.record("no y")
      return
    }
    #expect(y.elements == wave([2, 3], phase: 1).elements.map { $0 + $0 })
  }
}
