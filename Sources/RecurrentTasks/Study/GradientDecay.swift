import RecurrentCore
import RecurrentLayers

/// How fast a cell's gradient fades on its way back through time.
///
/// At a distance of k steps it is the norm of the derivative of the loss at the step that needs the
/// memory with respect to the state that enters the step k before it, relative to k = 0. Of each
/// network it is a mean over examples, and of the networks the median.
///
/// Where it shrinks by a factor with every step, nothing can be learnt over many; that it need not
/// is what the LSTM was invented for.
///
/// Source: Hochreiter (1991); Bengio, Simard & Frasconi (1994).
public struct GradientDecay: Sendable, Hashable {
  /// The cell, as it was named.
  public var cell: String
  /// The lag of the sequences.
  public var lag: Int
  /// Before training: the relative norm at distances 0, 1, …
  public var atStart: [Double]
  /// After it.
  public var atEnd: [Double]

  public init(cell: String, lag: Int, atStart: [Double], atEnd: [Double]) {
    self.cell = cell
    self.lag = lag
    self.atStart = atStart
    self.atEnd = atEnd
  }
}

extension LagNetwork {
  /// The norms of a batch's gradients by distance, relative to that at 0; as many as the shortest
  /// example has.
  package func gradientDecay(on task: some LagTask, _ batch: LagBatch) -> [Double] {
    let ends = batch.examples.map { $0.asked[$0.decisive] }
    let rows = ends.indices
    let targets = batch.examples.map { $0.targets[$0.decisive] }
    let wanted = Tensor(
      targets.flatMap { $0 }, shape: [rows.count, task.outputSize], on: recurrent.context)
    let gradients = stateGradients(batch, ends) { task.loss($0, wanted) }
    let norms = (0..<(ends.min() ?? 0)).map { distance in
      rows.reduce(0.0) { $0 + gradients[ends[$1] - distance - 1].norm(ofRow: $1) }
    }
    return norms.map { $0 / norms[0] }
  }

  /// For each step but the first the gradient with respect to the state that enters it: that of a
  /// nudge of zero, added to the state.
  private func stateGradients(
    _ batch: LagBatch, _ ends: [Int], loss: (Tensor) -> Tensor
  ) -> [RecurrentState] {
    let inputs = (0...ends.max()!).map { step in
      batch.input.slice(axis: 0, range: step..<step + 1)
        .reshaped([batch.lengths.count, recurrent.inputSize])
    }
    let still = recurrent.zeroState(batch: batch.lengths.count)
    let nudges = Nudges(states: inputs.dropFirst().map { _ in still })
    return valueAndGradient(of: nudges) { nudges in
      var (output, state) = recurrent.step(inputs[0])
      var outputs = [output]
      for (input, nudge) in zip(inputs.dropFirst(), nudges.states) {
        (output, state) = recurrent.step(input, state: state.adding(nudge))
        outputs.append(output)
      }
      let rows = batch.lengths.count
      let all = concatenated(outputs, alongAxis: 0)
      return loss(head(all.gatherRows(ends.indices.map { ends[$0] * rows + $0 })))
    }.gradient.states
  }
}

/// What is added to the states of a sequence.
private struct Nudges: TensorTree {
  var states: [RecurrentState]

  mutating func visit(_ visitor: inout some TensorVisitor) { visitor.visit("states", &states) }
}

extension RecurrentState {
  fileprivate func adding(_ other: RecurrentState) -> RecurrentState {
    mapTensors { path, tensor in tensor + other[path.names[0]] }
  }

  /// √Σ x² over all that a row of the batch carries.
  fileprivate func norm(ofRow row: Int) -> Double {
    names.reduce(0.0) { sum, name in
      let size = self[name].shape[2]
      return self[name].withElements { elements in
        (row * size..<(row + 1) * size).reduce(sum) { sum, index in
          sum + Double(elements[index]) * Double(elements[index])
        }
      }
    }.squareRoot()
  }
}
