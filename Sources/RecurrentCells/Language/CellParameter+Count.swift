extension CellParameter {
  /// Elements in a layer of these sizes that are learnt: all but those that the structure keeps at 0.
  public func freeCount(_ sizes: CellSizes) throws(CellError) -> Int {
    freeCount(shape: try shape(sizes))
  }

  /// Elements of a tensor of this shape that may be other than 0.
  package func freeCount(shape: [Int]) -> Int {
    guard structure != .dense, shape.count == 2 else { return shape.reduce(1, *) }
    let heights = Self.lengths(shape[0] / sections.count, structure.blocks)
    let widths = Self.lengths(shape[1], structure.blocks)
    let free =
      switch structure {
      case .blockUpperTriangular:
        heights.indices.reduce(0) { $0 + heights[$1] * widths[$1...].reduce(0, +) }
      case .blockDiagonal, .dense: zip(heights, widths).reduce(0) { $0 + $1.0 * $1.1 }
      }
    return sections.count * free
  }

  /// How many of the rows or columns fall into each block.
  private static func lengths(_ count: Int, _ blocks: Int) -> [Int] {
    var lengths = [Int](repeating: 0, count: blocks)
    for place in 0..<count { lengths[place * blocks / count] += 1 }
    return lengths
  }
}
