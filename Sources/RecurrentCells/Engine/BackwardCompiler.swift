import RecurrentCore

/// Decides what the backward pass keeps and what it computes again, where the kept values stand, and
/// which products wait until after the loop.
struct BackwardCompiler {
  let cell: Cell
  let size: ([Extent]) -> Int

  init(_ cell: Cell, size: @escaping ([Extent]) -> Int) {
    self.cell = cell
    self.size = size
  }

  func compile() -> (plan: CompiledCell.Backward, keptPlaces: [Graph.NodeIndex: Place]) {
    let adjoint = RecomputedAdjoint(cell, isKept: isKept)
    let kept = Set(adjoint.forwardValues.filter { lastingPlace($0) == nil })
      .union(matrixSources).sorted()

    // A kept gate stands in its section's place, where its gradient will overwrite it, as long as
    // nobody reads the gate after that.
    var places: [Graph.NodeIndex: Place] = [:]
    var candidates = sectionCandidates(kept)
    while true {
      places = Dictionary(
        uniqueKeysWithValues: kept.map { ($0, candidates[$0] ?? Place.kept($0)) })
      let (plan, reread) = plan(adjoint, places: places, kept: kept)
      let clashes = reread.intersection(places.values)
      if clashes.isEmpty { return (plan, places) }
      candidates = candidates.filter { !clashes.contains($0.value) }
    }
  }

  // MARK: What is kept

  /// Functions and affine maps cost more to compute again than to keep; arithmetic costs less.
  private func isKept(_ node: Graph.NodeIndex) -> Bool {
    if lastingPlace(node) != nil || matrixSources.contains(node) { return true }
    switch cell.graph.nodes[node].operation {
    case .unary(.negate, _), .unary(.abs, _), .unary(.floor, _): return false
    case .unary, .affine, .sum, .inverseDeviation: return true
    default: return false
    }
  }

  /// Vectors that a matrix is multiplied with and that leave no row for every step behind otherwise:
  /// the matrix's gradient needs them.
  private var matrixSources: Set<Graph.NodeIndex> {
    Set(
      cell.adjoint.matrixGradients.map(\.source).filter { source in
        rowsPlace(cell.graph.nodes[source].operation) == nil && lastingPlace(source) == nil
      })
  }

  /// The place of a given value that has a row of its own for every step: a mask may be one for all
  /// steps, and a parameter is one for all rows.
  private func rowsPlace(_ operation: Graph.Operation) -> Place? {
    switch operation {
    case .input, .state: CompiledCell.givenPlace(operation)
    default: nil
    }
  }

  private func lastingPlace(_ node: Graph.NodeIndex) -> Place? {
    CompiledCell.lastingPlace(node, of: cell)
  }

  /// For kept values the section they are made from, each section at most once.
  private func sectionCandidates(_ kept: [Graph.NodeIndex]) -> [Graph.NodeIndex: Place] {
    var taken = Set<Place>()
    var result: [Graph.NodeIndex: Place] = [:]
    for node in kept where !matrixSources.contains(node) {
      var waiting = [node]
      search: while !waiting.isEmpty {
        let value = waiting.removeFirst()
        switch cell.graph.nodes[value].operation {
        case .affine(let map, let section):
          let place = Place.section(map: map, section: section)
          guard size(cell.graph.shape(of: value)) == size(cell.graph.shape(of: node)),
            cell.adjoint.sectionGradients[map] != nil, taken.insert(place).inserted
          else { continue }
          result[node] = place
          break search
        case .unary, .binary, .select: waiting += cell.graph.operands(of: value)
        default: continue
        }
      }
    }
    return result
  }

  // MARK: The plan

