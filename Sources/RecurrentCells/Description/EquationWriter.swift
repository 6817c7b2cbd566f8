/// Turns the values of a cell into equations.
struct EquationWriter {
  typealias NodeIndex = Graph.NodeIndex

  private let cell: Cell
  let meanings: Meanings
  private let names: SymbolNames
  /// Values with equations of their own.
  private(set) var symbols: [NodeIndex: Symbol] = [:]
  /// The symbols to be set and what to, in an order in which they can be computed.
  private var definitions: [(symbol: Symbol, node: NodeIndex)] = []
  /// The ε of the layer normalisations, as they occur.
  private var epsilons: [Double] = []

  init(_ cell: Cell) {
    self.cell = cell
    meanings = Meanings(of: cell)
    names = SymbolNames(of: cell)
    nameValues()
    nameShared()
    definitions = definitions.enumerated().sorted {
      ($0.element.node, $0.offset) < ($1.element.node, $1.offset)
    }.map(\.element)
  }

  private mutating func define(_ symbol: Symbol, _ node: NodeIndex) {
    definitions.append((symbol, node))
    if symbols[node] == nil, !meanings(node).isGiven { symbols[node] = symbol }
  }

  /// Named values, the states' next values, and the output if it is none of these.
  private mutating func nameValues() {
    for name in cell.names { define(.value(name.name), name.node) }
    for (state, node) in zip(cell.states, cell.nextStates) { define(.value(state.name), node) }
    if !definitions.contains(where: { $0.node == cell.output }) {
      define(.value(names.output), cell.output)
    }
  }

  /// The name of a state goes before another name of the same value.
  var output: Symbol {
    let state = zip(cell.states, cell.nextStates).first { $0.1 == cell.output }
    return state.map { .value($0.0.name) } ?? definitions.first { $0.node == cell.output }!.symbol
  }

  /// What is used more than once.
  private mutating func nameShared() {
    var uses: [NodeIndex: Int] = [:]
    var seen = Set(definitions.map(\.node))
    var waiting = Array(seen)
    while let node = waiting.popLast() {
      for operand in meanings.operands(of: meanings(node)) {
        uses[operand, default: 0] += 1
        if seen.insert(operand).inserted { waiting.append(operand) }
      }
    }
    let shared = uses.filter { node, count in
      count > 1 && symbols[node] == nil && !meanings(node).isGiven
    }
    for (index, node) in shared.keys.sorted().enumerated() {
      define(.shared(names.shared, index + 1), node)
    }
  }

  // MARK: Lines

  mutating func lines() -> [CellEquations.Line] {
    var lines: [CellEquations.Line] = []
    for (symbol, node) in definitions {
      // A second name of a value is equal to the first.
      let isFirst = symbols[node] == nil || symbols[node] == symbol
      let expression = isFirst ? definition(of: node) : .symbol(symbols[node]!)
      let shape = cell.graph.shape(of: node)
      lines.append(.init(symbol: symbol, expression: expression, shape: shape))
    }
    return lines
  }

  /// What a value is made of, whether it has a name or not; its shape is said beside the equation.
  private mutating func definition(of node: NodeIndex) -> Expression {
    if case .reshaped(let a) = meanings(node) { return expression(a) }
    return made(node)
  }

  /// A value as it stands in the equations of others.
  mutating func expression(_ node: NodeIndex) -> Expression {
    symbols[node].map { .symbol($0) } ?? made(node)
  }

  private mutating func made(_ node: NodeIndex) -> Expression {
    switch meanings(node) {
    case .input(let index):
      return .symbol(.value(index == 0 ? names.input : cell.inputs[index].name))
    case .state(let index): return .symbol(.previous(cell.states[index].name))
    case .parameter(let index): return parameter(index, section: nil)
    case .mask(let index): return .symbol(.value(cell.masks[index].name))
    case .schedule(let index): return .symbol(due(index))
    case .number(let value): return .number(value)
    case .size(let extent): return .size(extent)
    case .affine(let map, let section): return affine(map, section: section)
    case .normalized(let values, let position, let epsilon):
      let whole = Expression.call(normalization(epsilon), values.map { expression($0) })
      return values.count == 1 ? whole : .part("\(position + 1)", of: whole)
    case .normalizedMap(let map, let section, let epsilon):
      let whole = Expression.call(normalization(epsilon), [affine(map, section: nil)])
      let sections = cell.graph.affineMaps[map].sections
      return sections.count == 1 ? whole : .part(sections[section], of: whole)
    case .mean(let a, _): return .call(.mean, [expression(a)])
    case .sum(let a, let axis):
      let hasAxes = cell.graph.shape(of: a).count > 1
      return .call(.sum(axis: hasAxes ? axis : nil), [expression(a)])
    case .reshaped(let a): return .reshaped(expression(a), cell.graph.shape(of: node))
    case .outer(let a, let b): return .product(.outer, expression(a), expression(b))
    case .inner(let a, let b): return .product(.inner, expression(a), expression(b))
    case .applied(let a, let b): return .product(.matrix, expression(a), expression(b))
    case .function(.negativeLogSigmoid, let a):
      return .negative(.call(.function(.logSigmoid), [expression(a)]))
    case .function(let function, let a): return .call(.function(function), [expression(a)])
    case .negative(let a): return .negative(expression(a))
    case .arithmetic(let arithmetic, let a, let b): return self.arithmetic(arithmetic, a, b)
    case .clip(let a, let lower, let upper):
      return .call(.clip, [expression(a), .number(lower), .number(upper)])
    case .greater(let a, let b): return .comparison(expression(a), expression(b))
    case .choice(let condition, let a, let b):
      return .choice(
        expression(a), condition: self.condition(condition), otherwise: expression(b))
    }
  }

