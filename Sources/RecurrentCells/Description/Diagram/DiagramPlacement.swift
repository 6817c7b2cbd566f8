/// Puts the blocks of a diagram into columns and rows.
///
/// Layers stand in the lowest row, a column each. An operation stands above what it is made of, as
/// far left as its operands allow. A state that is carried on element by element has a row of its
/// own at the top, its belt, in which the operations on the way stand.
struct DiagramPlacement {
  typealias Block = CellDiagram.Block
  typealias Wire = CellDiagram.Wire

  struct Place: Hashable {
    var column: Int
    var row: Int
  }

  /// Of the blocks in the grid. Row 0 is that of the layers, belts are above all others; columns
  /// below 0 are those of joins.
  private(set) var places: [Int: Place] = [:]
  /// Of each belt, from the top, the operations on the way, and its state.
  private(set) var belts: [(state: Int, blocks: [Int])] = []
  /// The wires that are pieces of belts.
  private(set) var beltWires: Set<Wire> = []
  private(set) var columnCount = 0

  private let blocks: [Block]
  private let wires: [Wire]
  private let incoming: [[Wire]]
  private var taken: [Place: Int] = [:]
  private var beltOf: [Int: Int] = [:]

  init(blocks: [Block], wires: [Wire], states: [CellState]) {
    self.blocks = blocks
    self.wires = wires
    var incoming = blocks.map { _ in [Wire]() }
    for wire in wires { incoming[wire.to].append(wire) }
    self.incoming = incoming
    findBelts(states)
    placeJoins()
    for index in sinks { for wire in incoming[index] { place(wire.from) } }
    compressRows()
  }

  // MARK: Belts

  private var sinks: [Int] {
    let next = blocks.indices.filter { if case .next = blocks[$0].kind { true } else { false } }
    let onBelt = Set(belts.map(\.state))
    let first = next.filter { isNext(blocks[$0].kind, of: onBelt) }
    return first + next.filter { !first.contains($0) }
      + blocks.indices.filter { blocks[$0].kind == .output }
  }

  private func isNext(_ kind: Block.Kind, of states: Set<Int>) -> Bool {
    if case .next(let state) = kind { states.contains(state) } else { false }
  }

  /// Clocks first, then the other states in their order.
  private mutating func findBelts(_ states: [CellState]) {
    let order =
      states.indices.filter { states[$0].isClock } + states.indices.filter { !states[$0].isClock }
    for state in order {
      guard let start = blocks.firstIndex(where: { $0.kind == .previous(state: state) }),
        let end = blocks.firstIndex(where: { $0.kind == .next(state: state) }),
        let path = shortestPath(from: start, to: incoming[end][0].from)
      else { continue }
      for block in path { beltOf[block] = belts.count }
      belts.append((state, path))
      let stations = [start] + path + [end]
      for (from, to) in zip(stations, stations.dropFirst()) {
        let piece = wires.firstIndex {
          $0.from == from && $0.to == to && $0.role != .condition && !beltWires.contains($0)
        }
        if let piece { beltWires.insert(wires[piece]) }
      }
    }
  }

  /// The shortest way element by element, without its start; nil where there is none.
  private func shortestPath(from start: Int, to end: Int) -> [Int]? {
    var known: [Int: [Int]?] = [start: []]
    func path(_ block: Int) -> [Int]? {
      if let path = known[block] { return path }
      var shortest: [Int]?
      if isPointwise(block), beltOf[block] == nil {
        for wire in incoming[block] where wire.role != .condition {
          guard let before = path(wire.from) else { continue }
          if before.count + 1 < shortest?.count ?? .max { shortest = before + [block] }
        }
      }
      known[block] = .some(shortest)
      return shortest
    }
    return path(end)
  }

  private func isPointwise(_ block: Int) -> Bool {
    switch blocks[block].kind {
    case .function, .operation, .choice: true
    default: false
    }
  }

  // MARK: Joins

  private func isTerminal(_ block: Int) -> Bool {
    switch blocks[block].kind {
    case .previous, .next, .output: true
    case .input: isBusInput(block)
    default: false
    }
  }

  /// Whether an input is seen by matrices alone.
  func isBusInput(_ block: Int) -> Bool {
    blocks[block].kind == .input
      && wires.allSatisfy { wire in
        guard wire.from == block else { return true }
        switch blocks[wire.to].kind {
        case .join, .layer: return wire.role == .plain
        default: return false
        }
      }
  }

  /// Joins of what comes in stand at the left, below the layers.
  private mutating func placeJoins() {
    var joins: [Int] = []
    for (index, block) in blocks.enumerated() where block.kind == .join {
      if incoming[index].allSatisfy({ isTerminal($0.from) || joins.contains($0.from) }) {
        joins.append(index)
      }
    }
    for (index, join) in joins.enumerated() {
      places[join] = Place(column: index - joins.count, row: -1)
    }
  }

