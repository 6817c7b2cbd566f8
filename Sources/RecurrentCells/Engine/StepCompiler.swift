import RecurrentCore

/// A graph as stages of block programs, for vectors of known sizes.
///
/// A stage computes vectors of one size from what stands in memory, unit by unit. A new stage begins
/// where an affine map, a sum or a spread needs a vector that this step has computed.
package struct CompiledStep: Sendable {
  /// A matrix as a product of the programs reads it.
  package struct Weight: Hashable, Sendable {
    package var parameter: Int
    /// nil: the transpose of the whole stack.
    package var section: Int?
  }

  package var stages: [BlockProgram] = []
  /// What the programs' operands are, by index.
  package var places: [Place] = []
  /// What the programs' weights are, by index.
  package var weights: [Weight] = []
}

/// Turns a graph into stages.
struct StepCompiler {
  /// A value, and where it is to stand when the step is done.
  struct Root {
    var node: Graph.NodeIndex
    var place: Place
  }

  let graph: Graph
  let size: ([Extent]) -> Int
  /// Where a value that the step is given stands; nil for what it has to compute.
  let given: (Graph.Operation) -> Place?
  /// The affine map that a parameter belongs to, for transposed products.
  let mapOfParameter: [Int: Int]
  /// Terms of affine maps whose products stand in the section's place already.
  let isHoisted: (Graph.AffineMap.Term) -> Bool
  let hasBias: (Int) -> Bool
  /// Products that stay values of their own, so that recording one of them changes no rounding.
  let named: Set<Graph.NodeIndex>
  let roots: [Root]

  private var compiled = CompiledStep()
  private var operandOf: [Place: Int] = [:]
  private var weightOf: [CompiledStep.Weight: Int] = [:]
  /// The place each computed node can be read from by a later stage.
  private var placeOf: [Graph.NodeIndex: Place] = [:]

  init(
    graph: Graph, size: @escaping ([Extent]) -> Int,
    given: @escaping (Graph.Operation) -> Place?, mapOfParameter: [Int: Int] = [:],
    isHoisted: @escaping (Graph.AffineMap.Term) -> Bool = { _ in false },
    hasBias: @escaping (Int) -> Bool = { _ in true }, named: Set<Graph.NodeIndex> = [],
    roots: [Root]
  ) {
    self.graph = graph
    self.size = size
    self.given = given
    self.mapOfParameter = mapOfParameter
    self.isHoisted = isHoisted
    self.hasBias = hasBias
    self.named = named
    self.roots = roots
  }

  // MARK: Stages

  private struct StageKey: Hashable, Comparable {
    var level: Int
    var size: Int
    static func < (a: Self, b: Self) -> Bool { (a.level, a.size) < (b.level, b.size) }
  }

  mutating func compile() -> CompiledStep {
    let used = reachable()
    let levels = levels(of: used)
    var stages: [StageKey: [Graph.NodeIndex]] = [:]
    for node in used where isComputed(node) {
      stages[StageKey(level: levels[node]!, size: size(graph.shape(of: node))), default: []]
        .append(node)
    }
    // A root that is given or constant is copied by the first stage of its size. Keys are sorted
    // wherever they are walked, so that a cell compiles the same way every time.
    var stores: [StageKey: [Root]] = [:]
    for root in roots {
      let key = StageKey(level: levels[root.node] ?? 0, size: size(graph.shape(of: root.node)))
      stages[key, default: []] += []
      stores[key, default: []].append(root)
      if isComputed(root.node), placeOf[root.node] == nil { placeOf[root.node] = root.place }
    }
    // What a later stage reads has to stand somewhere.
    for key in stages.keys.sorted() {
      for node in stages[key]! {
        for operand in graph.operands(of: node) {
          let value = unshaped(operand)
          guard isComputed(value), placeOf[value] == nil else { continue }
          let home = StageKey(level: levels[value]!, size: size(graph.shape(of: value)))
          if home != key {
            placeOf[value] = .passed(value)
            stores[home, default: []].append(Root(node: value, place: .passed(value)))
          }
        }
      }
    }
    for key in stages.keys.sorted() {
      emit(nodes: stages[key]!, stores: stores[key] ?? [], size: key.size)
    }
    return compiled
  }

  private func isComputed(_ node: Graph.NodeIndex) -> Bool {
    switch graph.nodes[node].operation {
    case .constant, .reshape: false
    case let operation: given(operation) == nil
    }
  }

