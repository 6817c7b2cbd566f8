/// Makes blocks and wires of a cell's equations.
struct DiagramBuilder {
  typealias NodeIndex = Graph.NodeIndex
  typealias Block = CellDiagram.Block
  typealias Wire = CellDiagram.Wire

  private(set) var blocks: [Block] = []
  private(set) var wires: [Wire] = []

  private let cell: Cell
  private let meanings: Meanings
  private var writer: EquationWriter
  private var known: [NodeIndex: Int] = [:]
  /// The blocks that each layer's matrices see.
  private var sources: [(layer: Int, blocks: [Int])] = []

  init(_ cell: Cell) {
    self.cell = cell
    meanings = Meanings(of: cell)
    writer = EquationWriter(cell)
  }

  mutating func build() {
    for (index, state) in cell.states.enumerated() {
      let made = block(cell.nextStates[index])
      let next = add(.next(state: index), state.name)
      wires.append(Wire(from: made, to: next, role: .plain))
    }
    let output = add(.output, writer.output.text)
    wires.append(Wire(from: block(cell.output), to: output, role: .plain))
    joinSources()
  }

  private mutating func add(_ kind: Block.Kind, _ label: String) -> Int {
    blocks.append(Block(kind: kind, label: label))
    return blocks.count - 1
  }

  private mutating func add(
    _ kind: Block.Kind, _ label: String, of inputs: (node: NodeIndex, role: Wire.Role)...
  ) -> Int {
    let from = inputs.map { (block($0.node), $0.role) }
    let index = add(kind, label)
    wires += from.map { Wire(from: $0.0, to: index, role: $0.1) }
    return index
  }

  // MARK: Values

  /// The block that makes a value.
  private mutating func block(_ node: NodeIndex) -> Int {
    if let index = known[node] { return index }
    let index = layer(node) ?? made(node)
    known[node] = index
    if case .value(let name) = writer.symbols[node], blocks[index].name == nil,
      blocks[index].kind.isLayer || cell.names.contains(where: { $0.name == name })
    {
      blocks[index].name = name
    }
    return index
  }

  private mutating func made(_ node: NodeIndex) -> Int {
    if isConstant(node) { return add(.input, text(node)) }
    switch meanings(node) {
    case .input, .mask: return add(.input, text(node))
    case .state(let index): return add(.previous(state: index), cell.states[index].name)
    case .schedule(let index):
      let label = text(node)
      let clock = previous(cell.schedules[index].clock)
      let made = add(.function, label)
      wires.append(Wire(from: clock, to: made, role: .plain))
      return made
    case .normalized(let values, let position, _):
      let from = values.map { block($0) }
      let made = add(.function, values.count == 1 ? "LN" : "LN \(position + 1)")
      wires += from.map { Wire(from: $0, to: made, role: .plain) }
      return made
    case .function(let function, let a):
      return add(.function, function.label, of: (a, .plain))
    case .negative(let a): return add(.function, "−", of: (a, .plain))
    case .clip(let a, _, _): return add(.function, "clip", of: (a, .plain))
    case .mean(let a, _): return add(.function, "mean", of: (a, .plain))
    case .sum(let a, _): return add(.function, "Σ", of: (a, .plain))
    case .reshaped(let a): return block(a)
    case .outer(let a, let b): return add(.operation, "⊗", of: (a, .plain), (b, .plain))
    case .inner(let a, let b), .applied(let a, let b):
      return add(.operation, "·", of: (a, .plain), (b, .plain))
    case .greater(let a, let b):
      if isConstant(b) { return add(.function, "> \(text(b))", of: (a, .plain)) }
      if isConstant(a) { return add(.function, "< \(text(a))", of: (b, .plain)) }
      return add(.operation, ">", of: (a, .plain), (b, .negative))
    case .choice(let condition, let a, let b):
      return add(.choice, "if", of: (condition, .condition), (a, .plain), (b, .otherwise))
    case .arithmetic(let arithmetic, let a, let b): return self.arithmetic(arithmetic, a, b)
    case .affine, .normalizedMap, .parameter, .number, .size:
      preconditionFailure("A layer or a constant")
    }
  }

