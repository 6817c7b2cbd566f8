extension CompiledCell {
  /// Floating-point operations of the matrix products that one step of one row needs: 2 · rows ·
  /// columns for each matrix, of which only those elements count that its structure leaves free.
  ///
  /// It is what the equations ask for, whatever an engine makes of it: element by element work is
  /// not in it, nor is anything that an engine does twice.
  package var forwardProductWork: Int {
    cell.graph.affineMaps.reduce(0) { sum, map in
      map.terms.reduce(sum) { $0 + 2 * freeElements($1.parameter) }
    }
  }

  /// The same for a training step: the products forward, the gradients of the matrices, and those of
  /// the vectors that they are multiplied with, where something is learnt or carried behind these.
  ///
  /// - Parameter inputGradients: Whether the gradients of the input sequences are wanted: they are
  ///   in a layer that stands on another.
  package func trainingProductWork(inputGradients: Bool) -> Int {
    var work = forwardProductWork
    for (map, affine) in cell.graph.affineMaps.enumerated()
    where cell.adjoint.sectionGradients[map] != nil {
      for term in affine.terms {
        let product = 2 * freeElements(term.parameter)
        let hasGradient = hasGradient(term.source, inputGradients: inputGradients)
        work += hasGradient ? 2 * product : product
      }
    }
    return work
  }

  private func freeElements(_ parameter: Int) -> Int {
    cell.parameters[parameter].freeCount(shape: parameterShapes[parameter])
  }

  /// Whether a gradient must go on from a value to what it is made of.
  private func hasGradient(_ node: Graph.NodeIndex, inputGradients: Bool) -> Bool {
    switch cell.graph.nodes[node].operation {
    case .input: inputGradients
    case .state, .parameter, .affine: true
    default:
      cell.graph.operands(of: node).contains { hasGradient($0, inputGradients: inputGradients) }
    }
  }
}