  /// The node behind reshapes, which change nothing in memory.
  private func unshaped(_ node: Graph.NodeIndex) -> Graph.NodeIndex {
    if case .reshape(let inner) = graph.nodes[node].operation { unshaped(inner) } else { node }
  }

  private func reads(_ node: Graph.NodeIndex) -> [Graph.NodeIndex] {
    if given(graph.nodes[node].operation) != nil { return [] }
    if case .affine(let map, _) = graph.nodes[node].operation {
      return graph.affineMaps[map].terms.filter { !isHoisted($0) }.map(\.source)
    }
    return graph.operands(of: node)
  }

  private func reachable() -> [Graph.NodeIndex] {
    var seen = Set<Graph.NodeIndex>()
    var waiting = roots.map(\.node)
    while let node = waiting.popLast() {
      if seen.insert(node).inserted { waiting += reads(node) }
    }
    return seen.sorted()
  }

  private func levels(of nodes: [Graph.NodeIndex]) -> [Graph.NodeIndex: Int] {
    var levels: [Graph.NodeIndex: Int] = [:]
    for node in nodes {
      let needsWholeVector =
        switch graph.nodes[node].operation {
        case .affine, .transposed, .sum, .spread: true
        default: false
        }
      levels[node] =
        reads(node).map { operand in
          levels[operand]! + (needsWholeVector && isComputed(unshaped(operand)) ? 1 : 0)
        }.max() ?? 0
    }
    return levels
  }

  // MARK: One stage

  private mutating func emit(nodes: [Graph.NodeIndex], stores: [Root], size: Int) {
    var emitter = StageEmitter(uses: useCounts(nodes: nodes, stores: stores))
    for node in nodes where !isFused(node, nodes: nodes, stores: stores) {
      emitNode(node, &emitter, nodes: nodes, stores: stores)
    }
    // Stores come last: a place may still be read under another name until then.
    for store in stores {
      let slot = slot(of: store.node, &emitter)
      emitter.operations.append(.store(slot, to: operand(store.place)))
      emitter.release(unshaped(store.node))
    }
    compiled.stages.append(
      BlockProgram(
        operations: emitter.operations, slotCount: emitter.slotCount, units: 0..<size))
  }

  /// How often the stage reads each value unit by unit.
  private func useCounts(
    nodes: [Graph.NodeIndex], stores: [Root]
  ) -> [Graph.NodeIndex: Int] {
    var uses: [Graph.NodeIndex: Int] = [:]
    for node in nodes where readsUnits(node) {
      for operand in graph.operands(of: node) { uses[unshaped(operand), default: 0] += 1 }
    }
    for store in stores { uses[unshaped(store.node), default: 0] += 1 }
    return uses
  }

  private func readsUnits(_ node: Graph.NodeIndex) -> Bool {
    switch graph.nodes[node].operation {
    case .unary, .binary, .select: true
    default: false
    }
  }

  /// A product that is only the operand of one sum or difference becomes part of it.
  private func isFused(
    _ node: Graph.NodeIndex, nodes: [Graph.NodeIndex], stores: [Root]
  ) -> Bool {
    guard case .binary(.multiply, let a, let b) = graph.nodes[node].operation,
      graph.constantValue(unshaped(a)) == nil, graph.constantValue(unshaped(b)) == nil,
      !named.contains(node), !stores.contains(where: { unshaped($0.node) == node })
    else { return false }
    var users: [Graph.NodeIndex] = []
    for user in nodes where readsUnits(user) {
      for operand in graph.operands(of: user) where unshaped(operand) == node {
        users.append(user)
      }
    }
    guard users.count == 1 else { return false }
    return fusedProduct(in: users[0], nodes: nodes, stores: stores) == node
  }

  /// The product that a sum or difference takes in: of two candidates the left one.
  private func fusedProduct(
    in node: Graph.NodeIndex, nodes: [Graph.NodeIndex], stores: [Root]
  ) -> Graph.NodeIndex? {
    func candidate(_ operand: Graph.NodeIndex) -> Graph.NodeIndex? {
      let value = unshaped(operand)
      guard case .binary(.multiply, let a, let b) = graph.nodes[value].operation,
        nodes.contains(value), !named.contains(value), graph.constantValue(unshaped(a)) == nil,
        graph.constantValue(unshaped(b)) == nil,
        !stores.contains(where: { unshaped($0.node) == value })
      else { return nil }
      let count = nodes.reduce(0) { count, user in
        readsUnits(user)
          ? count + graph.operands(of: user).count { unshaped($0) == value } : count
      }
      return count == 1 ? value : nil
    }
    switch graph.nodes[node].operation {
    case .binary(.add, let a, let b):
      if graph.constantValue(unshaped(a)) != nil || graph.constantValue(unshaped(b)) != nil {
        return nil
      }
      return candidate(a) ?? candidate(b)
    case .binary(.subtract, _, let b): return candidate(b)
    default: return nil
    }
  }

