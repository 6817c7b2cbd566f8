import RecurrentCore

/// A batch of sequences to try a cell on: numbers without a pattern, the same at every run, rounded
/// to Float so that an engine can hold them.
package struct CellTrial: Sendable {
  /// A sequence, and what every value that it gives weighs in the sum of which the gradient is taken.
  package struct Row: Sendable {
    package let sequence: ReferenceCell.Sequence
    /// For the output and everything recorded, for each step.
    package let outputWeights: [[[Double]]]
    package let stateWeights: [[Double]]
  }

  package let compiled: CompiledCell
  package let parameters: [[Double]]
  /// The longest first.
  package let rows: [Row]
  /// Steps of the batch, its padding included.
  package let steps: Int

  private init(_ compiled: CompiledCell, parameters: [[Double]], rows: [Row], steps: Int) {
    self.compiled = compiled
    self.parameters = parameters
    self.rows = rows
    self.steps = steps
  }

  /// - Parameter lengths: Each row's steps, the longest first. A row's place is also how many steps
  ///   have gone before its sequence: the first starts from zero, the others from states that the
  ///   cell really reaches.
  package init(_ compiled: CompiledCell, lengths: [Int], steps: Int) {
    let cell = compiled.cell
    let key = RandomKey(seed: 1)
    let parameters = cell.parameters.indices.map { index in
      let shape = compiled.parameterShapes[index]
      let scale = shape.count == 2 ? 0.8 / Float(shape[1]).squareRoot() : 0.5
      return numbers(
        shape.reduce(1, *), key.folded(cell.parameters[index].name), in: -scale..<scale)
    }
    let maker = SequenceMaker(compiled: compiled, parameters: parameters)
    self.init(
      compiled, parameters: parameters,
      rows: lengths.enumerated().map { maker.row($1, stepsBefore: $0, key.folded($0)) },
      steps: steps)
  }

  /// The same with this row alone, as long as it is.
  package func alone(_ row: Int) -> CellTrial {
    CellTrial(
      compiled, parameters: parameters, rows: [rows[row]], steps: rows[row].sequence.steps)
  }

  package var lengths: [Int] { rows.map(\.sequence.steps) }
}

/// Draws the numbers of sequences.
private struct SequenceMaker {
  let compiled: CompiledCell
  let parameters: [[Double]]

  func row(_ length: Int, stepsBefore: Int, _ key: RandomKey) -> CellTrial.Row {
    CellTrial.Row(
      sequence: sequence(
        length, from: reachedStates(after: stepsBefore, key.folded("before")),
        key.folded("sequence")),
      outputWeights: compiled.outputSizes.enumerated().map { output, size in
        (0..<length).map {
          numbers(size, key.folded("output").folded(output).folded($0), in: -0.5..<1)
        }
      },
      stateWeights: compiled.stateSizes.enumerated().map { state, size in
        numbers(size, key.folded("state").folded(state), in: -0.5..<1)
      })
  }

  /// A cell's equations may hold only for states that it can be in: counts that are whole, sums that
  /// are positive. So states are not drawn, but those after some steps from zero.
  private func reachedStates(after steps: Int, _ key: RandomKey) -> [[Double]] {
    let zero = compiled.stateSizes.map { [Double](repeating: 0, count: $0) }
    let reference = try! ReferenceCell(
      compiled.cell, sizes: compiled.sizes, parameters: parameters)
    let run = reference.run(sequence(steps, from: zero, key))
    return run.finalStates.map { $0.map { Double(Float($0)) } }
  }

  private func sequence(
    _ length: Int, from states: [[Double]], _ key: RandomKey
  ) -> ReferenceCell.Sequence {
    ReferenceCell.Sequence(
      inputs: compiled.inputSizes.enumerated().map { input, size in
        (0..<length).map {
          numbers(size, key.folded("input").folded(input).folded($0), in: -1..<1)
        }
      },
      initialStates: states,
      masks: compiled.cell.masks.enumerated().map { index, mask in
        let size = try! mask.extent.resolved(in: compiled.sizes)
        return (0..<length).map { step in
          let key = key.folded("mask").folded(index).folded(mask.perSequence ? 0 : step)
          return numbers(size, key, in: -1..<1).map { $0 > 0 ? 1 : 0 }
        }
      })
  }
}

private func numbers(_ count: Int, _ key: RandomKey, in range: Range<Float>) -> [Double] {
  (0..<count).map { Double(key.uniform(at: $0, in: range)) }
}
