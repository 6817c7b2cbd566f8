/// Where everything in a diagram stands, in units of its grid.
package struct DiagramLayout: Sendable {
  /// A block's rectangle.
  package struct Frame: Hashable, Sendable {
    package var center: GridPoint
    package var halfWidth: Int
    package var halfHeight: Int

    var columns: ClosedRange<Int> { center.x - halfWidth...center.x + halfWidth }
    var rows: ClosedRange<Int> { center.y - halfHeight...center.y + halfHeight }

    package func overlaps(_ other: Frame) -> Bool {
      columns.overlaps(other.columns) && rows.overlaps(other.rows)
    }
  }

  /// Of the blocks, in their order.
  package private(set) var frames: [Frame] = []
  /// Of the wires, in their order: the corners, ends included.
  package private(set) var routes: [[GridPoint]] = []
  /// Blocks that stand on belts.
  package private(set) var isOnBelt: [Bool] = []
  /// Wires that are pieces of belts.
  package private(set) var beltWires: Set<CellDiagram.Wire> = []
  package private(set) var width = 0
  package private(set) var height = 0
  /// The rectangle that stands for the cell.
  package private(set) var body = Frame(center: GridPoint(x: 0, y: 0), halfWidth: 0, halfHeight: 0)

  init(blocks: [CellDiagram.Block], wires: [CellDiagram.Wire], states: [CellState]) {
    let placement = DiagramPlacement(blocks: blocks, wires: wires, states: states)
    isOnBelt = blocks.indices.map(placement.isOnBelt)
    beltWires = placement.beltWires
    setFrames(blocks, wires, placement)
    route(blocks, wires)
  }

  // MARK: Places

  private enum Space {
    static let betweenColumns = 5
    static let betweenRows = 8
    static let betweenBelts = 7
    static let belowLayers = 8
    static let betweenLanes = 4
    static let margin = 3
  }

  private mutating func setFrames(
    _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire], _ placement: DiagramPlacement
  ) {
    frames = blocks.map { block in
      let (halfWidth, halfHeight) = block.halfSize
      return Frame(center: GridPoint(x: 0, y: 0), halfWidth: halfWidth, halfHeight: halfHeight)
    }
    for block in blocks.indices where blocks[block].kind == .join {
      // A port for each of what is joined.
      frames[block].halfHeight = max(2, wires.count { $0.to == block } / 2 + 1)
    }
    let rows = rowHeights(placement)
    setColumns(blocks, wires, placement)
    for (block, place) in placement.places where place.row >= 0 {
      frames[block].center.y = rows[place.row]
    }
    setLanes(blocks, wires, placement, rows)
  }

  /// The height of each row, the layers' first, counted from the top.
  private func rowHeights(_ placement: DiagramPlacement) -> [Int] {
    var y = Space.margin + 8
    var rows: [Int] = []
    let lowestBelt = placement.rowCount - placement.belts.count
    for row in (0..<placement.rowCount).reversed() {
      rows.append(y)
      y += row > lowestBelt ? Space.betweenBelts : Space.betweenRows
      if row == lowestBelt || row == 1 { y += 2 }
    }
    return rows.reversed()
  }

  private mutating func setColumns(
    _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire], _ placement: DiagramPlacement
  ) {
    let leftLabels = blocks.indices.filter { blocks[$0].kind.isPrevious }
    let labelWidth = 2 * (leftLabels.map { frames[$0].halfWidth }.max() ?? 1)
    var x = Space.margin + labelWidth
    for block in leftLabels { frames[block].center.x = x - frames[block].halfWidth }
    let bodyStart = x - 1
    x += 3
    let busInputs = blocks.indices.filter { placement.isBusInput($0) }
    let free = setBusInputs(busInputs, blocks, wires, placement)
    for block in free {
      frames[block].center.x = x + frames[block].halfWidth
      x += 2 * frames[block].halfWidth + Space.betweenColumns
    }
    let first = placement.places.values.map(\.column).min() ?? 0
    for column in min(first, 0)..<placement.columnCount {
      let here = placement.places.filter { $0.value.column == column }.map(\.key)
      let half = here.map { frames[$0].halfWidth }.max() ?? 1
      for block in here { frames[block].center.x = x + half }
      x += 2 * half + Space.betweenColumns
    }
    for (input, join) in joined(busInputs, blocks, wires) {
      frames[input].center.x = frames[join].center.x
    }
    for block in blocks.indices where blocks[block].kind == .output {
      frames[block].center.x = x + 1
    }
    x += 4
    // Ends of an even distance, so that the middle is a point of the grid.
    x += (x + 1 - bodyStart) % 2
    body.center.x = (bodyStart + x + 1) / 2
    body.halfWidth = body.center.x - bodyStart
    for block in blocks.indices where blocks[block].kind.isNext {
      frames[block].center.x = x + frames[block].halfWidth
      width = max(width, x + 2 * frames[block].halfWidth + Space.margin)
    }
  }

  /// Inputs that do not stand below a join.
  private func setBusInputs(
    _ inputs: [Int], _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire],
    _ placement: DiagramPlacement
  ) -> [Int] {
    let joined = Set(joined(inputs, blocks, wires).map(\.input))
    return inputs.filter { !joined.contains($0) }
  }

  /// Inputs with the join below which they stand, one each.
  private func joined(
    _ inputs: [Int], _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire]
  ) -> [(input: Int, join: Int)] {
    var used: Set<Int> = []
    var pairs: [(Int, Int)] = []
    for wire in wires where inputs.contains(wire.from) && blocks[wire.to].kind == .join {
      if used.isDisjoint(with: [wire.from, wire.to]) {
        used.formUnion([wire.from, wire.to])
        pairs.append((wire.from, wire.to))
      }
    }
    return pairs
  }

  /// The lanes below the layers, and the ends of belts and lanes.
  private mutating func setLanes(
    _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire], _ placement: DiagramPlacement,
    _ rows: [Int]
  ) {
    var laneOfState: [Int: Int] = [:]
    for (belt, (state, _)) in placement.belts.enumerated() {
      laneOfState[state] = rows[placement.row(ofBelt: belt)]
    }
    var y = rows[0] + Space.belowLayers
    func lane() -> Int {
      defer { y += Space.betweenLanes }
      return y
    }
    var hasJoinLane: Set<Int> = []
    for block in blocks.indices {
      guard case .previous(let state) = blocks[block].kind, laneOfState[state] == nil else {
        continue
      }
      laneOfState[state] = lane()
      // The first join that the state goes into stands in its lane.
      let join = wires.first { $0.from == block && blocks[$0.to].kind == .join }?.to
      if let join, placement.places[join]?.row == -1, hasJoinLane.insert(join).inserted {
        frames[join].center.y = laneOfState[state]!
      }
    }
    for (block, place) in placement.places where place.row < 0 && !hasJoinLane.contains(block) {
      frames[block].center.y = 0
    }
    let joins = placement.places.filter { $0.value.row < 0 && !hasJoinLane.contains($0.key) }
    for join in joins.keys.sorted() {
      let inner = wires.first { $0.to == join && blocks[$0.from].kind == .join }?.from
      frames[join].center.y = inner.map { frames[$0].center.y } ?? lane()
    }
    for block in blocks.indices {
      switch blocks[block].kind {
      case .previous(let state):
        frames[block].center.y = laneOfState[state]!
        spread(block, laneOfState[state]!, blocks, wires, placement)
      case .next(let state):
        if laneOfState[state] == nil { laneOfState[state] = lane() }
        frames[block].center.y = laneOfState[state]!
      default: break
      }
    }
    let bottom = max(y - Space.betweenLanes, rows[0]) + 7
    for block in blocks.indices {
      switch blocks[block].kind {
      case .input: frames[block].center.y = bottom
      case .output: frames[block].center.y = Space.margin
      default: break
      }
    }
    height = bottom + 3
    let base = bottom - 2
    let top = Space.margin + 2 + (base - Space.margin) % 2
    body.center.y = (top + base) / 2
    body.halfHeight = body.center.y - top
  }

  /// Makes a join as high as the lanes that run into it.
  private mutating func spread(
    _ state: Int, _ lane: Int, _ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire],
    _ placement: DiagramPlacement
  ) {
    let belts = Set(placement.belts.map(\.state))
    if case .previous(let index) = blocks[state].kind, belts.contains(index) { return }
    for wire in wires where wire.from == state && placement.places[wire.to]?.row == -1 {
      let rows = frames[wire.to].rows
      let (top, base) = (min(rows.lowerBound, lane - 2), max(rows.upperBound, lane + 2))
      frames[wire.to].halfHeight = (base - top) / 2
      frames[wire.to].center.y = top + frames[wire.to].halfHeight
    }
  }

  // MARK: Wires

  private mutating func route(_ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire]) {
    var router = WireRouter(width: width, height: height)
    for (frame, block) in zip(frames, blocks) {
      router.block(x: frame.columns, y: frame.rows)
      if block.name != nil, block.kind.isLayer {
        router.block(
          x: frame.columns.lowerBound...frame.center.x - 1,
          y: frame.rows.lowerBound - 2...frame.rows.lowerBound)
      }
    }
    routes = wires.map { _ in [] }
    for index in order(blocks, wires) {
      let wire = wires[index]
      let isBelt = beltWires.contains(wire)
      let sources = frames[wire.from].ports(
        out: blocks[wire.from].kind, isBelt: isBelt || isOnBelt[wire.from])
      let targets = frames[wire.to].ports(
        in: blocks[wire.to].kind, role: wire.role, isBelt: isBelt, hasBelt: isOnBelt[wire.to])
      routes[index] = router.route(wire.from, from: sources, to: targets) ?? []
    }
  }

  /// Belts first, then what joins, the short before the long, and peepholes last.
  private func order(_ blocks: [CellDiagram.Block], _ wires: [CellDiagram.Wire]) -> [Int] {
    func rank(_ wire: CellDiagram.Wire) -> Int {
      if beltWires.contains(wire) { return 0 }
      if wire.role == .peephole { return 4 }
      if blocks[wire.to].kind == .join { return 1 }
      return blocks[wire.to].kind.isNext ? 3 : 2
    }
    func length(_ wire: CellDiagram.Wire) -> Int {
      let (a, b) = (frames[wire.from].center, frames[wire.to].center)
      // What can go straight does.
      return a.x == b.x ? 0 : abs(a.x - b.x) + abs(a.y - b.y)
    }
    return wires.indices.sorted { a, b in
      let (first, second) = (wires[a], wires[b])
      return (rank(first), length(first), a) < (rank(second), length(second), b)
    }
  }
}

