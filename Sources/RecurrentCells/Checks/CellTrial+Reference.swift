extension CellTrial {
  /// What the Double reference makes of it.
  package func referenceOutcome() -> CellOutcome {
    let reference = try! ReferenceCell(
      compiled.cell, sizes: compiled.sizes, parameters: parameters)
    return CellOutcome(
      joining: rows.map { reference.outcome(of: $0) }, paddedTo: steps, of: compiled)
  }
}

extension ReferenceCell {
  fileprivate func outcome(of row: CellTrial.Row) -> CellOutcome {
    let run = run(row.sequence)
    let gradients = gradients(
      of: row.sequence, run, outputs: row.outputWeights[0],
      recordings: Array(row.outputWeights.dropFirst()), finalStates: row.stateWeights)
    var outcome = CellOutcome(rows: [
      CellOutcome.Row(
        outputs: ([run.outputs] + run.recordings).map { $0.flatMap { $0 } },
        finalStates: run.finalStates,
        inputGradients: gradients.inputs.map { $0.flatMap { $0 } },
        stateGradients: gradients.initialStates)
    ])
    outcome.parameterGradients = gradients.parameters
    return outcome
  }
}
