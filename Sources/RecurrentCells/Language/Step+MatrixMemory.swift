extension Step {
  /// A memory of key–value pairs as a matrix for each head, in which all pairs fade and which
  /// answers queries (Beck et al. 2024, equations 19 to 27).
  ///
  ///     m = max(log f + m₋₁, log i)     i′ = exp(log i − m)     f′ = exp(log f + m₋₁ − m)
  ///     C = f′ C₋₁ + i′ k vᵀ            n = f′ n₋₁ + i′ k
  ///     read = qᵀ C / max(|qᵀ n|, exp(−m))
  ///
  /// It declares the states `C` [heads, key, value], `n` [heads, key] and `m` [heads].
  ///
  /// - Parameters:
  ///   - keys, queries: [heads, key].
  ///   - values: [heads, value].
  ///   - entering: log i, [heads].
  ///   - keeping: log f, [heads], at most 0.
  /// - Returns: [heads, value].
  public func matrixMemory(
    keys: Vector, values: Vector, queries: Vector, entering: Vector, keeping: Vector
  ) -> Vector {
    guard keys.shape.count == 2, values.shape.count == 2, queries.shape == keys.shape,
      values.shape[0] == keys.shape[0], entering.shape == [keys.shape[0]],
      keeping.shape == entering.shape
    else {
      fail(
        .mismatchedSize,
        "a matrix memory takes keys and queries [heads, key], values [heads, value] and gates "
          + "[heads], found \(keys.shape), \(queries.shape), \(values.shape), \(entering.shape), "
          + "\(keeping.shape)")
      return values
    }
    let (heads, key, value) = (keys.shape[0], keys.shape[1], values.shape[1])
    let memory = state("C", shape: [heads, key, value])
    let normalizer = state("n", shape: [heads, key])
    let bound = state("m", size: heads)

    let kept = keeping + bound
    let nextBound = max(kept, entering)
    let i = exp(entering - nextBound).named("i")
    let f = exp(kept - nextBound).named("f")

    let entry = (keys * i.reshaped([heads, 1])).reshaped([heads, key, 1])
    let nextMemory =
      memory * f.reshaped([heads, 1, 1])
      + entry.spread(axis: 2, to: value)
      * values.reshaped([heads, 1, value]).spread(
        axis: 1, to: key)
    let nextNormalizer = normalizer * f.reshaped([heads, 1]) + entry.reshaped([heads, key])
    next(memory, nextMemory)
    next(normalizer, nextNormalizer)
    next(bound, nextBound)

    let answer = (nextMemory * queries.reshaped([heads, key, 1])).sum(axis: 1)
    let weight = (nextNormalizer * queries).sum(axis: 1)
    let scale = max(abs(weight), exp(-nextBound).reshaped([heads, 1]))
    let read = answer.reshaped([heads, value]) / scale
    matrixMemory = CellMatrixMemory(
      queries: queries.index, keys: keys.index, values: values.index, entering: entering.index,
      keeping: keeping.index, read: read.index,
      states: [memory, normalizer, bound].map(stateIndex),
      nextStates: [nextMemory, nextNormalizer, nextBound].map(\.index), heads: heads)
    return read
  }
}

/// Which values of a cell's equations are those of a ``Step/matrixMemory(keys:values:queries:entering:keeping:)``,
/// so that a whole sequence of it can be computed in another way.
package struct CellMatrixMemory: Sendable {
  package let queries, keys, values, entering, keeping: Graph.NodeIndex
  package let read: Graph.NodeIndex
  /// The places of C, n and m among the cell's states.
  package let states: [Int]
  /// What the equations of the memory make of them.
  package let nextStates: [Graph.NodeIndex]
  package let heads: Extent

  /// In the order in which an engine takes them.
  package var operands: [Graph.NodeIndex] { [queries, keys, values, entering, keeping] }
}