  /// The plan, and the sections' places that are read after a gradient is stored in them: the gradient
  /// itself, which is as it should be, or a gate that stood there, which is lost.
  private func plan(
    _ original: RecomputedAdjoint, places: [Graph.NodeIndex: Place], kept: [Graph.NodeIndex]
  ) -> (CompiledCell.Backward, reread: Set<Place>) {
    var adjoint = original
    var roots: [StepCompiler.Root] = []
    var sectionPlaces: [Graph.NodeIndex: Place] = [:]
    var maps = Set<Int>()
    for (map, sections) in adjoint.sectionGradients.enumerated() {
      guard let sections else { continue }
      maps.insert(map)
      for (section, node) in sections.enumerated() {
        let place = Place.section(map: map, section: section)
        roots.append(.init(node: node, place: place))
        sectionPlaces[node] = sectionPlaces[node] ?? place
      }
    }
    for (state, node) in adjoint.stateGradients.enumerated() {
      roots.append(.init(node: node, place: .stateGradientBefore(state)))
    }

    // Products for the inputs' gradients wait until after the loop.
    var inputs: [Int: (products: [(parameter: Int, map: Int)], hasRemainder: Bool)] = [:]
    for input in adjoint.inputGradients.keys.sorted() {
      let split = adjoint.split(input: input)
      inputs[input] = (
        split.products.map { (parameter: $0, map: mapOfParameter[$0]!) }, split.remainder != nil
      )
      if let remainder = split.remainder {
        roots.append(.init(node: remainder, place: .inputGradient(input)))
      }
    }

    // The gradient of a parameter vector is summed over the steps row by row, and over the rows after
    // the loop, unless it is left behind for every step anyhow.
    func lasting(_ node: Graph.NodeIndex) -> Place? {
      if let place = sectionPlaces[node] { return place }
      switch adjoint.graph.nodes[node].operation {
      case .forward(let value):
        let place = lastingPlace(value) ?? places[value]!
        if case .section = place { return nil }
        return place
      default: return rowsPlace(adjoint.graph.nodes[node].operation)
      }
    }
    var vectors: [(parameter: Int, place: Place)] = []
    for gradient in adjoint.vectorGradients {
      if let place = lasting(gradient.value) {
        vectors.append((gradient.parameter, place))
        continue
      }
      let place = Place.parameterGradient(gradient.parameter)
      roots.append(
        .init(node: adjoint.gather(gradient.value, of: gradient.parameter), place: place))
      vectors.append((gradient.parameter, place))
    }
    let graph = adjoint.graph

    func given(_ operation: Graph.Operation) -> Place? {
      switch operation {
      case .forward(let value): lastingPlace(value) ?? places[value]!
      case .outputGradient(let output): .outputGradient(output)
      case .stateGradient(let state): .stateGradientAfter(state)
      case .gathered(let parameter): .parameterGradient(parameter)
      default: CompiledCell.givenPlace(operation)
      }
    }
    var compiler = StepCompiler(
      graph: graph, size: size, given: given, mapOfParameter: mapOfParameter, roots: roots)
    let step = compiler.compile()
    let plan = CompiledCell.Backward(
      step: step,
      matrices: cell.adjoint.matrixGradients.map { gradient in
        let place =
          rowsPlace(cell.graph.nodes[gradient.source].operation)
          ?? lastingPlace(gradient.source) ?? places[gradient.source]!
        return (gradient.parameter, gradient.map, place)
      },
      vectors: vectors, inputs: inputs, maps: maps,
      kept: kept.filter { if case .kept = places[$0]! { true } else { false } })
    return (plan, Self.rereadSections(step))
  }

  private var mapOfParameter: [Int: Int] {
    var result: [Int: Int] = [:]
    for (map, affine) in cell.graph.affineMaps.enumerated() {
      for term in affine.terms { result[term.parameter] = map }
    }
    return result
  }

  /// Sections that a stage reads after an earlier one has stored into them.
  private static func rereadSections(_ step: CompiledStep) -> Set<Place> {
    var stored = Set<Place>()
    var result = Set<Place>()
    for stage in step.stages {
      var storedHere = Set<Place>()
      for operation in stage.operations {
        if case .store(_, let operand) = operation { storedHere.insert(step.places[operand]) }
        for operand in operation.readOperands where stored.contains(step.places[operand]) {
          result.insert(step.places[operand])
        }
      }
      stored.formUnion(storedHere)
    }
    return result.filter { if case .section = $0 { true } else { false } }
  }
}

/// An adjoint in which values of the forward graph that are cheap to compute again are.
struct RecomputedAdjoint {
  private(set) var graph = Graph()
  private(set) var stateGradients: [Graph.NodeIndex] = []
  private(set) var inputGradients: [Int: Graph.NodeIndex] = [:]
  private(set) var sectionGradients: [[Graph.NodeIndex]?] = []
  private(set) var vectorGradients: [Adjoint.VectorGradient] = []
  /// The values of the forward graph that remain.
  private(set) var forwardValues: Set<Graph.NodeIndex> = []

