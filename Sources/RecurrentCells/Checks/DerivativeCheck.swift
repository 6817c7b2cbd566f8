/// A cell's derived derivative against central differences, all in Double.
package struct DerivativeCheck: Sendable {
  private let reference: ReferenceCell
  private let row: CellTrial.Row
  /// Whether the differences go over the initial states too.
  private let movesStates: Bool

  /// - Parameters:
  ///   - reference: Gives the derivative and what it is the derivative of.
  ///   - movesStates: Zero states are often a corner of the equations (the first step of all), on
  ///     whose two sides they differ.
  package init(_ reference: ReferenceCell, _ row: CellTrial.Row, movesStates: Bool) {
    self.reference = reference
    self.row = row
    self.movesStates = movesStates
  }

  /// The derived derivative.
  package var gradients: ReferenceCell.Gradients {
    reference.gradients(
      of: row.sequence, reference.run(row.sequence), outputs: row.outputWeights[0],
      recordings: Array(row.outputWeights.dropFirst()), finalStates: row.stateWeights)
  }

  /// The largest |derivative − difference| / (1 + |derivative|).
  package func largestError(of gradients: ReferenceCell.Gradients) -> Double {
    var largest = LargestError()
    for (parameter, gradient) in gradients.parameters.enumerated() {
      for element in Self.tried(of: gradient.count) {
        largest.insert(
          error(gradient[element]) { reference, _, change in
            reference.parameters[parameter][element] += change
          })
      }
    }
    for (input, steps) in gradients.inputs.enumerated() {
      for (step, gradient) in steps.enumerated() {
        for (element, derivative) in gradient.enumerated() {
          largest.insert(
            error(derivative) { $1.inputs[input][step][element] += $2 })
        }
      }
    }
    guard movesStates else { return largest.value }
    // A clock's values are whole; between them there is nothing that a difference could be taken of.
    for (state, gradient) in gradients.initialStates.enumerated()
    where !reference.cell.states[state].isClock {
      for element in Self.tried(of: gradient.count) {
        largest.insert(error(gradient[element]) { $1.initialStates[state][element] += $2 })
      }
    }
    return largest.value
  }

  /// All elements of a small tensor; of a large one, which a cell may insist on, some 256 all over it.
  private static func tried(of count: Int) -> some Sequence<Int> {
    // Odd, so as not to keep to some columns of a matrix.
    stride(from: 0, to: count, by: count / 256 | 1)
  }

  /// One number of the gradient against differences of two widths: the narrower one is needed only
  /// where the equations bend within the wider one.
  private func error(
    _ derivative: Double,
    _ move: (inout ReferenceCell, inout ReferenceCell.Sequence, Double) -> Void
  ) -> Double {
    func moved(_ change: Double) -> Double {
      var (reference, sequence) = (reference, row.sequence)
      move(&reference, &sequence, change)
      return sum(reference.run(sequence))
    }
    func error(_ width: Double) -> Double {
      let difference = (moved(width) - moved(-width)) / (2 * width)
      return (derivative - difference).magnitude / (1 + derivative.magnitude)
    }
    let wide = error(1e-5)
    if wide <= 1e-8 { return wide }
    let narrow = error(1e-6)
    return narrow < wide || wide.isNaN ? narrow : wide
  }

  /// What the gradient is taken of: every output and final state with a weight of its own.
  private func sum(_ run: ReferenceCell.Run) -> Double {
    let values = ([run.outputs] + run.recordings).flatMap { $0 } + run.finalStates
    let pairs = zip(values, row.outputWeights.flatMap { $0 } + row.stateWeights)
    return pairs.reduce(0) { sum, pair in
      zip(pair.0, pair.1).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }
}
