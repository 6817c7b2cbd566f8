import RecurrentCore

/// A cell compiled for a layer's sizes: the stages of its step forward and back, and what is kept
/// between the two.
///
/// An object, since a copy of all its parts would cost a short sequence more than its arithmetic.
package final class CompiledCell: Sendable {
  package let cell: Cell
  package let sizes: CellSizes
  /// In the order of ``Cell/parameters``.
  package let parameterShapes: [[Int]]
  package let stateSizes: [Int]
  package let inputSizes: [Int]
  package var outputSize: Int { outputSizes[0] }
  /// Of the output and of what is recorded.
  package let outputSizes: [Int]
  /// Elements of a row of each affine map, all sections.
  package let mapWidths: [Int]
  /// Elements of each node of the forward graph.
  package let nodeSizes: [Int]

  /// Forward without a trace: nothing is kept but states and outputs.
  package let inference: Forward
  /// Forward of a sequence whose gradient is wanted.
  package let recording: Forward
  package let backward: Backward
  private let cuts = CutSteps()

  /// The step forward, with the products of the inputs made inside the loop or before it.
  package struct Forward: Sendable {
    package let inside: CompiledStep
    package let hoisted: CompiledStep
  }

  /// The step back, and what remains to be done for all steps at once after the loop.
  package struct Backward: Sendable {
    package let step: CompiledStep
    /// dW of a matrix: (gradients of the map's sections)ᵀ · (rows of the source).
    package let matrices: [(parameter: Int, map: Int, source: Place)]
    /// dp of a vector: Σ of a place's rows.
    package let vectors: [(parameter: Int, place: Place)]
    /// dx of an input: Σ (gradients of the map's sections) · W, on top of what the loop has put
    /// into `Place.inputGradient` where `hasRemainder` says so.
    package let inputs: [Int: (products: [(parameter: Int, map: Int)], hasRemainder: Bool)]
    /// Maps whose sections have gradients.
    package let maps: Set<Int>
    /// Values kept in arrays of their own.
    package let kept: [Graph.NodeIndex]

    /// Whether vectors' gradients are sums of this map's sections.
    func sumsSections(of map: Int) -> Bool {
      vectors.contains { vector in
        if case .section(map, _) = vector.place { true } else { false }
      }
    }

    /// Whether what is kept in a place is read after the loop.
    func readsAfterLoop(_ place: Place) -> Bool {
      matrices.contains { $0.source == place }
        || vectors.contains { $0.place == place }
    }
  }

  /// - Throws: ``CellError`` where a size does not divide into the parts the equations ask for.
  package init(_ cell: Cell, sizes: CellSizes) throws(CellError) {
    try cell.check(sizes)
    func size(_ shape: [Extent]) -> Int {
      shape.reduce(1) { $0 * (try! $1.resolved(in: sizes)) }
    }
    var parameterShapes: [[Int]] = []
    for parameter in cell.parameters { parameterShapes.append(try parameter.shape(sizes)) }
    self.cell = cell
    self.sizes = sizes
    self.parameterShapes = parameterShapes
    stateSizes = cell.states.map { size($0.shape) }
    inputSizes = cell.inputs.map { size([$0.extent]) }
    outputSizes = cell.outputs.map { size(cell.graph.shape(of: $0)) }
    mapWidths = cell.graph.affineMaps.map { $0.sections.count * size([$0.extent]) }
    nodeSizes = cell.graph.nodes.map { size($0.shape) }

    let backward = BackwardCompiler(cell, size: size).compile()
    self.backward = backward.plan
    let keptPlaces = backward.keptPlaces
    inference = Forward(
      inside: Self.forward(cell, size, kept: [:], hoists: false),
      hoisted: Self.forward(cell, size, kept: [:], hoists: true))
    recording = Forward(
      inside: Self.forward(cell, size, kept: keptPlaces, hoists: false),
      hoisted: Self.forward(cell, size, kept: keptPlaces, hoists: true))
  }

  /// A way through the step.
  package enum Way: Hashable, Sendable {
    case forward(records: Bool, hoists: Bool)
    case backward
  }

  /// The step as it is run where this is due; nil where that differs between rows.
  package func step(_ way: Way, due: DueParts?) -> CutStep {
    let backward = backward
    return cuts.step(way, due) {
      switch way {
      case .backward:
        // Gradients of sections are read after the loop only where they may be other than zero.
        var cutter = StepCutter(self, backward.step, due: due) { place, _, isZero in
          guard isZero, case .sections(let map) = place else { return true }
          return backward.sumsSections(of: map)
        }
        return cutter.run()
      case .forward(let records, let hoists):
        let form = records ? recording : inference
        // What is kept for the way back is kept if that reads it where the same is due.
        let back = records ? step(.backward, due: due) : nil
        var cutter = StepCutter(self, hoists ? form.hoisted : form.inside, due: due) {
          place, range, _ in
          switch place {
          case .sections, .kept:
            backward.readsAfterLoop(place) || back?.reads.containsNone(range, of: place) == false
          default: true
          }
        }
        return cutter.run()
      }
    }
  }

  /// The sums of the biases of those affine maps that have any.
  func biases(of parameters: [Tensor]) -> [Int: Tensor] {
    var sums: [Int: Tensor] = [:]
    for (map, affine) in cell.graph.affineMaps.enumerated() where !affine.biases.isEmpty {
      sums[map] = affine.biases.dropFirst().reduce(parameters[affine.biases[0]]) {
        $0 + parameters[$1]
      }
    }
    return sums
  }

  func size(of extent: Extent) -> Int { try! extent.resolved(in: sizes) }

  /// The place of a value of the forward graph that a step leaves behind anyhow.
  static func lastingPlace(_ node: Graph.NodeIndex, of cell: Cell) -> Place? {
    if let state = cell.nextStates.firstIndex(of: node) { return .stateAfter(state) }
    return cell.outputs.firstIndex(of: node).map { .output($0) }
  }

  static func givenPlace(_ operation: Graph.Operation) -> Place? {
    switch operation {
    case .input(let input): .input(input)
    case .mask(let mask): .mask(mask)
    case .schedule(let schedule): .schedule(schedule)
    case .state(let state): .stateBefore(state)
    case .parameter(let parameter): .parameter(parameter)
    default: nil
    }
  }

  private static func forward(
    _ cell: Cell, _ size: @escaping ([Extent]) -> Int, kept: [Graph.NodeIndex: Place],
    hoists: Bool
  ) -> CompiledStep {
    var roots = cell.nextStates.enumerated().map {
      StepCompiler.Root(node: $1, place: .stateAfter($0))
    }
    for (index, node) in cell.outputs.enumerated()
    where lastingPlace(node, of: cell) == .output(index) {
      roots.append(.init(node: node, place: .output(index)))
    }
    for node in kept.keys.sorted() { roots.append(.init(node: node, place: kept[node]!)) }
    let graph = cell.graph
    // A section whose products are all made before the loop and that has no bias stands ready, and
    // so does one that is nothing but a bias.
    func given(_ operation: Graph.Operation) -> Place? {
      guard case .affine(let map, let section) = operation else { return givenPlace(operation) }
      let affine = graph.affineMaps[map]
      if affine.terms.isEmpty { return .bias(map: map, section: section) }
      let isReady =
        hoists && affine.biases.isEmpty
        && affine.terms.allSatisfy { isHoistable($0, in: graph) }
      return isReady ? .section(map: map, section: section) : nil
    }
    roots.removeAll { given(graph.nodes[$0.node].operation) == $0.place }
    var compiler = StepCompiler(
      graph: graph, size: size, given: given,
      isHoisted: { hoists && isHoistable($0, in: graph) },
      hasBias: { !graph.affineMaps[$0].biases.isEmpty }, named: Set(cell.names.map(\.node)),
      roots: roots)
    return compiler.compile()
  }

  /// Whether a term of an affine map can be multiplied for all steps before the loop.
  package static func isHoistable(_ term: Graph.AffineMap.Term, in graph: Graph) -> Bool {
    if case .input = graph.nodes[term.source].operation { true } else { false }
  }
}