  init(_ cell: Cell, isKept: (Graph.NodeIndex) -> Bool) {
    var copies: [Graph.NodeIndex: Graph.NodeIndex] = [:]
    var recomputed: [Graph.NodeIndex: Graph.NodeIndex] = [:]

    func forwardValue(_ index: Graph.NodeIndex) -> Graph.NodeIndex {
      if let known = recomputed[index] { return known }
      let node = cell.graph.nodes[index]
      let copy: Graph.NodeIndex
      switch node.operation {
      case .input, .state, .parameter, .mask, .schedule, .constant:
        copy = graph.append(node.operation, shape: node.shape)
      case _ where isKept(index):
        forwardValues.insert(index)
        copy = graph.append(.forward(index), shape: node.shape)
      default:
        copy = graph.append(
          node.operation.mapOperands(forwardValue), shape: node.shape)
      }
      recomputed[index] = copy
      return copy
    }

    for (index, node) in cell.adjoint.graph.nodes.enumerated() {
      if case .forward(let value) = node.operation {
        copies[index] = forwardValue(value)
      } else {
        copies[index] = graph.append(
          node.operation.mapOperands { copies[$0]! }, shape: node.shape)
      }
    }
    stateGradients = cell.adjoint.stateGradients.map { copies[$0]! }
    inputGradients = cell.adjoint.inputGradients.mapValues { copies[$0]! }
    sectionGradients = cell.adjoint.sectionGradients.map { $0?.map { copies[$0]! } }
    vectorGradients = cell.adjoint.vectorGradients.map {
      Adjoint.VectorGradient(parameter: $0.parameter, value: copies[$0.value]!)
    }
    // Only what a root needs counts as kept: copying met values that nobody reads.
    forwardValues = reachableForwardValues()
  }

  private func reachableForwardValues() -> Set<Graph.NodeIndex> {
    var seen = Set<Graph.NodeIndex>()
    var waiting =
      stateGradients + inputGradients.values + sectionGradients.compactMap { $0 }.joined()
      + vectorGradients.map(\.value)
    var result = Set<Graph.NodeIndex>()
    while let index = waiting.popLast() {
      guard seen.insert(index).inserted else { continue }
      if case .forward(let value) = graph.nodes[index].operation { result.insert(value) }
      waiting += graph.operands(of: index)
    }
    return result
  }

  /// The sum of a parameter's gradient with what other steps have added to it.
  mutating func gather(_ value: Graph.NodeIndex, of parameter: Int) -> Graph.NodeIndex {
    let sum = graph.append(.gathered(parameter), shape: graph.shape(of: value))
    return graph.binary(.add, sum, value)
  }

  /// An input's gradient as transposed products and what remains of the sum.
  mutating func split(input: Int) -> (products: [Int], remainder: Graph.NodeIndex?) {
    var products: [Int] = []
    func walk(_ index: Graph.NodeIndex) -> Graph.NodeIndex? {
      switch graph.nodes[index].operation {
      case .transposed(let parameter, _):
        products.append(parameter)
        return nil
      case .binary(.add, let a, let b):
        switch (walk(a), walk(b)) {
        case (nil, let rest), (let rest, nil): return rest
        case (let left?, let right?):
          return left == a && right == b ? index : graph.binary(.add, left, right)
        }
      default: return index
      }
    }
    let remainder = walk(inputGradients[input]!)
    return (products, remainder)
  }
}

extension Graph.Operation {
  /// The same operation on other operands.
  func mapOperands(
    _ transform: (Graph.NodeIndex) -> Graph.NodeIndex
  ) -> Graph.Operation {
    switch self {
    case .sum(let a, let axis): .sum(transform(a), axis: axis)
    case .normal(let x, let mean, let inverse):
      .normal(transform(x), mean: transform(mean), inverseDeviation: transform(inverse))
    case .spread(let a, let axis): .spread(transform(a), axis: axis)
    case .reshape(let a): .reshape(transform(a))
    case .unary(let function, let a): .unary(function, transform(a))
    case .binary(let arithmetic, let a, let b): .binary(arithmetic, transform(a), transform(b))
    case .select(let a, let b, let c): .select(transform(a), transform(b), transform(c))
    case .transposed(let parameter, let sections):
      .transposed(parameter: parameter, sections: sections.map(transform))
    default: self
    }
  }
}