// MARK: - Sizes and ports

extension CellDiagram.Block.Kind {
  var isPrevious: Bool { if case .previous = self { true } else { false } }
  var isNext: Bool { if case .next = self { true } else { false } }
  var isLayer: Bool { if case .layer = self { true } else { false } }
}

extension CellDiagram.Block {
  /// Half the width and half the height, in the grid's units.
  fileprivate var halfSize: (Int, Int) {
    switch kind {
    case .previous, .next: (max(5, (label.count * 9 + 70) / 16), 1)
    case .input, .output: (max(2, (label.count * 8 + 14) / 16), 3)
    case .join: (1, 2)
    case .layer: (max(3, (label.count * 9 + 22) / 16), 2)
    case .function: (max(2, (label.count * 8 + 26) / 16), 2)
    case .operation: (2, 2)
    case .choice: (3, 2)
    }
  }
}

extension DiagramLayout.Frame {
  private func port(_ direction: Direction, at offset: Int = 0, cost: Int = 0) -> Port {
    let step = direction.step
    let edge = direction.isHorizontal ? halfWidth : halfHeight
    let point =
      direction.isHorizontal
      ? GridPoint(x: center.x + step.x * edge, y: center.y + offset)
      : GridPoint(x: center.x + offset, y: center.y + step.y * edge)
    return Port(point: point, direction: direction, cost: cost)
  }