  private mutating func arithmetic(
    _ arithmetic: Meaning.Arithmetic, _ a: NodeIndex, _ b: NodeIndex
  ) -> Expression {
    let (left, right) = (expression(a), expression(b))
    switch arithmetic {
    case .add: return Self.sum(Self.terms(left) + Self.terms(right))
    case .subtract:
      if case .sum(let terms) = right, terms.count == 1, terms[0].isNegative {
        return Self.sum(Self.terms(left) + [.init(expression: terms[0].expression)])
      }
      return Self.sum(Self.terms(left) + [.init(isNegative: true, expression: right)])
    case .multiply:
      // The factor of fewer axes goes first.
      let isTurned = rank(a) > rank(b)
      let kind = min(rank(a), rank(b)) == 0 ? Expression.Product.scalar : .elements
      return isTurned ? .product(kind, right, left) : .product(kind, left, right)
    case .divide: return .quotient(left, right)
    case .max: return .call(.max, [left, right])
    case .min: return .call(.min, [left, right])
    }
  }

  /// How many axes of more than one element a value has.
  private func rank(_ node: NodeIndex) -> Int {
    if case .number = meanings(node) { return 0 }
    return meanings.axes(node).count
  }

  /// A sum that begins, if it can, with something that is not taken away.
  private static func sum(_ terms: [Expression.Term]) -> Expression {
    guard terms[0].isNegative, let first = terms.firstIndex(where: { !$0.isNegative }) else {
      return .sum(terms)
    }
    var terms = terms
    terms.insert(terms.remove(at: first), at: 0)
    return .sum(terms)
  }

  private static func terms(_ expression: Expression) -> [Expression.Term] {
    if case .sum(let terms) = expression { return terms }
    if case .number(let value) = expression, value < 0 {
      return [.init(isNegative: true, expression: .number(-value))]
    }
    return [.init(expression: expression)]
  }

  /// A condition holds where its value is above 0.
  private mutating func condition(_ node: NodeIndex) -> Expression {
    switch meanings(node) {
    case .greater where symbols[node] == nil, .schedule: return expression(node)
    default: return .comparison(expression(node), .number(0))
    }
  }

  /// A section of W₁ x₁ + b₁ + W₂ x₂ + b₂ + …, or all of it.
  private mutating func affine(_ index: Int, section: Int?) -> Expression {
    let map = cell.graph.affineMaps[index]
    let name = section.flatMap { map.sections.count > 1 ? map.sections[$0] : nil }
    var terms: [Expression] = []
    for (place, term) in map.terms.enumerated() {
      let source = expression(meanings.plain(term.source))
      terms.append(.product(.matrix, parameter(term.parameter, section: name), source))
      if map.biases.count == map.terms.count {
        terms.append(parameter(map.biases[place], section: name))
      }
    }
    if map.biases.count != map.terms.count {
      terms += map.biases.map { parameter($0, section: name) }
    }
    return terms.count == 1 ? terms[0] : .sum(terms.map { .init(expression: $0) })
  }

  private func parameter(_ index: Int, section: String?) -> Expression {
    .symbol(.parameter(names.parameters[index], section: section))
  }

  private func due(_ index: Int) -> Symbol { .due(cell.schedules.count > 1 ? index + 1 : nil) }

  private mutating func normalization(_ epsilon: Double) -> Expression.Call {
    if let known = epsilons.firstIndex(of: epsilon) { return .normalized(known) }
    epsilons.append(epsilon)
    return .normalized(epsilons.count - 1)
  }

  // MARK: Notes

  func notes(_ lines: [CellEquations.Line]) -> [CellEquations.Note] {
    var notes: [CellEquations.Note] = cell.inputs.dropFirst().map { input in
      let symbol = Symbol.value(input.name)
      return input.stateBelow.map { .stateBelow(symbol, state: $0) } ?? .furtherInput(symbol)
    }
    notes += epsilons.enumerated().map { .normalized($0, epsilon: $1) }
    notes += cell.schedules.enumerated().map { index, schedule in
      .due(due(index), schedule, clock: .previous(cell.states[schedule.clock].name))
    }
    notes += cell.masks.map { .mask(.value($0.name), $0) }
    if let shape = lines.map(\.shape).first(where: { $0.count > 1 }) {
      notes.append(.blocks(Array(shape.prefix(2))))
    }
    return notes
  }
}
