import RecurrentCore

/// Nodes that have graphs within them.
enum ControlFlow {
  static let operators: [Operator] = [
    Operator("If", inputs: 1...1, outputs: Operator.many, isCheap: false) { node in
      let (yes, no) = (try node.body("then_branch"), try node.body("else_branch"))
      let outputs = node.wantsOutput.count
      guard yes.outputCount == outputs, no.outputCount == outputs, yes.inputCount == 0,
        no.inputCount == 0
      else {
        throw Fault("branches have no inputs and as many outputs as the node, \(outputs)")
      }
      return { call in
        let condition = try call.bools(0)
        guard condition.elements.count == 1 else {
          throw Fault("the condition is a single value, found \(condition.shape)")
        }
        return try call.run(condition.elements[0] ? yes : no, [])
      }
    },
    Operator("Loop", inputs: 2...Int.max, outputs: 0...Int.max, isCheap: false, prepare: loop),
    Operator(
      "Scan", inputs: Operator.many, outputs: Operator.many, since: 8, isCheap: false, prepare: scan
    ),
  ]

  @Sendable private static func loop(_ node: NodeReader) throws -> Kernel {
    let body = try node.body("body")
    let carried = node.inputCount - 2
    let outputs = node.wantsOutput.count
    guard body.inputCount == carried + 2, body.outputCount >= carried + 1,
      outputs <= body.outputCount - 1
    else {
      throw Fault(
        "a body of \(body.inputCount) inputs and \(body.outputCount) outputs does not fit "
          + "\(carried) carried values and \(outputs) outputs")
    }
    return { call in
      let count = try call[0].map { _ in try call.integer(0) }
      if let count, count < 0 { throw Fault("the number of steps is negative: \(count)") }
      func flag(_ value: OnnxValue) throws -> Bool {
        guard case .bool(let array) = value, array.elements.count == 1 else {
          throw Fault("the condition is a single truth value, found \(value.description)")
        }
        return array.elements[0]
      }
      var goesOn = try call[1].map(flag) ?? true
      var values = try (0..<carried).map { try call.value($0 + 2) }
      var collected = [Collected](
        repeating: Collected(), count: body.outputCount - 1 - carried)
      var step = 0
      while goesOn, count.map({ step < $0 }) ?? true {
        guard step < call.limits.loopSteps else {
          throw Fault("it does not end within the limit of \(call.limits.loopSteps) steps")
        }
        let results = try call.run(
          body,
          [
            .int64(OnnxArray([Int64(step)], shape: [])),
            .bool(OnnxArray([goesOn], shape: [])),
          ] + values)
        goesOn = try flag(results[0])
        values = Array(results[1..<carried + 1])
        for index in collected.indices {
          try collected[index].append(results[carried + 1 + index], call)
        }
        step += 1
      }
      return try values
        + collected.enumerated().map { index, collected in
          try collected.stacked(axis: 0, like: body.outputs[carried + 1 + index], call)
        }
    }
  }

  @Sendable private static func scan(_ node: NodeReader) throws -> Kernel {
    // In opset 8 lengths come first, and all else has an axis of batches in front.
    let isBatched = node.opset < 9
    let lead = isBatched ? 1 : 0
    let form = try ScanForm(node, inputs: node.inputCount - lead)
    guard isBatched else {
      return { call in try form.run(call.inputs.indices.map(call.value), call) }
    }
    return { call in
      if call[0] != nil { throw Fault("sequence_lens is not computed here") }
      let inputs = try (1..<call.count).map(call.value)
      let rows = Set(inputs.map { $0.shape.first ?? 0 })
      guard rows.count == 1, let rows = rows.first, rows > 0 else {
        throw Fault("inputs have an axis of batches, found \(inputs.map(\.shape))")
      }
      let results = try (0..<rows).map { row in
        try form.run(
          inputs.map { input in
            Moves.part(input, axis: 0, row..<row + 1).reshaped(Array(input.shape.dropFirst()))
          }, call)
      }
      return try results[0].indices.map { output in
        try Moves.concatenated(
          results.map { $0[output].reshaped([1] + $0[output].shape) }, axis: 0, call)
      }
    }
  }
}

/// A scan: its body, and how its sequences are taken apart and put together.
private struct ScanForm: Sendable {
  private let body: Body
  /// How many values go from step to step, how many sequences come in and how many are made.
  private let carried: Int
  private let scanned: Int
  private let made: Int
  private let inputAxes: [Int]
  private let inputTurns: [Int]
  private let outputAxes: [Int]
  private let outputTurns: [Int]

