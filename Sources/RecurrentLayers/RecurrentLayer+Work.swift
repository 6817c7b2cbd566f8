import RecurrentCells

extension RecurrentLayer {
  /// Floating-point operations of the matrix products that a batch of sequences needs.
  ///
  /// - Parameter training: With the way back: the gradients of all parameters, but not that of the
  ///   layer's own input.
  package func productWork(steps: Int, batch: Int, training: Bool) -> Double {
    var work = 0
    for (layer, engine) in engines.enumerated() {
      let once =
        training
        ? engine.compiled.trainingProductWork(inputGradients: layer > 0)
        : engine.compiled.forwardProductWork
      work += once * parameters[layer].count
    }
    return Double(steps) * Double(batch) * Double(work)
  }
}