  /// What a state was before the step.
  private mutating func previous(_ state: Int) -> Int {
    let node = cell.graph.nodes.firstIndex { $0.operation == .state(state) }!
    return block(node)
  }

  private mutating func arithmetic(
    _ arithmetic: Meaning.Arithmetic, _ a: NodeIndex, _ b: NodeIndex
  ) -> Int {
    if isGain(arithmetic, b), let normal = normalization(a) { return normal }
    if isConstant(b) {
      if arithmetic == .add, case .number(let value) = meanings(b), value < 0 {
        return add(.function, "− " + numberText(-value), of: (a, .plain))
      }
      return add(.function, arithmetic.sign + text(b), of: (a, .plain))
    }
    if isConstant(a) {
      let label =
        switch arithmetic {
        case .subtract, .divide: text(a) + arithmetic.sign
        default: arithmetic.sign + text(a)
        }
      return add(.function, label, of: (b, .plain))
    }
    switch arithmetic {
    case .subtract: return add(.operation, "+", of: (a, .plain), (b, .negative))
    case .divide: return add(.operation, "×", of: (a, .plain), (b, .divisor))
    default:
      return add(
        .operation, arithmetic.sign.filter { $0 != " " }, of: (a, .plain), (b, .plain))
    }
  }

  /// Whether a value is only scaled or shifted by what is learnt.
  private func isGain(_ arithmetic: Meaning.Arithmetic, _ b: NodeIndex) -> Bool {
    guard arithmetic == .multiply || arithmetic == .add, case .parameter = meanings(b) else {
      return false
    }
    return true
  }

  /// A normalisation, whose own gain and shift are not drawn.
  private mutating func normalization(_ node: NodeIndex) -> Int? {
    guard writer.symbols[node] == nil else { return nil }
    switch meanings(node) {
    case .normalized: return block(node)
    case .arithmetic(let arithmetic, let a, let b) where isGain(arithmetic, b):
      return normalization(a)
    default: return nil
    }
  }

  /// Whether a value is made of numbers and of what is learnt alone.
  private func isConstant(_ node: NodeIndex) -> Bool {
    switch meanings(node) {
    case .parameter, .number, .size: true
    case .input, .state, .mask, .schedule, .affine, .normalizedMap: false
    case let meaning: meanings.operands(of: meaning).allSatisfy(isConstant)
    }
  }

  private mutating func text(_ node: NodeIndex) -> String {
    let expression = writer.expression(node)
    if case .symbol(.previous(let name)) = expression { return name }
    return expression.text(.quotient)
  }
}

// MARK: - Layers

extension DiagramBuilder {
  /// What a layer's sum is made of.
  private enum Term {
    case matrices([NodeIndex], isNormalized: Bool)
    case peephole(NodeIndex)
    case learnt
    case value(NodeIndex, isNegative: Bool)
  }

  /// A function of a sum in which there are products with matrices, or such a sum by itself.
  private mutating func layer(_ node: NodeIndex) -> Int? {
    if case .function(let function, let a) = meanings(node), writer.symbols[a] == nil,
      let layer = layer(summing: a, label: function.label)
    {
      return layer
    }
    return layer(summing: node, label: "W")
  }

  private mutating func layer(summing node: NodeIndex, label: String) -> Int? {
    let terms = self.terms(of: node, isWhole: true)
    var seen: [Int] = []
    var isNormalized = false
    var hasMatrices = false
    for case .matrices(let nodes, let normalized) in terms {
      hasMatrices = true
      isNormalized = isNormalized || normalized
      for node in nodes {
        let source = block(node)
        if !seen.contains(source) { seen.append(source) }
      }
    }
    guard hasMatrices else { return nil }
    var others: [(Int, Wire.Role)] = []
    for term in terms {
      switch term {
      case .peephole(let node): others.append((block(node), .peephole))
      case .value(let node, let isNegative):
        others.append((block(node), isNegative ? .negative : .plain))
      case .matrices, .learnt: break
      }
    }
    let index = add(.layer(isNormalized: isNormalized), label)
    sources.append((index, seen))
    wires += others.map { Wire(from: $0.0, to: index, role: $0.1) }
    return index
  }