  init(_ node: NodeReader, inputs: Int) throws {
    let isBatched = node.opset < 9
    let body = try node.body("body")
    let scanned = try node.required("num_scan_inputs", try node.integer("num_scan_inputs"))
    let outputs = node.wantsOutput.count
    guard scanned >= 1, scanned <= inputs, body.inputCount == inputs, body.outputCount == outputs,
      outputs >= inputs - scanned
    else {
      throw Fault(
        "a body of \(body.inputCount) inputs and \(body.outputCount) outputs does not fit "
          + "\(inputs) inputs, of which \(scanned) are scanned, and \(outputs) outputs")
    }
    let carried = inputs - scanned
    func numbers(_ name: String, _ count: Int) throws -> [Int] {
      let numbers = try node.integers(name) ?? [Int](repeating: 0, count: count)
      guard numbers.count == count else {
        throw Fault("\(name) has \(count) numbers, found \(numbers.count)")
      }
      return numbers
    }
    self.body = body
    (self.carried, self.scanned, made) = (carried, scanned, outputs - carried)
    inputTurns = try numbers(isBatched ? "directions" : "scan_input_directions", scanned)
    inputAxes = isBatched ? inputTurns.map { _ in 0 } : try numbers("scan_input_axes", scanned)
    let none = [Int](repeating: 0, count: outputs - carried)
    outputAxes = isBatched ? none : try numbers("scan_output_axes", made)
    outputTurns = isBatched ? none : try numbers("scan_output_directions", made)
  }

  /// - Parameter inputs: What is carried, then what is scanned.
  func run(_ inputs: [OnnxValue], _ call: Call) throws -> [OnnxValue] {
    var values = Array(inputs[..<carried])
    let sequences = Array(inputs[carried...])
    let axes = try zip(sequences, inputAxes).map { try resolve(axis: $1, rank: $0.shape.count) }
    let lengths = Set(zip(sequences, axes).map { $0.shape[$1] })
    guard lengths.count == 1, let steps = lengths.first else {
      throw Fault("the scanned inputs are of different lengths: \(lengths.sorted())")
    }
    guard steps <= call.limits.loopSteps else {
      throw Fault("\(steps) steps are more than the limit of \(call.limits.loopSteps)")
    }
    var collected = [Collected](repeating: Collected(), count: made)
    for step in 0..<steps {
      let slices = sequences.indices.map { index -> OnnxValue in
        let place = inputTurns[index] == 0 ? step : steps - 1 - step
        var shape = sequences[index].shape
        shape.remove(at: axes[index])
        return Moves.part(sequences[index], axis: axes[index], place..<place + 1).reshaped(shape)
      }
      let results = try call.run(body, values + slices)
      values = Array(results[..<carried])
      for index in collected.indices { try collected[index].append(results[carried + index], call) }
    }
    return try values
      + collected.enumerated().map { index, collected in
        var collected = collected
        if outputTurns[index] != 0 { collected.values.reverse() }
        return try collected.stacked(
          axis: outputAxes[index], like: body.outputs[carried + index], call)
      }
  }
}

/// What a loop's steps have made, to be stacked.
private struct Collected {
  var values: [OnnxValue] = []
  private var bytes = 0

  mutating func append(_ value: OnnxValue, _ call: Call) throws {
    bytes += value.count * value.type.byteCount
    guard bytes <= call.limits.tensorBytes else {
      throw Fault(
        "what the steps make is larger than the limit of \(call.limits.tensorBytes) bytes")
    }
    values.append(value)
  }

  /// - Parameter port: What the file says of a step's value, where there is none to see.
  func stacked(axis: Int, like port: OnnxPort, _ call: Call) throws -> OnnxValue {
    guard let first = values.first else {
      let sizes = (port.shape ?? []).map { size -> Int in
        if case .number(let number) = size { max(0, number) } else { 0 }
      }
      var shape = sizes
      shape.insert(0, at: try resolve(axis: axis, rank: sizes.count + 1))
      let type = try port.elementType.map {
        try ElementType(number: Int32(truncatingIfNeeded: $0)).type
      }
      try call.check(shape, .int64)
      let empty = OnnxValue.float32(Tensor([], shape: shape, on: call.context))
      return try Casts.cast(empty, to: type ?? .float32, call)
    }
    let place = try resolve(axis: axis, rank: first.shape.count + 1)
    var shape = first.shape
    shape.insert(1, at: place)
    guard values.allSatisfy({ $0.shape == first.shape }) else {
      throw Fault("the steps make values of different shapes")
    }
    return try Moves.concatenated(values.map { $0.reshaped(shape) }, axis: place, call)
  }
}
