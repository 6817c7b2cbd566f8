/// Some of a graph's values, computed from others that stand for inputs: a graph of its own.
struct GraphPart {
  private(set) var graph = Graph()
  /// The places of its parameters among the whole graph's, in the part's own order.
  private(set) var parameters: [Int] = []
  /// The values asked for.
  private(set) var outputs: [Graph.NodeIndex] = []

  /// - Parameters:
  ///   - values: What is computed.
  ///   - given: What is not, input 0 first; nil: the whole graph's inputs, and they alone.
  init(computing values: [Graph.NodeIndex], of whole: Graph, given: [Graph.NodeIndex]? = nil) {
    var inputs: [Graph.NodeIndex: Int] = [:]
    for (input, node) in (given ?? []).enumerated() { inputs[node] = input }

    var needed = Set<Graph.NodeIndex>()
    var waiting = values
    while let node = waiting.popLast() {
      guard needed.insert(node).inserted, inputs[node] == nil else { continue }
      waiting += whole.operands(of: node)
    }

    var copies: [Graph.NodeIndex: Graph.NodeIndex] = [:]
    for node in needed.sorted() where copies[node] == nil {
      let shape = whole.shape(of: node)
      if let input = inputs[node] {
        copies[node] = graph.append(.input(input), shape: shape)
        continue
      }
      switch whole.nodes[node].operation {
      case .affine(let map, let section):
        // All sections of a map come together.
        let affine = whole.affineMaps[map]
        let terms = affine.terms.map { term in
          Graph.AffineMap.Term(
            source: copies[term.source]!, parameter: place(ofParameter: term.parameter))
        }
        let sections = graph.append(
          Graph.AffineMap(
            sections: affine.sections, extent: affine.extent, terms: terms,
            biases: affine.biases.map { place(ofParameter: $0) }))
        for (index, copy) in sections.enumerated() where inputs[node - section + index] == nil {
          copies[node - section + index] = copy
        }
      case .parameter(let parameter):
        copies[node] = graph.append(.parameter(place(ofParameter: parameter)), shape: shape)
      case let operation:
        copies[node] = graph.append(operation.mapOperands { copies[$0]! }, shape: shape)
      }
    }
    outputs = values.map { copies[$0]! }
  }

  private mutating func place(ofParameter parameter: Int) -> Int {
    if let known = parameters.firstIndex(of: parameter) { return known }
    parameters.append(parameter)
    return parameters.count - 1
  }
}