  private func terms(of node: NodeIndex, isWhole: Bool = false) -> [Term] {
    let whole = [Term.value(node, isNegative: false)]
    guard isWhole || writer.symbols[node] == nil else { return whole }
    switch meanings(node) {
    case .affine(let map, _):
      let terms = cell.graph.affineMaps[map].terms
      return terms.isEmpty
        ? [.learnt] : [.matrices(terms.map { meanings.plain($0.source) }, isNormalized: false)]
    case .normalizedMap(let map, _, _):
      let terms = cell.graph.affineMaps[map].terms
      return [.matrices(terms.map { meanings.plain($0.source) }, isNormalized: true)]
    case .parameter: return [.learnt]
    case .arithmetic(.add, let a, let b):
      if isNumber(a) || isNumber(b) { return whole }
      return terms(of: a) + terms(of: b)
    case .arithmetic(.subtract, let a, let b):
      if isNumber(a) || isNumber(b) { return whole }
      return terms(of: a) + [.value(b, isNegative: true)]
    case .arithmetic(.multiply, let a, let b):
      return product(a, b) ?? product(b, a) ?? whole
    default: return whole
    }
  }

  /// What is learnt times a given value, or a gain behind a normalised product.
  private func product(_ a: NodeIndex, _ b: NodeIndex) -> Term? {
    guard case .parameter = meanings(a) else { return nil }
    if case .normalizedMap = meanings(b), writer.symbols[b] == nil { return terms(of: b)[0] }
    switch meanings(b) {
    case .parameter, .number, .size: return nil
    case let meaning where meaning.isGiven || writer.symbols[b] != nil: return .peephole(b)
    default: return nil
    }
  }

  private func product(_ a: NodeIndex, _ b: NodeIndex) -> [Term]? {
    let term: Term? = product(a, b)
    return term.map { [$0] }
  }

  private func isNumber(_ node: NodeIndex) -> Bool {
    if case .number = meanings(node) { true } else { false }
  }

  // MARK: Joins

  /// Vectors that several layers see together are joined first; smaller sets within larger ones.
  private mutating func joinSources() {
    let sets = Set(sources.map { Set($0.blocks) }).filter { $0.count > 1 }
    let ordered = sets.map { $0.sorted() }.sorted {
      $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count < $1.count
    }.map { Set($0) }
    var joins: [(set: Set<Int>, block: Int)] = []
    for set in ordered {
      let uses = sources.count { Set($0.blocks) == set }
      let isPart = ordered.contains { $0.count > set.count && $0.isSuperset(of: set) }
      guard uses > 1 || isPart || set.allSatisfy({ blocks[$0].kind.isGiven }) else { continue }
      let parts = parts(of: set, joins)
      let join = add(.join, "")
      wires += parts.map { Wire(from: $0, to: join, role: .plain) }
      joins.append((set, join))
    }
    for (layer, blocks) in sources {
      for part in parts(of: Set(blocks), joins) {
        wires.append(Wire(from: part, to: layer, role: .plain))
      }
    }
  }

  /// The joins and single blocks that a set is put together from.
  private func parts(of set: Set<Int>, _ joins: [(set: Set<Int>, block: Int)]) -> [Int] {
    var rest = set
    var parts: [Int] = []
    for join in joins.reversed() where join.set.isSubset(of: rest) {
      rest.subtract(join.set)
      parts.append(join.block)
    }
    return parts + rest.sorted()
  }
}

extension CellDiagram.Block.Kind {
  fileprivate var isGiven: Bool {
    switch self {
    case .previous, .input: true
    default: false
    }
  }
}

extension Meaning.Function {
  fileprivate var label: String {
    switch self {
    case .sigmoid: "σ"
    case .logSigmoid: "log σ"
    case .negativeLogSigmoid: "−log σ"
    case .sqrt: "√"
    case .abs: "| |"
    case .floor: "⌊ ⌋"
    default: rawValue
    }
  }
}

extension Meaning.Arithmetic {
  /// As it stands before a number.
  fileprivate var sign: String {
    switch self {
    case .add: "+ "
    case .subtract: "− "
    case .multiply: "× "
    case .divide: "÷ "
    case .max: "max "
    case .min: "min "
    }
  }
}
