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
  private var levels: [Graph.NodeIndex: Int] = [:]
  /// What each stage stores when it is done.
  private var stores: [StageKey: [Root]] = [:]
  /// Who reads each value that a root needs, behind reshapes.
  private var users: [Graph.NodeIndex: [Graph.NodeIndex]] = [:]
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
    for node in used {
      for operand in graph.operands(of: node) { users[unshaped(operand), default: []].append(node) }
    }
    levels = levels(of: used)
    // A root that is given or constant is copied by the first stage of its size. Keys are sorted
    // wherever they are walked, so that a cell compiles the same way every time.
    for root in roots {
      stores[home(root.node), default: []].append(root)
      if isComputed(root.node), placeOf[root.node] == nil { placeOf[root.node] = root.place }
    }
    // What is read as a whole has to stand somewhere.
    for node in used where isComputed(node) && !isVirtual(node) {
      for value in valuesReadWhole(by: node) where isComputed(value) { pass(value) }
    }
    for root in roots { rowNumber(unshaped(root.node)).map { pass($0) } }
    // From the last stage back, as a stage asks those before it for values.
    var stages: [StageKey: [Graph.NodeIndex]] = [:]
    var waiting = Set(used.map(home)).union(stores.keys)
    while let key = waiting.max() {
      waiting.remove(key)
      stages[key] = nodes(of: key)
    }
    for key in stages.keys.sorted() where !(stores[key] ?? []).isEmpty {
      emit(nodes: stages[key]!, stores: stores[key]!, size: key.size)
    }
    return compiled
  }

  /// The first stage in which a value can be computed.
  private func home(_ node: Graph.NodeIndex) -> StageKey {
    StageKey(level: levels[node] ?? 0, size: size(graph.shape(of: node)))
  }

  /// Sees to it that a computed value stands in memory for later stages.
  private mutating func pass(_ value: Graph.NodeIndex) {
    guard isComputed(value), placeOf[value] == nil else { return }
    placeOf[value] = .passed(value)
    stores[home(value), default: []].append(Root(node: value, place: .passed(value)))
  }

  /// What a stage computes so that it can store what it has to.
  ///
  /// A value of an earlier stage is read from memory if it stands there, computed again if that
  /// takes no more than reading it, and passed on otherwise.
  private mutating func nodes(of key: StageKey) -> [Graph.NodeIndex] {
    var nodes = Set<Graph.NodeIndex>()
    var waiting = (stores[key] ?? []).map { unshaped($0.node) }
    while let value = waiting.popLast() {
      guard isComputed(value), !isVirtual(value), !nodes.contains(value) else { continue }
      if home(value) == key || (placeOf[value] == nil && operationsAgain(value) != nil) {
        nodes.insert(value)
        if readsUnits(value) { waiting += unitOperands(of: value) }
      } else {
        pass(value)
      }
    }
    return nodes.sorted()
  }

  /// The operands that a node reads unit by unit.
  private func unitOperands(of node: Graph.NodeIndex) -> [Graph.NodeIndex] {
    if case .normal(let x, _, _) = graph.nodes[node].operation { return [unshaped(x)] }
    return graph.operands(of: node).map(unshaped)
  }

  /// How many operations make a value of what stands in memory, if no more than two simple ones do.
  private func operationsAgain(_ node: Graph.NodeIndex) -> Int? {
    switch graph.nodes[node].operation {
    case .unary(.negate, _), .unary(.abs, _), .select, .normal, .binary(.add, _, _),
      .binary(.subtract, _, _), .binary(.multiply, _, _):
      break
    default: return nil
    }
    var count = 1
    for operand in unitOperands(of: node) {
      let stands = !isComputed(operand) || rowNumber(operand) != nil || placeOf[operand] != nil
      if stands { continue }
      guard let more = operationsAgain(operand) else { return nil }
      count += more
    }
    return count <= 2 ? count : nil
  }

  /// A number that sizes and constants alone decide.
  private func constant(_ node: Graph.NodeIndex) -> Double? {
    switch graph.nodes[node].operation {
    case .constant(let value): value
    case .reshape(let a), .spread(let a, _): constant(a)
    case .sum(let a, let axis):
      constant(a).map { $0 * Double(size([graph.shape(of: a)[axis]])) }
    case .unary(let function, let a): constant(a).map(function.evaluate)
    case .binary(let arithmetic, let a, let b):
      constant(a).flatMap { left in constant(b).map { arithmetic.evaluate(left, $0) } }
    default: nil
    }
  }

  // MARK: Values that are never made

  /// A value that whoever reads it makes on the way: a number spread over a row, or a product that
  /// is only summed.
  private func isVirtual(_ node: Graph.NodeIndex) -> Bool {
    rowNumber(node) != nil || isOnlySummed(node)
  }

  /// The number that a value spreads over a whole row, along one axis or one after the other.
  private func rowNumber(_ node: Graph.NodeIndex) -> Graph.NodeIndex? {
    guard case .spread(let a, _) = graph.nodes[node].operation, constant(a) == nil,
      given(graph.nodes[node].operation) == nil
    else { return nil }
    let value = unshaped(a)
    return rowNumber(value) ?? (size(graph.shape(of: value)) == 1 ? value : nil)
  }

  /// The factors of a product that is only summed over its last axis: the sum is a dot product.
  private func factors(ofOnlySummed node: Graph.NodeIndex) -> (Graph.NodeIndex, Graph.NodeIndex)? {
    guard case .binary(.multiply, let a, let b) = graph.nodes[node].operation,
      !named.contains(node)
    else { return nil }
    let factors = (unshaped(a), unshaped(b))
    for factor in [factors.0, factors.1]
    where constant(factor) != nil || rowNumber(factor) != nil {
      return nil
    }
    if roots.contains(where: { unshaped($0.node) == node }) { return nil }
    let sums = (users[node] ?? []).allSatisfy { user in
      if case .sum(let summed, let axis) = graph.nodes[user].operation {
        axis == graph.shape(of: summed).count - 1
      } else {
        false
      }
    }
    return sums ? factors : nil
  }

  private func isOnlySummed(_ node: Graph.NodeIndex) -> Bool {
    factors(ofOnlySummed: node) != nil
  }

  /// The values that a node reads otherwise than unit by unit.
  private func valuesReadWhole(by node: Graph.NodeIndex) -> [Graph.NodeIndex] {
    if case .normal(_, let mean, let inverse) = graph.nodes[node].operation {
      return [unshaped(mean), unshaped(inverse)]
    }
    if readsUnits(node) { return graph.operands(of: node).compactMap { rowNumber(unshaped($0)) } }
    return reads(node).flatMap { operand -> [Graph.NodeIndex] in
      let value = unshaped(operand)
      if let number = rowNumber(value) { return [number] }
      if let (a, b) = factors(ofOnlySummed: value) { return [a, b] }
      return [value]
    }
  }

  private func isComputed(_ node: Graph.NodeIndex) -> Bool {
    switch graph.nodes[node].operation {
    case .constant, .reshape: false
    case let operation: given(operation) == nil && constant(node) == nil
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
        case .affine, .transposed, .sum, .spread, .inverseDeviation, .normal: true
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
    case .unary, .binary, .select, .normal: true
    default: false
    }
  }

  /// A product that is only the operand of one sum or difference becomes part of it.
  private func isFused(
    _ node: Graph.NodeIndex, nodes: [Graph.NodeIndex], stores: [Root]
  ) -> Bool {
    guard case .binary(.multiply, let a, let b) = graph.nodes[node].operation,
      constant(unshaped(a)) == nil, constant(unshaped(b)) == nil,
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
        nodes.contains(value), !named.contains(value), constant(unshaped(a)) == nil,
        constant(unshaped(b)) == nil,
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
      if constant(unshaped(a)) != nil || constant(unshaped(b)) != nil {
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
      if let (x, y) = factors(ofOnlySummed: unshaped(a)) {
        emitter.operations.append(
          .dot(operand(place(of: x)), operand(place(of: y)), axis: size([shape[axis]]), into: slot))
      } else {
        emitter.operations.append(
          .reduce(
            operand(place(of: a)), axis: size([shape[axis]]), inner: inner, into: slot))
      }
    case .spread: emitSpread(node, &emitter)
    case .inverseDeviation(let group): emitInverseDeviation(node, group, &emitter)
    case .normal(let x, let mean, let inverse):
      let value = slot(of: x, &emitter)
      emitter.release(unshaped(x))
      emitter.operations.append(
        .normal(
          value, mean: operand(place(of: mean)), scale: operand(place(of: inverse)),
          into: emitter.define(node)))
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

  private mutating func emitInverseDeviation(
    _ node: Graph.NodeIndex, _ group: Int, _ emitter: inout StageEmitter
  ) {
    let normalization = graph.normalizations[group]
    let slot = emitter.define(node)
    let part = emitter.temporary()
    let lengths = normalization.members.map { size(graph.shape(of: $0)) }
    for (index, member) in normalization.members.enumerated() {
      emitter.operations.append(
        .squares(
          operand(place(of: member)), around: operand(place(of: normalization.mean)),
          axis: lengths[index], into: index == 0 ? slot : part))
      if index > 0 { emitter.operations.append(.binary(.add, slot, part, into: slot)) }
    }
    let count = Float(lengths.reduce(0, +))
    emitter.operations += [
      .withValue(.multiply, slot, 1 / count, into: slot),
      .withValue(.add, slot, Float(normalization.epsilon), into: slot),
      .unary(.sqrt, slot, into: slot),
      .constant(1, into: part),
      .binary(.divide, part, slot, into: slot),
    ]
    emitter.free(part)
  }

  private mutating func emitSpread(_ node: Graph.NodeIndex, _ emitter: inout StageEmitter) {
    guard case .spread(let a, let axis) = graph.nodes[node].operation else { return }
    let shape = graph.shape(of: node)
    let inner = size(Array(shape[(axis + 1)...]))
    emitter.operations.append(
      .spread(
        operand(place(of: a)), axis: size([shape[axis]]), inner: inner,
        into: emitter.define(node)))
  }

  private mutating func emitArithmetic(
    _ node: Graph.NodeIndex, _ arithmetic: Graph.Arithmetic, _ a: Graph.NodeIndex,
    _ b: Graph.NodeIndex, _ emitter: inout StageEmitter, product: Graph.NodeIndex?
  ) {
    if let product, case .binary(_, let x, let y) = graph.nodes[product].operation {
      let other = product == a ? b : a
      let kind: BlockProgram.Ternary = arithmetic == .add ? .multiplyAdd : .subtractProduct
      if let (factor, number) = withRowNumber(unshaped(x), unshaped(y)) {
        let slots = [slot(of: factor, &emitter), slot(of: other, &emitter)]
        for operand in [x, y, other] { emitter.release(unshaped(operand)) }
        emitter.operations.append(
          .productWithRow(
            kind, slots[0], operand(place(of: number)), slots[1], into: emitter.define(node)))
        return
      }
      let factors = [slot(of: x, &emitter), slot(of: y, &emitter)]
      let rest = slot(of: other, &emitter)
      for operand in [x, y, other] { emitter.release(unshaped(operand)) }
      emitter.operations.append(
        .ternary(kind, factors[0], factors[1], rest, into: emitter.define(node)))
      return
    }
    if let (function, value, number) = rowArithmetic(arithmetic, a, b) {
      let slot = slot(of: value, &emitter)
      emitter.release(a)
      emitter.release(b)
      emitter.operations.append(
        .withRow(function, slot, operand(place(of: number)), into: emitter.define(node)))
      return
    }
    switch (arithmetic, constant(a), constant(b)) {
    case (.add, let value?, _), (.multiply, let value?, _), (.subtract, let value?, _):
      let slot = slot(of: b, &emitter)
      emitter.release(b)
      emitter.release(a)
      emitter.operations.append(
        .withValue(
          arithmetic == .add ? .add : arithmetic == .multiply ? .multiply : .from, slot,
          Float(value), into: emitter.define(node)))
    case (.divide, _, let value?):
      let slot = slot(of: a, &emitter)
      emitter.release(a)
      emitter.release(b)
      emitter.operations.append(
        .withValue(.multiply, slot, Float(1 / value), into: emitter.define(node)))
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

  /// Of two operands the one that is a row's number, and the other.
  private func withRowNumber(
    _ a: Graph.NodeIndex, _ b: Graph.NodeIndex
  ) -> (value: Graph.NodeIndex, number: Graph.NodeIndex)? {
    if let number = rowNumber(b) { return (a, number) }
    return rowNumber(a).map { (b, $0) }
  }

  private func rowArithmetic(
    _ arithmetic: Graph.Arithmetic, _ a: Graph.NodeIndex, _ b: Graph.NodeIndex
  ) -> (BlockProgram.WithRow, value: Graph.NodeIndex, number: Graph.NodeIndex)? {
    if constant(a) != nil || constant(b) != nil { return nil }
    switch arithmetic {
    case .add: return withRowNumber(a, b).map { (.add, $0.value, $0.number) }
    case .multiply: return withRowNumber(a, b).map { (.multiply, $0.value, $0.number) }
    case .subtract: return rowNumber(b).map { (.subtract, a, $0) }
    default: return nil
    }
  }

  // MARK: Values, operands, weights

  /// The slot that holds a value in this stage, loading it at its first use.
  private mutating func slot(
    of node: Graph.NodeIndex, _ emitter: inout StageEmitter
  ) -> BlockProgram.Slot {
    let value = unshaped(node)
    if let slot = emitter.slot(of: value) { return slot }
    if let number = rowNumber(value) {
      let slot = emitter.define(value)
      emitter.operations.append(
        .spread(
          operand(place(of: number)), axis: size(graph.shape(of: value)), inner: 1, into: slot))
      return slot
    }
    let slot = emitter.define(value)
    if let constant = constant(value) {
      emitter.operations.append(.constant(Float(constant), into: slot))
    } else {
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
    case .softplus: .softplus
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
