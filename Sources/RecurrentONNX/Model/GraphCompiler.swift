import OnnxProto
import RecurrentCore
import RecurrentFormats

/// Makes a graph ready to run: finds what each name means, prepares every node, runs those whose
/// inputs never change, and refuses what cannot run, before anything does.
///
/// An object, for a graph within a node sees the names of those around it, and takes what it uses
/// along.
final class GraphCompiler {
  /// What is the same for all graphs of a model.
  final class Shared {
    let opsets: [String: Int]
    let functions: [String: Onnx_FunctionProto]
    let external: ExternalData
    let context: ComputeContext
    let limits: OnnxLimits
    var nodes = 0
    /// Elements that constant nodes may still make while the model is read: some, and more where the
    /// file holds many.
    var folding = 1 << 22

    init(
      opsets: [String: Int], functions: [String: Onnx_FunctionProto], external: ExternalData,
      context: ComputeContext, limits: OnnxLimits
    ) {
      self.opsets = opsets
      self.functions = functions
      self.external = external
      self.context = context
      self.limits = limits
    }
  }

  private let shared: Shared
  private let outer: GraphCompiler?
  private let depth: Int
  private let opsets: [String: Int]
  /// Within a function: the attributes of its call.
  private let bound: [String: Onnx_AttributeProto]
  private var names: [String: Source] = [:]
  private var plan = Plan()
  /// What comes from outer graphs: where it stands there.
  private(set) var captures: [Source] = []

  private init(
    _ shared: Shared, outer: GraphCompiler?, depth: Int, opsets: [String: Int],
    bound: [String: Onnx_AttributeProto]
  ) throws {
    guard depth <= shared.limits.depth else {
      throw Fault(
        "graphs and functions are within each other more than \(shared.limits.depth) deep")
    }
    self.shared = shared
    self.outer = outer
    self.depth = depth
    self.opsets = opsets
    self.bound = bound
  }

  /// The plan of a model. Inputs with a value in the file are constants.
  static func compile(_ graph: Onnx_GraphProto, _ shared: Shared) throws -> Plan {
    let compiler = try GraphCompiler(
      shared, outer: nil, depth: 0, opsets: shared.opsets, bound: [:])
    _ = try compiler.compile(graph)
    return compiler.plan
  }

  /// - Returns: The number of inputs that a caller gives.
  private func compile(_ graph: Onnx_GraphProto) throws -> Int {
    if !graph.sparseInitializer.isEmpty {
      throw Fault("sparse initialisers are not read here")
    }
    for tensor in graph.initializer {
      try Fault.placed("initialiser \(quotedForMessage(tensor.name))") {
        let value = try OnnxValue(
          tensor, external: shared.external, limits: shared.limits, on: shared.context)
        try define(tensor.name, .constant(value))
        shared.folding += 2 * value.count
      }
    }
    let known = Set(graph.initializer.map(\.name))
    let inputs = graph.input.filter { !known.contains($0.name) }
    for input in inputs {
      try Fault.placed("input \(quotedForMessage(input.name))") {
        try defineInput(input.name)
      }
    }
    try compile(graph.node)
    for output in graph.output {
      try Fault.placed("output \(quotedForMessage(output.name))") {
        plan.outputs.append(try find(output.name, later: []))
      }
    }
    finish()
    return inputs.count
  }

  private func finish() {
    plan.inputs += captures.indices.map { captureSlots[$0] }
    plan.releaseValues()
  }

  // MARK: Names

  private var captureSlots: [Int] = []

  private func define(_ name: String, _ source: Source) throws {
    guard !name.isEmpty else { throw Fault("it has no name") }
    guard names.updateValue(source, forKey: name) == nil else {
      throw Fault("two values are called \(quotedForMessage(name))")
    }
  }

  private func defineInput(_ name: String) throws {
    let slot = newSlot()
    plan.inputs.append(slot)
    try define(name, .slot(slot))
  }

  private func newSlot() -> Int {
    plan.slotCount += 1
    return plan.slotCount - 1
  }

  /// What a name means here.
  ///
  /// - Parameter later: Names that the graph makes further on.
  private func find(_ name: String, later: Set<String>) throws -> Source {
    if let found = look(up: name) { return found }
    throw Fault(
      later.contains(name)
        ? "\(quotedForMessage(name)) is used before it is made: the nodes are not in order, or in a circle"
        : "\(quotedForMessage(name)) is made by no node, and is no input")
  }

