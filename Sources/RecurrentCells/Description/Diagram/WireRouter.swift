/// A point of the drawing's grid.
package struct GridPoint: Hashable, Sendable {
  package var x: Int
  package var y: Int

  static func + (a: GridPoint, b: GridPoint) -> GridPoint { GridPoint(x: a.x + b.x, y: a.y + b.y) }
}

/// Where a wire may meet a block.
struct Port {
  let point: GridPoint
  /// Away from the block.
  let direction: Direction
  let cost: Int
}

enum Direction: Int, CaseIterable {
  case right, down, left, up

  var step: GridPoint {
    switch self {
    case .right: GridPoint(x: 1, y: 0)
    case .down: GridPoint(x: 0, y: 1)
    case .left: GridPoint(x: -1, y: 0)
    case .up: GridPoint(x: 0, y: -1)
    }
  }

  var isHorizontal: Bool { self == .left || self == .right }
  var opposite: Direction { Direction(rawValue: (rawValue + 2) % 4)! }
}

/// Finds ways for wires on a grid, around blocks and with few bends and crossings.
///
/// Wires of one signal share their ways and branch; those of others only cross, at right angles.
struct WireRouter {
  /// The least costly way is taken (Dijkstra 1959).
  private enum Cost {
    static let step = 100
    static let stepBack = 140
    /// Along a wire of the same signal, which makes trunks, horizontal ones rather than vertical.
    static let sharedAcross = 95
    static let sharedUpright = 101
    static let sharedBend = 50
    /// Added to a step close to a block.
    static let closeness = 90
    static let bend = 600
    static let crossing = 900
    static let overlap = 50_000
    /// What a port's cost is counted in.
    static let port = 10
  }

