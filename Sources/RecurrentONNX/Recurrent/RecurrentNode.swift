import RecurrentCells
import RecurrentCore
import RecurrentLayers

/// The operators that run as cells on the engine.
enum Recurrent {
  static let operators: [Operator] = [
    Operator("LSTM", inputs: 3...8, outputs: 0...3, isCheap: false) {
      try kernel(LSTMFamily.self, $0)
    },
    Operator("GRU", inputs: 3...6, outputs: 0...2, isCheap: false) {
      try kernel(GRUFamily.self, $0)
    },
    Operator("RNN", inputs: 3...6, outputs: 0...2, isCheap: false) {
      try kernel(RNNFamily.self, $0)
    },
  ]

  private static func kernel<Family: RecurrentFamily>(
    _: Family.Type, _ node: NodeReader
  ) throws -> Kernel {
    let recurrent = try RecurrentNode<Family>(node)
    return { call in try recurrent.run(call) }
  }
}

/// A node of a recurrent operator, ready to run.
private struct RecurrentNode<Family: RecurrentFamily>: Sendable {
  private let hidden: Int
  private let directions: RecurrentDirections
  /// Of each direction.
  private let attributes: [RecurrentAttributes]
  private let isBatchFirst: Bool
  private let wantsSequence: Bool
  /// What the engine runs, where the weights never change.
  private let prepared: [Direction]?

  /// A direction with its parameters.
  private struct Direction: Sendable {
    let engine: SequenceEngine
    let parameters: [Tensor]
    private let stepper = KeptStepper()

    /// A sequence of one step [1, rows, features], to the bit as the engine takes it; nil where no step
    /// is kept that nobody uses.
    func step(
      _ input: Tensor, _ states: [Tensor?], on context: ComputeContext
    ) -> (output: Tensor, states: [Tensor])? {
      let rows = input.shape[1]
      return stepper.use([], rows: rows, in: context) {
        [
          StackStepper.Layer(
            engine.compiled, parameters: parameters, inputs: [.features], isResidual: false,
            in: context)
        ]
      } _: { stepper in
        for (index, state) in states.enumerated() { stepper.setState(index, to: state) }
        var output = Tensor(
          uninitialized: [1, rows, engine.compiled.outputSize], on: context)
        input.withElements { input in
          output.withMutableElements { stepper.step(input, into: &$0) }
        }
        var finals: [Tensor] = []
        for (index, size) in engine.compiled.stateSizes.enumerated() {
          finals.append(stepper.state(index).reshaped([rows, size]))
        }
        return (output, finals)
      }
    }
  }

  init(_ node: NodeReader) throws {
    let directions = try node.choice(
      "direction",
      ["forward": RecurrentDirections.forward, "reverse": .reverse, "bidirectional": .both],
      default: .forward)
    self.directions = directions
    let clip = try node.float("clip").map(Double.init)
    if let clip, !(clip > 0) { throw Fault("clip is a number above 0, found \(clip)") }
    isBatchFirst = try node.opset >= 14 && node.flag("layout")
    let functions = try Activation.read(
      node, defaults: Family.defaultActivations, directions: directions.turns.count)
    attributes = try functions.map { activations in
      var attributes = RecurrentAttributes(
        activations: activations, clip: clip, hasBias: node.hasInput(3),
        hasPeepholes: node.hasInput(7))
      try Family.read(node, into: &attributes)
      return attributes
    }
    // The output attribute of opsets before 7 says nothing any more.
    wantsSequence = node.wantsOutput.first ?? false

    let constants = (0..<8).map { node.constant($0) }
    let given = try node.integer("hidden_size")
    guard let size = given ?? constants[2]?.shape.last, size >= 1, size <= 1 << 24 else {
      throw Fault("hidden_size is missing, or no size: \(given.map { "\($0)" } ?? "nothing") found")
    }
    hidden = size
    guard constants[1] != nil, constants[2] != nil,
      [3, 7].allSatisfy({ !node.hasInput($0) || constants[$0] != nil })
    else {
      prepared = nil
      return
    }
    prepared = try Self.prepare(
      Call(inputs: constants, captured: [], limits: node.limits, context: node.context),
      hidden: size, attributes)
  }

  /// Checks the weights and puts them into the cells' places.
  private static func prepare(
    _ call: Call, hidden: Int, _ attributes: [RecurrentAttributes]
  ) throws -> [Direction] {
    let (w, r) = (try call.float(1), try call.float(2))
    let (b, p) = (try call.float(ifGiven: 3), try call.float(ifGiven: 7))
    let (count, rows) = (attributes.count, Family.gates * hidden)
    func check(_ name: String, _ tensor: Tensor?, _ shape: [Int]) throws {
      guard let tensor, tensor.shape != shape else { return }
      throw Fault("\(name) has shape \(shape), found \(tensor.shape)")
    }
    guard w.shape.count == 3, let features = w.shape.last, features >= 1 else {
      throw Fault("W has shape [\(count), \(rows), input size], found \(w.shape)")
    }
    try check("W", w, [count, rows, features])
    try check("R", r, [count, rows, hidden])
    try check("B", b, [count, 2 * rows])
    try check("P", p, [count, 3 * hidden])
    func part(_ tensor: Tensor, _ direction: Int) -> Tensor {
      tensor.slice(axis: 0, range: direction..<direction + 1)
        .reshaped(Array(tensor.shape.dropFirst()))
    }
    do {
      return try attributes.enumerated().map { direction, attributes in
        let cell = try Family.cell(attributes)
        let compiled = try CompiledCell(
          cell, sizes: CellSizes(input: features, hidden: hidden))
        let stacked = StackedParameters(
          hidden: hidden, w: part(w, direction), r: part(r, direction),
          b: b.map { part($0, direction) }, p: p.map { part($0, direction) })
        let named = Family.parameters(stacked, attributes)
        return Direction(
          engine: SequenceEngine(compiled), parameters: cell.parameters.map { named[$0.name]! })
      }
    } catch let error as CellError {
      throw Fault("\(error)")
    }
  }