  private mutating func emitNode(
    _ node: Graph.NodeIndex, _ emitter: inout StageEmitter, nodes: [Graph.NodeIndex],
    stores: [Root]
  ) {
    switch graph.nodes[node].operation {
    case .affine(let map, let section):
      let affine = graph.affineMaps[map]
      let slot = emitter.define(node)
      let hoisted = affine.terms.contains(where: isHoisted)
      if hoisted {
        emitter.operations.append(
          .load(operand(.section(map: map, section: section)), into: slot))
        if hasBias(map) {
          let bias = emitter.temporary()
          emitter.operations.append(
            .load(operand(.bias(map: map, section: section)), into: bias))
          emitter.operations.append(.binary(.add, slot, bias, into: slot))
          emitter.free(bias)
        }
      } else if hasBias(map) {
        emitter.operations.append(.load(operand(.bias(map: map, section: section)), into: slot))
      } else {
        emitter.operations.append(.constant(0, into: slot))
      }
      for term in affine.terms where !isHoisted(term) {
        emitter.operations.append(
          .product(
            operand(place(of: term.source)),
            weight: weight(.init(parameter: term.parameter, section: section)),
            length: size(graph.shape(of: term.source)), onto: slot))
      }
    case .transposed(let parameter, let sections):
      let slot = emitter.define(node)
      emitter.operations.append(.constant(0, into: slot))
      emitter.operations.append(
        .product(
          operand(.sections(map: mapOfParameter[parameter]!)),
          weight: weight(.init(parameter: parameter, section: nil)),
          length: sections.reduce(0) { $0 + size(graph.shape(of: $1)) }, onto: slot))
    case .sum(let a, let axis):
      let shape = graph.shape(of: a)
      let slot = emitter.define(node)
      let inner = size(Array(shape[(axis + 1)...]))
      if let value = graph.constantValue(unshaped(a)) {
        emitter.operations.append(
          .constant(Float(value * Double(size([shape[axis]]))), into: slot))
      } else {
        emitter.operations.append(
          .reduce(
            operand(place(of: a)), axis: size([shape[axis]]), inner: inner, into: slot))
      }
    case .spread(let a, let axis):
      let shape = graph.shape(of: node)
      let inner = size(Array(shape[(axis + 1)...]))
      let slot = emitter.define(node)
      emitter.operations.append(
        .spread(operand(place(of: a)), axis: size([shape[axis]]), inner: inner, into: slot))
    case .unary(let function, let a):
      let x = slot(of: a, &emitter)
      emitter.release(unshaped(a))
      emitter.operations.append(.unary(function.kernel, x, into: emitter.define(node)))
    case .select(let condition, let a, let b):
      let slots = [condition, a, b].map { slot(of: $0, &emitter) }
      for operand in [condition, a, b] { emitter.release(unshaped(operand)) }
      emitter.operations.append(
        .ternary(.select, slots[0], slots[1], slots[2], into: emitter.define(node)))
    case .binary(let arithmetic, let a, let b):
      emitArithmetic(
        node, arithmetic, unshaped(a), unshaped(b), &emitter,
        product: fusedProduct(in: node, nodes: nodes, stores: stores))
    default:
      preconditionFailure("\(graph.nodes[node].operation) is not computed")
    }
  }