  private func look(up name: String) -> Source? {
    if let known = names[name] { return known }
    guard let outer, let there = outer.look(up: name) else { return nil }
    switch there {
    case .constant, .missing: return there
    case .sequence: return nil
    case .slot: break
    }
    let slot = newSlot()
    captures.append(there)
    captureSlots.append(slot)
    names[name] = .slot(slot)
    return .slot(slot)
  }

  // MARK: Nodes

  private func compile(_ nodes: [Onnx_NodeProto]) throws {
    let made = Set(nodes.flatMap(\.output))
    for (index, node) in nodes.enumerated() {
      shared.nodes += 1
      guard shared.nodes <= shared.limits.nodes else {
        throw Fault("the model has more than \(shared.limits.nodes) nodes")
      }
      let domain = Self.domain(node.domain)
      let key = Self.key(domain, node.opType)
      if let function = shared.functions[key] {
        try Fault.placed("node \(label(node, index)) (\(quotedForMessage(node.opType)))") {
          try call(function, node, made)
        }
        continue
      }
      let opset = opsets[domain]
      let title =
        "node \(label(node, index)) (\(wordForMessage(node.opType)), "
        + (domain.isEmpty ? "" : "domain \(wordForMessage(domain)), ")
        + "opset \(opset.map { "\($0)" } ?? "not said"))"
      try Fault.placed(title) {
        guard domain.isEmpty, let operation = Operator.all[node.opType] else {
          throw Fault("this operator is not known here")
        }
        guard let opset else { throw Fault("the model does not say which opset it uses") }
        guard opset >= operation.since else {
          throw Fault("this operator came with opset \(operation.since)")
        }
        try prepare(node, operation, opset, title, made)
      }
    }
  }

  private func prepare(
    _ node: Onnx_NodeProto, _ operation: Operator, _ opset: Int, _ title: String,
    _ made: Set<String>
  ) throws {
    guard operation.inputs.contains(node.input.count) else {
      throw Fault("it has \(node.input.count) inputs, \(operation.inputs.sentence) expected")
    }
    guard operation.outputs.contains(node.output.count) else {
      throw Fault("it has \(node.output.count) outputs, \(operation.outputs.sentence) expected")
    }
    var inputs = try node.input.map { name in
      name.isEmpty ? Source.missing : try find(name, later: made)
    }
    var bodyCaptures: [Source] = []
    let reader = try NodeReader(
      name: node.name, opset: opset, attributes: try resolved(node.attribute), inputs: inputs,
      wantsOutput: node.output.map { !$0.isEmpty }, external: shared.external,
      context: shared.context, limits: shared.limits
    ) { [self] graph in
      let inner = try GraphCompiler(
        shared, outer: self, depth: depth + 1, opsets: opsets, bound: bound)
      let own = try inner.compile(graph)
      let first = bodyCaptures.count
      bodyCaptures += inner.captures
      return Body(
        plan: inner.plan, inputCount: own, outputs: graph.output.map(OnnxPort.init),
        captures: first..<bodyCaptures.count)
    }
    if operation.name == SplitSequence.maker {
      try define(node.output[0], .sequence(try SplitSequence(reader, inputs)))
      return try reader.refuseOthers()
    }
    var kernel = try operation.prepare(reader)
    try reader.refuseOthers()
    if case .sequence(let sequence)? = inputs.first, operation.name == SplitSequence.taker {
      inputs = sequence.inputs + inputs.dropFirst()
      kernel = { call in try sequence.part(call) }
    }
    for case .sequence in inputs { throw Fault("of a sequence only parts are taken here") }

    if operation.isCheap, bodyCaptures.isEmpty,
      let results = fold(kernel, inputs, outputs: node.output.count)
    {
      for (name, result) in zip(node.output, results) where !name.isEmpty {
        try define(name, .constant(result))
      }
      return
    }
    let outputs = try node.output.map { name -> Int? in
      if name.isEmpty { return nil }
      let slot = newSlot()
      try define(name, .slot(slot))
      return slot
    }
    plan.steps.append(
      Plan.Step(
        inputs: inputs, captures: bodyCaptures, outputs: outputs, releases: [], kernel: kernel,
        label: title))
  }

