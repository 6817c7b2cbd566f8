import RecurrentCore

/// What an operator does, once its attributes are known: values in, values out. An output that
/// nobody asks for may be left out at the end.
typealias Kernel = @Sendable (Call) throws -> [OnnxValue]

/// Where a step finds a value.
enum Source: Sendable {
  /// An optional input that is not given.
  case missing
  case slot(Int)
  case constant(OnnxValue)
  /// No value: parts of one, of which a node may take one.
  case sequence(SplitSequence)
}

/// A graph made ready to run: its nodes in order, names replaced by slots.
struct Plan: Sendable {
  struct Step: Sendable {
    let inputs: [Source]
    /// Values of this graph that the graphs within the node use.
    let captures: [Source]
    /// A slot for each output; nil where the output has no name.
    let outputs: [Int?]
    /// Slots that are empty after this step: nothing reads them any more.
    var releases: [Int]
    let kernel: Kernel
    /// The node as messages name it.
    let label: String
  }

  var slotCount = 0
  /// The slots that a caller fills: of inputs, then of what comes from outer graphs.
  var inputs: [Int] = []
  var steps: [Step] = []
  var outputs: [Source] = []

  /// Runs the graph.
  ///
  /// - Parameter given: As many as `inputs`; nil for an optional one that is missing.
  func run(
    _ given: [OnnxValue?], limits: OnnxLimits, on context: ComputeContext
  ) throws -> [OnnxValue] {
    var values = [OnnxValue?](repeating: nil, count: slotCount)
    for (slot, value) in zip(inputs, given) { values[slot] = value }
    func value(_ source: Source) -> OnnxValue? {
      switch source {
      case .missing, .sequence: nil
      case .slot(let slot): values[slot]
      case .constant(let value): value
      }
    }
    for step in steps {
      let call = Call(
        inputs: step.inputs.map(value), captured: step.captures.map(value), limits: limits,
        context: context)
      for slot in step.releases { values[slot] = nil }
      let results = try Fault.placed(step.label) { () throws -> [OnnxValue] in
        let results = try step.kernel(call)
        for index in results.count..<max(results.count, step.outputs.count)
        where step.outputs[index] != nil {
          throw Fault("output \(index) is not computed")
        }
        return results
      }
      for (slot, result) in zip(step.outputs, results) {
        if let slot { values[slot] = result }
      }
    }
    return try outputs.map { source in
      guard let value = value(source) else { throw Fault("an output has no value") }
      return value
    }
  }

  /// Lets every value go after the step that reads it last.
  mutating func releaseValues() {
    var kept = Set<Int>()
    for case .slot(let slot) in outputs { kept.insert(slot) }
    for index in steps.indices.reversed() {
      var releases: [Int] = []
      for case .slot(let slot) in steps[index].inputs + steps[index].captures
      where kept.insert(slot).inserted {
        releases.append(slot)
      }
      steps[index].releases = releases
    }
  }
}

/// A graph within a node: the body of a loop, a branch.
struct Body: Sendable {
  let plan: Plan
  /// The number of its own inputs and outputs.
  let inputCount: Int
  var outputCount: Int { plan.outputs.count }
  /// What the file says of its outputs.
  let outputs: [OnnxPort]
  /// Where its part of what the node captures stands.
  let captures: Range<Int>
}

/// One call of an operator: what it is given.
struct Call {
  let inputs: [OnnxValue?]
  let captured: [OnnxValue?]
  let limits: OnnxLimits
  let context: ComputeContext

  func run(_ body: Body, _ given: [OnnxValue]) throws -> [OnnxValue] {
    try body.plan.run(given + captured[body.captures], limits: limits, on: context)
  }

  /// Checks that a tensor of this shape may be made.
  func check(_ shape: [Int], _ type: OnnxType = .float32) throws {
    _ = try limits.count(shape, bytes: type.byteCount)
  }

  var count: Int { inputs.count }

  subscript(index: Int) -> OnnxValue? { index < inputs.count ? inputs[index] : nil }

  func value(_ index: Int) throws -> OnnxValue {
    guard let value = self[index] else { throw Fault("input \(index) is missing") }
    return value
  }

  func float(_ index: Int) throws -> Tensor {
    let value = try value(index)
    guard case .float32(let tensor) = value else {
      throw Fault("input \(index) is float32 here, found \(value.description)")
    }
    return tensor
  }

  func float(ifGiven index: Int) throws -> Tensor? {
    self[index] == nil ? nil : try float(index)
  }

  func bools(_ index: Int) throws -> OnnxArray<Bool> {
    let value = try value(index)
    guard case .bool(let array) = value else {
      throw Fault("input \(index) is bool here, found \(value.description)")
    }
    return array
  }

  /// The elements of an input of whole numbers, int64 or int32.
  func integers(_ index: Int) throws -> [Int] {
    let value = try value(index)
    switch value {
    case .int64(let array): return array.elements.map(Int.init)
    case .int32(let array): return array.elements.map(Int.init)
    default:
      throw Fault("input \(index) is of whole numbers here, found \(value.description)")
    }
  }

  func integers(ifGiven index: Int) throws -> [Int]? {
    self[index] == nil ? nil : try integers(index)
  }

  /// The only element of an input of whole numbers.
  func integer(_ index: Int) throws -> Int {
    let numbers = try integers(index)
    guard numbers.count == 1 else {
      throw Fault("input \(index) is a single number here, found \(numbers.count)")
    }
    return numbers[0]
  }
}