  func run(_ call: Call) throws -> [OnnxValue] {
    let directions = try prepared ?? Self.prepare(call, hidden: hidden, attributes)
    let given = try call.float(0)
    guard given.shape.count == 3 else {
      throw Fault("X has three axes, found \(given.shape)")
    }
    let x = isBatchFirst && given.count > 0 ? given.transposed([1, 0, 2]) : given
    let (steps, rows) =
      isBatchFirst ? (given.shape[1], given.shape[0]) : (given.shape[0], given.shape[1])
    let features = directions[0].engine.compiled.inputSizes[0]
    guard given.shape[2] == features else {
      throw Fault("X has \(features) features by its weights, found \(given.shape)")
    }
    try call.check([steps, directions.count, rows, hidden])
    let lengths = try call.integers(ifGiven: 4)
    if let lengths {
      guard lengths.count == rows, lengths.allSatisfy({ (0...steps).contains($0) }) else {
        throw Fault("sequence_lens are \(rows) lengths from 0 to \(steps), found \(lengths)")
      }
    }
    var starts = [try initialState(5, "initial_h", rows, call)]
    if Family.hasMemory { starts.append(try initialState(6, "initial_c", rows, call)) }
    if steps == 0 || rows == 0 {
      let empty = Tensor.zeros([directions.count, rows, hidden], on: call.context)
      let nothing = [steps, directions.count, rows, hidden]
      return layOut(
        Tensor.zeros(nothing, on: call.context), starts.map { $0 ?? empty })
    }

    let order = RowOrder(lengths: lengths, steps: steps, rows: rows)
    let features3D = order.sortingRows(of: x)
    var sequences: [Tensor] = []
    var finals = [[Tensor]](repeating: [], count: starts.count)
    for (index, direction) in directions.enumerated() {
      // Rows that end at different steps begin their way back at different steps: they are turned
      // around one by one, and then run forward.
      let isReverse = self.directions.turns[index]
      let turns = isReverse && !order.batch.isUniform
      let initial = starts.map { start -> Tensor? in
        start.map { start in
          let own = start.slice(axis: 0, range: index..<index + 1).reshaped([rows, hidden])
          return order.sortingBatch(of: own.zeroing(rowsWithout: lengths))
        }
      }
      if prepared != nil, steps == 1, lengths == nil,
        let step = direction.step(x, initial, on: call.context)
      {
        sequences.append(step.output)
        for (state, final) in step.states.enumerated() { finals[state].append(final) }
        continue
      }
      let result = direction.engine.run(
        inputs: [turns ? order.turningRows(of: features3D) : features3D], initialStates: initial,
        parameters: direction.parameters, masks: [], lengths: order.batch,
        reversed: isReverse && !turns)
      if wantsSequence {
        sequences.append(
          order.restoringRows(of: turns ? order.turningRows(of: result.output) : result.output))
      }
      for (state, final) in result.finalStates.enumerated() {
        finals[state].append(order.restoringBatch(of: final))
      }
    }
    let sequence =
      !wantsSequence
      ? Tensor.zeros([0], on: call.context)
      : sequences.count == 1
        ? sequences[0].reshaped([steps, 1, rows, hidden]) : stacked(sequences, alongAxis: 1)
    return layOut(sequence, finals.map { stacked($0) })
  }

  /// Y, Y_h, Y_c in the order of the axes that the node asks for.
  private func layOut(_ sequence: Tensor, _ finals: [Tensor]) -> [OnnxValue] {
    guard isBatchFirst else { return ([sequence] + finals).map(OnnxValue.float32) }
    let turned =
      sequence.shape.count == 4
      ? Moves.transposed(.float32(sequence), [2, 0, 1, 3]) : .float32(sequence)
    return [turned] + finals.map { Moves.transposed(.float32($0), [1, 0, 2]) }
  }

  /// [directions, rows, hidden]; nil where it is not given.
  private func initialState(
    _ input: Int, _ name: String, _ rows: Int, _ call: Call
  ) throws -> Tensor? {
    guard let given = try call.float(ifGiven: input) else { return nil }
    let count = attributes.count
    let expected = isBatchFirst ? [rows, count, hidden] : [count, rows, hidden]
    guard given.shape == expected else {
      throw Fault("\(name) has shape \(expected), found \(given.shape)")
    }
    return isBatchFirst && given.count > 0 ? given.transposed([1, 0, 2]) : given
  }
}

extension Tensor {
  /// With zeros in the rows whose length is 0: ONNX Runtime gives zeros for them, whatever state they
  /// are given.
  fileprivate func zeroing(rowsWithout lengths: [Int]?) -> Tensor {
    guard let lengths, lengths.contains(0) else { return self }
    var result = self
    let width = shape[1]
    result.withMutableElements { elements in
      for (row, length) in lengths.enumerated() where length == 0 {
        for place in row * width..<(row + 1) * width { elements[place] = 0 }
      }
    }
    return result
  }
}