  /// Runs a node whose inputs never change. Nil where one does, where the results would be large, or
  /// where it fails: then it fails when the model runs, if it is reached.
  private func fold(_ kernel: Kernel, _ inputs: [Source], outputs: Int) -> [OnnxValue]? {
    var values: [OnnxValue?] = []
    for input in inputs {
      switch input {
      case .missing: values.append(nil)
      case .slot, .sequence: return nil
      case .constant(let value): values.append(value)
      }
    }
    var limits = shared.limits
    limits.tensorBytes = min(limits.tensorBytes, 4 * max(shared.folding, 0))
    let call = Call(inputs: values, captured: [], limits: limits, context: shared.context)
    guard let results = try? kernel(call), results.count >= outputs else { return nil }
    shared.folding -= results.reduce(0) { $0 + $1.count }
    return results
  }

  // MARK: Functions

  /// Puts a function's nodes in the place of a call.
  private func call(
    _ function: Onnx_FunctionProto, _ node: Onnx_NodeProto, _ made: Set<String>
  ) throws {
    guard node.input.count <= function.input.count, node.output.count <= function.output.count
    else { throw Fault("the function has fewer inputs or outputs than its call") }
    var bound: [String: Onnx_AttributeProto] = [:]
    for attribute in function.attributeProto { bound[attribute.name] = attribute }
    for attribute in try resolved(node.attribute) { bound[attribute.name] = attribute }
    let inner = try GraphCompiler(
      shared, outer: nil, depth: depth + 1,
      opsets: function.opsetImport.isEmpty
        ? opsets : try Self.opsets(function.opsetImport), bound: bound)
    var given: [Source] = []
    for (index, name) in function.input.enumerated() {
      let source =
        index < node.input.count && !node.input[index].isEmpty
        ? try find(node.input[index], later: made) : .missing
      switch source {
      case .slot:
        given.append(source)
        try inner.defineInput(name)
      case .constant, .missing: try inner.define(name, source)
      case .sequence: throw Fault("a sequence is not passed to a function here")
      }
    }
    try inner.compile(function.node)
    for name in function.output { inner.plan.outputs.append(try inner.find(name, later: [])) }
    inner.finish()
    let body = Body(plan: inner.plan, inputCount: given.count, outputs: [], captures: 0..<0)
    var outputs: [Int?] = []
    for name in node.output {
      let slot = name.isEmpty ? nil : newSlot()
      if let slot { try define(name, .slot(slot)) }
      outputs.append(slot)
    }
    plan.steps.append(
      Plan.Step(
        inputs: given, captures: [], outputs: outputs, releases: [],
        kernel: { call in try call.run(body, call.inputs.compactMap { $0 }) },
        label: "function \(quotedForMessage(function.name))"))
  }

  /// Attributes with those of the function's call in the places that refer to them.
  private func resolved(
    _ attributes: [Onnx_AttributeProto]
  ) throws -> [Onnx_AttributeProto] {
    attributes.compactMap { attribute in
      guard attribute.hasRefAttrName, !attribute.refAttrName.isEmpty else { return attribute }
      var value = bound[attribute.refAttrName]
      value?.name = attribute.name
      return value
    }
  }

  // MARK: Descriptions

  static func domain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
  static func key(_ domain: String, _ name: String) -> String { domain + "\u{0}" + name }

  /// The version of each domain.
  static func opsets(_ imports: [Onnx_OperatorSetIdProto]) throws -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in imports {
      let (domain, version) = (domain(entry.domain), Int(entry.version))
      guard opsets.updateValue(version, forKey: domain) == nil else {
        throw Fault("domain \(quotedForMessage(domain)) is imported twice")
      }
      if domain.isEmpty, !Operator.opsets.contains(version) {
        throw Fault(
          "opset \(version) is not known here; \(Operator.opsets.lowerBound) to "
            + "\(Operator.opsets.upperBound) are")
      }
    }
    return opsets
  }

  private func label(_ node: Onnx_NodeProto, _ index: Int) -> String {
    node.name.isEmpty ? "\(index)" : quotedForMessage(node.name)
  }

}

extension ClosedRange<Int> {
  fileprivate var sentence: String {
    if lowerBound == upperBound { return "\(lowerBound)" }
    return upperBound == Int.max ? "at least \(lowerBound)" : "\(lowerBound) to \(upperBound)"
  }
}
