/// What a batch of sequences gives, and the gradients of a weighted sum of it: row by row, each row in
/// the order of its own steps.
package struct CellOutcome: Sendable {
  package struct Row: Sendable {
    /// The output, then what is recorded: each steps × size.
    package var outputs: [[Double]]
    package var finalStates: [[Double]]
    /// For each input steps × size.
    package var inputGradients: [[Double]] = []
    package var stateGradients: [[Double]] = []
  }

  package var rows: [Row]
  package var parameterGradients: [[Double]] = []

  package init(rows: [Row]) { self.rows = rows }

  /// Rows that ran alone as one batch: outputs and inputs' gradients are 0 beyond a row's end, and the
  /// gradients of the parameters are sums.
  package init(joining alone: [CellOutcome], paddedTo steps: Int, of compiled: CompiledCell) {
    func padded(_ values: [Double], _ width: Int) -> [Double] {
      values + [Double](repeating: 0, count: steps * width - values.count)
    }
    rows = alone.flatMap(\.rows).map { row in
      var row = row
      row.outputs = zip(row.outputs, compiled.outputSizes).map(padded)
      row.inputGradients = zip(row.inputGradients, compiled.inputSizes).map(padded)
      return row
    }
    parameterGradients = alone[0].parameterGradients
    for outcome in alone.dropFirst() {
      for (index, gradient) in outcome.parameterGradients.enumerated() {
        for (element, value) in gradient.enumerated() {
          parameterGradients[index][element] += value
        }
      }
    }
  }

  // MARK: Tensors

  /// Outputs and final states, each of all rows.
  private var values: [[Double]] { joined(\.outputs) + joined(\.finalStates) }

  /// The gradients of inputs and initial states, each of all rows, and those of the parameters.
  private var gradients: [[Double]] {
    joined(\.inputGradients) + joined(\.stateGradients) + parameterGradients
  }

  private func joined(_ path: (Row) -> [[Double]]) -> [[Double]] {
    path(rows[0]).indices.map { index in rows.flatMap { path($0)[index] } }
  }

  // MARK: Differences

  package func valueError(from expected: CellOutcome) -> Double {
    error(\.values, from: expected) { $0.insert(values: $1, expected: $2) }
  }

  package func gradientError(from expected: CellOutcome) -> Double {
    error(\.gradients, from: expected) { $0.insert(gradient: $1, expected: $2) }
  }

  /// Of values and gradients.
  package func error(from expected: CellOutcome) -> Double {
    var largest = LargestError()
    largest.insert(valueError(from: expected))
    largest.insert(gradientError(from: expected))
    return largest.value
  }

  /// Of values and gradients whose bits differ.
  package func bitError(from expected: CellOutcome) -> Double {
    error({ $0.values + $0.gradients }, from: expected) { $0.insert(bits: $1, expected: $2) }
  }

  private func error(
    _ tensors: (CellOutcome) -> [[Double]], from expected: CellOutcome,
    insert: (inout LargestError, [Double], [Double]) -> Void
  ) -> Double {
    let (found, expected) = (tensors(self), tensors(expected))
    var largest = LargestError()
    if found.count != expected.count { largest.insert(.infinity) }
    for (a, b) in zip(found, expected) { insert(&largest, a, b) }
    return largest.value
  }
}