  private mutating func emitArithmetic(
    _ node: Graph.NodeIndex, _ arithmetic: Graph.Arithmetic, _ a: Graph.NodeIndex,
    _ b: Graph.NodeIndex, _ emitter: inout StageEmitter, product: Graph.NodeIndex?
  ) {
    if let product, case .binary(_, let x, let y) = graph.nodes[product].operation {
      let other = product == a ? b : a
      let factors = [slot(of: x, &emitter), slot(of: y, &emitter)]
      let rest = slot(of: other, &emitter)
      for operand in [x, y, other] { emitter.release(unshaped(operand)) }
      emitter.operations.append(
        .ternary(
          arithmetic == .add ? .multiplyAdd : .subtractProduct, factors[0], factors[1], rest,
          into: emitter.define(node)))
      return
    }
    switch (arithmetic, graph.constantValue(a), graph.constantValue(b)) {
    case (.add, let value?, _), (.multiply, let value?, _), (.subtract, let value?, _):
      let slot = slot(of: b, &emitter)
      emitter.release(b)
      emitter.release(a)
      emitter.operations.append(
        .withValue(
          arithmetic == .add ? .add : arithmetic == .multiply ? .multiply : .from, slot,
          Float(value), into: emitter.define(node)))
    case (.add, _, let value?), (.multiply, _, let value?), (.subtract, _, let value?):
      let slot = slot(of: a, &emitter)
      emitter.release(a)
      emitter.release(b)
      emitter.operations.append(
        .withValue(
          arithmetic == .multiply ? .multiply : .add, slot,
          Float(arithmetic == .subtract ? -value : value), into: emitter.define(node)))
    default:
      let left = slot(of: a, &emitter)
      let right = slot(of: b, &emitter)
      emitter.release(a)
      emitter.release(b)
      emitter.operations.append(
        .binary(arithmetic.kernel, left, right, into: emitter.define(node)))
    }
  }

  // MARK: Values, operands, weights

  /// The slot that holds a value in this stage, loading it at its first use.
  private mutating func slot(
    of node: Graph.NodeIndex, _ emitter: inout StageEmitter
  ) -> BlockProgram.Slot {
    let value = unshaped(node)
    if let slot = emitter.slot(of: value) { return slot }
    let slot = emitter.define(value)
    switch graph.nodes[value].operation {
    case .constant(let constant):
      emitter.operations.append(.constant(Float(constant), into: slot))
    default:
      emitter.operations.append(.load(operand(place(of: value)), into: slot))
    }
    return slot
  }

  /// Where a value stands in memory.
  private func place(of node: Graph.NodeIndex) -> Place {
    let value = unshaped(node)
    guard let place = given(graph.nodes[value].operation) ?? placeOf[value] else {
      preconditionFailure("\(graph.nodes[value].operation) stands nowhere in memory")
    }
    return place
  }

  private mutating func operand(_ place: Place) -> Int {
    if let index = operandOf[place] { return index }
    compiled.places.append(place)
    operandOf[place] = compiled.places.count - 1
    return compiled.places.count - 1
  }

  private mutating func weight(_ weight: CompiledStep.Weight) -> Int {
    if let index = weightOf[weight] { return index }
    compiled.weights.append(weight)
    weightOf[weight] = compiled.weights.count - 1
    return compiled.weights.count - 1
  }
}

/// The operations of a stage and who holds which slot; a slot is free again after its last use.
private struct StageEmitter {
  var operations: [BlockProgram.Operation] = []
  private(set) var slotCount = 0
  private var slots: [Graph.NodeIndex: BlockProgram.Slot] = [:]
  private var remainingUses: [Graph.NodeIndex: Int]
  private var freeSlots: [BlockProgram.Slot] = []

  init(uses: [Graph.NodeIndex: Int]) { remainingUses = uses }

  func slot(of node: Graph.NodeIndex) -> BlockProgram.Slot? { slots[node] }

  mutating func temporary() -> BlockProgram.Slot {
    if let slot = freeSlots.popLast() { return slot }
    slotCount += 1
    return slotCount - 1
  }

  mutating func free(_ slot: BlockProgram.Slot) { freeSlots.append(slot) }

  mutating func define(_ node: Graph.NodeIndex) -> BlockProgram.Slot {
    let slot = temporary()
    slots[node] = slot
    return slot
  }

  /// One use of a value is done.
  mutating func release(_ node: Graph.NodeIndex) {
    guard let uses = remainingUses[node] else { return }
    remainingUses[node] = uses - 1
    if uses == 1, let slot = slots.removeValue(forKey: node) { free(slot) }
  }
}

extension Graph.Function {
  fileprivate var kernel: BlockProgram.Unary {
    switch self {
    case .negate: .negate
    case .abs: .abs
    case .exp: .exp
    case .log: .log
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .sqrt: .sqrt
    case .floor: .floor
    }
  }
}

extension Graph.Arithmetic {
  fileprivate var kernel: BlockProgram.Binary {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .max: .max
    case .min: .min
    case .greater: .greater
    }
  }
}
