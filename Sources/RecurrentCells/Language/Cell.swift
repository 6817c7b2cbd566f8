/// A recurrent cell: the equations of one step, written once.
///
/// Parameters and their names, the forward step, the derived backward, the float64 reference and
/// everything else about the cell come from its equations.
///
/// ```swift
/// let cell = try Cell("rnn") { step in
///   let h = step.state("h")
///   let next = tanh(step.affine([""], of: step.input, h)[""])
///   step.next(h, next)
///   step.output(next)
/// }
/// ```
public struct Cell: Sendable {
  public let name: String
  /// What is learnt, in the order in which the equations declare it; ``listingOrder`` is PyTorch's.
  public let parameters: [CellParameter]
  /// What is carried from step to step, in the order of declaration.
  public let states: [CellState]
  /// What each step is given: the layer's input, then further sequences.
  public let inputs: [(name: String, extent: Extent)]
  public let masks: [CellMask]
  /// The size of the output.
  public let outputExtent: Extent

  package let graph: Graph
  package let nextStates: [Graph.NodeIndex]
  package let output: Graph.NodeIndex
  package let adjoint: Adjoint

  /// - Parameters:
  ///   - name: How the cell is called in messages and files; nothing depends on it.
  ///   - equations: Run once. Uses the step's vocabulary, sets every state, names the output.
  /// - Throws: ``CellError`` where the equations are not well formed.
  public init(_ name: String, _ equations: (Step) throws(CellError) -> Void) throws(CellError) {
    let step = Step()
    try equations(step)
    if let error = step.firstError {
      throw CellError(error.code, "cell \"\(name)\": \(error.description)")
    }
    var nextStates: [Graph.NodeIndex] = []
    for (index, state) in step.states.enumerated() {
      guard let next = step.nextStates[index] else {
        throw CellError(
          .unsetState, "cell \"\(name)\": state \"\(state.name)\" is never given its next value")
      }
      nextStates.append(next)
    }
    guard let output = step.outputNode else {
      throw CellError(.missingOutput, "cell \"\(name)\": no output is named")
    }
    self.name = name
    self.states = step.states
    self.inputs = step.inputs
    self.masks = step.masks
    self.outputExtent = step.graph.shape(of: output)[0]
    self.graph = step.graph
    self.nextStates = nextStates
    self.output = output
    self.parameters = step.parameters
    self.adjoint = Adjoint(of: step.graph, nextStates: nextStates, output: output)
  }

  /// The parameters' places in the order of PyTorch's lists: matrices of inputs and states, biases,
  /// then all others, each kind in the order of declaration.
  public var listingOrder: [Int] {
    let gates = Set(
      graph.affineMaps.lazy.flatMap(\.terms).filter { term in
        switch graph.nodes[term.source].operation {
        case .input, .state: true
        default: false
        }
      }.map(\.parameter))
    let biases = Set(graph.affineMaps.flatMap(\.biases))
    func rank(_ index: Int) -> Int { gates.contains(index) ? 0 : biases.contains(index) ? 1 : 2 }
    return parameters.indices.sorted { (rank($0), $0) < (rank($1), $1) }
  }
}