  private let width: Int
  private let height: Int
  private var isBlocked: [Bool]
  private var isClose: [Bool]
  /// The signals that pass each point horizontally, and vertically.
  private var horizontal: [Int?]
  private var vertical: [Int?]
  /// Points of each signal's wires, and where they come out.
  private var trees: [Int: Set<GridPoint>] = [:]
  private var exits: [Int: Port] = [:]
  private var usedPorts: Set<GridPoint> = []

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    isBlocked = Array(repeating: false, count: width * height)
    isClose = isBlocked
    horizontal = Array(repeating: nil, count: width * height)
    vertical = horizontal
  }

  private func index(_ point: GridPoint) -> Int? {
    guard (0..<width).contains(point.x), (0..<height).contains(point.y) else { return nil }
    return point.y * width + point.x
  }

  /// Keeps wires off a rectangle, its border included, and if possible at a distance.
  mutating func block(x: ClosedRange<Int>, y: ClosedRange<Int>) {
    let distance = 2
    for row in y.lowerBound - distance...y.upperBound + distance {
      for column in x.lowerBound - distance...x.upperBound + distance {
        guard let index = index(GridPoint(x: column, y: row)) else { continue }
        isClose[index] = true
        if x.contains(column), y.contains(row) { isBlocked[index] = true }
      }
    }
  }

  /// The corners of a way for a signal from one of the ports that it comes out of, or from a wire
  /// that it has already, to one of the ports that it may go into; nil where there is none.
  mutating func route(_ signal: Int, from sources: [Port], to targets: [Port]) -> [GridPoint]? {
    let targets = targets.filter { !usedPorts.contains($0.point) }
    let exit = exits[signal].map { [$0] }
    let open = exit ?? sources.filter { !usedPorts.contains($0.point) }
    guard let way = search(signal, from: open, to: targets) else { return nil }
    if exit == nil { exits[signal] = open.first { $0.point == way[0] } }
    let branch = branch(of: way, signal)
    mark(way, signal)
    return corners(branch)
  }

  // MARK: Searching

  private struct Candidate {
    let cost: Int
    /// Makes the order of equal costs the order in which they were found.
    let number: Int
    let state: Int
    let before: Int
  }

  private func search(
    _ signal: Int, from sources: [Port], to targets: [Port]
  ) -> [GridPoint]? {
    var heap = Heap()
    var before = [Int](repeating: -2, count: width * height * 4)
    for port in sources {
      let state = index(port.point)! * 4 + port.direction.rawValue
      heap.push(cost: port.cost * Cost.port, state: state, before: -1)
    }
    let goals = Dictionary(
      targets.map { port in
        (index(port.point)! * 4 + port.direction.opposite.rawValue, port.cost * Cost.port)
      },
      uniquingKeysWith: { first, _ in first })
    while let next = heap.pop() {
      let state = next.state < 0 ? -next.state - 1 : next.state
      if next.state < 0 {
        // Its port's cost is paid.
        return way(to: state, before)
      }
      if before[state] != -2 { continue }
      before[state] = next.before
      if let cost = goals[state], next.before != -1 {
        heap.push(cost: next.cost + cost, state: -state - 1, before: next.before)
        continue
      }
      let direction = Direction(rawValue: state % 4)!
      let here = GridPoint(x: state / 4 % width, y: state / 4 / width)
      if next.before != -1, isOpen(state / 4, signal) {
        let point = state / 4
        let isShared = horizontal[point] == signal && vertical[point] == signal
        for turned in Direction.allCases where turned.isHorizontal != direction.isHorizontal {
          heap.push(
            cost: next.cost + (isShared ? Cost.sharedBend : Cost.bend),
            state: state / 4 * 4 + turned.rawValue, before: state)
        }
      }
      let there = here + direction.step
      guard let index = index(there) else { continue }
      let arrival = index * 4 + direction.rawValue
      if isBlocked[index], goals[arrival] == nil { continue }
      heap.push(
        cost: next.cost + stepCost(to: index, direction, signal), state: arrival, before: state)
    }
    return nil
  }

  /// Whether a wire can bend here.
  private func isOpen(_ index: Int, _ signal: Int) -> Bool {
    (horizontal[index] ?? signal) == signal && (vertical[index] ?? signal) == signal
  }

  private func stepCost(to index: Int, _ direction: Direction, _ signal: Int) -> Int {
    let (along, across) =
      direction.isHorizontal
      ? (horizontal[index], vertical[index]) : (vertical[index], horizontal[index])
    if along == signal { return direction.isHorizontal ? Cost.sharedAcross : Cost.sharedUpright }
    var cost = direction == .left ? Cost.stepBack : Cost.step
    if isClose[index] { cost += Cost.closeness }
    if along != nil { cost += Cost.overlap }
    if let across, across != signal { cost += Cost.crossing }
    return cost
  }

  private func way(to state: Int, _ before: [Int]) -> [GridPoint] {
    var way: [GridPoint] = []
    var state = state
    while state >= 0 {
      let point = GridPoint(x: state / 4 % width, y: state / 4 / width)
      if way.last != point { way.append(point) }
      state = before[state]
    }
    return way.reversed()
  }

  // MARK: Ways that are taken

  private mutating func mark(_ way: [GridPoint], _ signal: Int) {
    for (a, b) in zip(way, way.dropFirst()) {
      for point in [a, b] {
        if a.y == b.y {
          horizontal[index(point)!] = signal
        } else {
          vertical[index(point)!] = signal
        }
      }
    }
    usedPorts.formUnion([way[0], way[way.count - 1]])
    trees[signal, default: []].formUnion(way)
  }

  /// The part of a way that is not taken by the signal already.
  private func branch(of way: [GridPoint], _ signal: Int) -> [GridPoint] {
    guard let tree = trees[signal] else { return way }
    let shared = way.prefix { tree.contains($0) }.count
    return Array(way.dropFirst(max(shared - 1, 0)))
  }

  private func corners(_ way: [GridPoint]) -> [GridPoint] {
    way.indices.filter { index in
      guard index > 0, index + 1 < way.count else { return true }
      let (a, b, c) = (way[index - 1], way[index], way[index + 1])
      return (b.x - a.x, b.y - a.y) != (c.x - b.x, c.y - b.y)
    }.map { way[$0] }
  }
}

extension WireRouter {
  /// Candidates, the least costly first.
  private struct Heap {
    private var items: [Candidate] = []
    private var count = 0

    mutating func push(cost: Int, state: Int, before: Int) {
      items.append(Candidate(cost: cost, number: count, state: state, before: before))
      count += 1
      var child = items.count - 1
      while child > 0, isLess(child, (child - 1) / 2) {
        items.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func pop() -> Candidate? {
      guard let first = items.first else { return nil }
      let last = items.removeLast()
      guard !items.isEmpty else { return first }
      items[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
          if isLess(child, least) { least = child }
        }
        if least == parent { return first }
        items.swapAt(parent, least)
        parent = least
      }
    }

    private func isLess(_ a: Int, _ b: Int) -> Bool {
      (items[a].cost, items[a].number) < (items[b].cost, items[b].number)
    }
  }
}
