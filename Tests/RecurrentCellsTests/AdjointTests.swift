import RecurrentCells
import Testing

/// The derived derivative of every cell against finite differences, all in Double.
@Suite struct AdjointTests {
  @Test(arguments: CellCase.all) func gradientIsTheLimitOfDifferences(_ tried: CellCase) throws {
    let parameters = try tried.parameters()
    let reference = try ReferenceCell(tried.cell, sizes: tried.sizes, parameters: parameters)
    let sequence = try tried.sequences()[0]
    let run = reference.run(sequence)

    /// A sum in which every output and final state weighs something else.
    func weight(_ index: Int) -> Double { 0.5 + Double((index * 7) % 11) / 11 }
    func loss(_ reference: ReferenceCell, _ sequence: ReferenceCell.Sequence) -> Double {
      let run = reference.run(sequence)
      var (sum, index) = (0.0, 0)
      for value in (run.outputs + run.recordings.joined() + run.finalStates).joined() {
        sum += weight(index) * value
        index += 1
      }
      return sum
    }
    var index = 0
    func weights(_ like: [[Double]]) -> [[Double]] {
      like.map { row in
        row.map { _ in
          defer { index += 1 }
          return weight(index)
        }
      }
    }
    let outputs = weights(run.outputs)
    let recordings = run.recordings.map(weights)
    let finals = weights(run.finalStates)
    let gradients = reference.gradients(
      of: sequence, run, outputs: outputs, recordings: recordings, finalStates: finals)

    let step = 1e-5
    var largest = 0.0
    func check(_ derived: Double, _ perturbed: (Double) -> Double) {
      let difference = (perturbed(step) - perturbed(-step)) / (2 * step)
      largest = max(largest, abs(derived - difference) / (1 + abs(derived)))
    }
    for parameter in parameters.indices {
      for element in parameters[parameter].indices {
        check(gradients.parameters[parameter][element]) { change in
          var changed = reference
          changed.parameters[parameter][element] += change
          return loss(changed, sequence)
        }
      }
    }
    for input in sequence.inputs.indices {
      for (time, row) in sequence.inputs[input].enumerated() {
        for element in row.indices {
          check(gradients.inputs[input][time][element]) { change in
            var changed = sequence
            changed.inputs[input][time][element] += change
            return loss(reference, changed)
          }
        }
      }
    }
    for state in sequence.initialStates.indices {
      for element in sequence.initialStates[state].indices {
        check(gradients.initialStates[state][element]) { change in
          var changed = sequence
          changed.initialStates[state][element] += change
          return loss(reference, changed)
        }
      }
    }
    #expect(largest <= 1e-7, "largest relative difference \(largest)")
  }
}