  fileprivate func ports(out kind: CellDiagram.Block.Kind, isBelt: Bool) -> [Port] {
    switch kind {
    case .previous: [port(.right)]
    case .input: [port(.up)]
    case .join: [port(.right)]
    case .layer: [port(.up), port(.right, cost: 40)]
    case .function, .operation, .choice:
      isBelt
        ? [port(.right)]
        : [port(.right, cost: 10), port(.up), port(.down, cost: 30), port(.left, cost: 80)]
    case .next, .output: []
    }
  }

  fileprivate func ports(
    in kind: CellDiagram.Block.Kind, role: CellDiagram.Wire.Role, isBelt: Bool, hasBelt: Bool
  ) -> [Port] {
    switch kind {
    case .next: return [port(.left)]
    case .output: return [port(.down)]
    case .join:
      let heights = 1 - halfHeight...halfHeight - 1
      return heights.map { port(.left, at: $0, cost: abs($0) * 2) } + [port(.down)]
    case .layer:
      let isPeephole = role == .peephole
      return [-2, 0, 2].map { port(.down, at: $0, cost: abs($0) * 30 + (isPeephole ? 40 : 0)) }
        + [-1, 0, 1].map { port(.left, at: $0, cost: abs($0) * 20 + (isPeephole ? 50 : 120)) }
        + [port(.up, at: 2, cost: isPeephole ? 0 : 250)]
        + [-1, 0, 1].map { port(.right, at: $0, cost: abs($0) * 20 + (isPeephole ? 60 : 250)) }
    case .function, .operation:
      if isBelt { return [port(.left)] }
      let vertical = [port(.down), port(.up, cost: 10)]
      return hasBelt ? vertical : vertical + [port(.left, cost: 5), port(.right, cost: 60)]
    case .choice:
      if isBelt { return [port(.left)] }
      let vertical = [
        port(.down), port(.down, at: -2, cost: 5), port(.down, at: 2, cost: 15),
        port(.up, cost: 20),
      ]
      return hasBelt ? vertical : vertical + [port(.left, cost: 5)]
    case .previous, .input: return []
    }
  }
}