  // MARK: The grid

  private mutating func put(_ block: Int, _ place: Place) {
    places[block] = place
    taken[place] = block
    columnCount = max(columnCount, place.column + 1)
  }

  private mutating func place(_ block: Int) {
    guard places[block] == nil, !isTerminal(block) else { return }
    switch blocks[block].kind {
    case .layer, .join, .input:
      for wire in incoming[block] { place(wire.from) }
      put(block, Place(column: columnCount, row: 0))
    case .function, .operation, .choice: placeOperation(block)
    case .previous, .next, .output: break
    }
  }

  private mutating func placeOperation(_ block: Int) {
    let hung = hanging(from: block)
    for wire in incoming[block] where wire.from != hung.first { place(wire.from) }
    if let last = hung.last { for wire in incoming[last] { place(wire.from) } }
    let operands = incoming[block].map(\.from)
    let row = beltOf[block].map { Self.beltRow - $0 } ?? 1 + (operands.map(height).max() ?? 0)
    var column = operands.map { firstColumn(after: $0) }.max() ?? columnCount
    while !isFree(Place(column: column, row: row), for: block, hung: hung) { column += 1 }
    put(block, Place(column: column, row: row))
    for (index, hung) in hung.enumerated() {
      put(hung, Place(column: column, row: row + 1 + index))
    }
  }

  /// The row of the uppermost belt, above all that can come to stand below.
  private static let beltRow = 1_000_000

  private func height(_ block: Int) -> Int {
    guard beltOf[block] == nil, let place = places[block] else { return 0 }
    return max(place.row, 0)
  }

  /// What belts give comes down a column further right.
  private func firstColumn(after block: Int) -> Int {
    guard let place = places[block] else {
      return incoming[block].map { firstColumn(after: $0.from) }.max() ?? 0
    }
    return beltOf[block] == nil ? max(place.column, 0) : place.column + 1
  }

  /// An operand that is made of belts alone hangs down from them onto the operation that uses it,
  /// and it may hang on another.
  private func hanging(from block: Int) -> [Int] {
    guard beltOf[block] == nil else { return [] }
    let candidates = incoming[block].map(\.from).filter { places[$0] == nil && hangs($0) }
    let others = incoming[block].contains { !hangs($0.from) && !isTerminal($0.from) }
    guard others, var last = candidates.first else { return [] }
    var chain = [last]
    while incoming[last].count == 1, hangs(incoming[last][0].from),
      places[incoming[last][0].from] == nil
    {
      last = incoming[last][0].from
      chain.append(last)
    }
    return chain
  }

  private func hangs(_ block: Int) -> Bool {
    guard isPointwise(block), beltOf[block] == nil else { return false }
    if incoming[block].count == 1, hangs(incoming[block][0].from) { return true }
    return incoming[block].allSatisfy { wire in
      if case .previous = blocks[wire.from].kind { return true }
      return beltOf[wire.from] != nil
    }
  }

  /// Whether an operation can stand at a place and see, straight down, one of its operands or
  /// nothing, and does not stand between others.
  private func isFree(_ place: Place, for block: Int, hung: [Int]) -> Bool {
    let column = taken.filter { $0.key.column == place.column }
    if column[place] != nil { return false }
    let above = column.filter { $0.key.row > place.row }
    if !hung.isEmpty, above.keys.contains(where: { $0.row < Self.belowBelts }) { return false }
    let stands = above.values.contains { other in
      incoming[other].contains { wire in
        places[wire.from].map { $0.column == place.column && $0.row < place.row } ?? false
      }
    }
    if stands { return false }
    let isOperand = Set(incoming[block].map(\.from))
    let below = column.filter { $0.key.row < place.row }.max { $0.key.row < $1.key.row }
    return below.map { isOperand.contains($0.value) } ?? true
  }

  private static let belowBelts = beltRow / 2

  /// Rows without gaps.
  private mutating func compressRows() {
    let rows = Set(places.values.map(\.row)).union(belts.indices.map { Self.beltRow - $0 })
    let used = rows.filter { $0 >= 0 }.union([0]).sorted()
    for (block, place) in places where place.row >= 0 {
      places[block] = Place(column: place.column, row: used.firstIndex(of: place.row)!)
    }
    rowCount = used.count
  }

  /// Of the layers, the operations and the belts.
  private(set) var rowCount = 1

  /// The row of a belt, of which 0 is the uppermost.
  func row(ofBelt belt: Int) -> Int { rowCount - 1 - belt }

  func isOnBelt(_ block: Int) -> Bool { beltOf[block] != nil }
}
