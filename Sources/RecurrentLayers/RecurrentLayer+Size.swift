import RecurrentCells

extension RecurrentLayer {
  /// How large a stack of layers would be.
  package struct Size: Sendable, Hashable {
    /// Numbers that are learnt.
    package var parameters = 0
    /// Numbers that each step of each row keeps for the way back.
    package var recorded = 0
    /// Features of the output.
    package var output: Int
  }

  /// The size of a stack in one direction, without its being made.
  ///
  /// - Throws: `CellError` where sizes cannot go together.
  package static func size(
    of cell: Cell, inputSize: Int, hiddenSize: Int, numLayers: Int = 1
  ) throws(CellError) -> Size {
    var size = Size(output: inputSize)
    for layer in 0..<numLayers {
      let compiled = try LayerEngine(
        layer == 0 ? cell.lowest : cell, sizes: CellSizes(input: size.output, hidden: hiddenSize),
        isTop: layer == numLayers - 1
      ).compiled
      size.parameters += compiled.parameterShapes.reduce(0) { $0 + $1.reduce(1, *) }
      size.recorded +=
        compiled.stateSizes.reduce(0, +) + compiled.mapWidths.reduce(0, +)
        + compiled.backward.kept.reduce(0) { $0 + compiled.nodeSizes[$1] }
      size.output = compiled.outputSize
    }
    return size
  }
}
