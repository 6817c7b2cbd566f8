import RecurrentCells
import RecurrentCore
import Testing

/// Cells whose only recurrence is a matrix memory, over sequences of several chunks.
@Suite struct ChunkwiseTests {
  static let cells: [CellCase] = try! [
    CellCase("mlstm", .mlstm(), inOnes: 4),
    CellCase("mlstm, three heads", .mlstm(heads: 3), inOnes: 3),
    CellCase("more around the memory", surrounded(), inOnes: 3),
    CellCase("recording", .mlstm(heads: 2).recording(["f", "C", "o"]), inOnes: 2),
  ]

  @Test(arguments: cells, [37, 70])
  func equalsTheReference(_ tried: CellCase, steps: Int) throws {
    var long = tried
    long.steps = steps
    for lengths in [[Int](repeating: steps, count: 3), [steps - 1, 33, 32, 1, 0]] {
      long.rows = lengths.count
      let isUniform = lengths[0] == steps
      let run = try EngineRun(long, on: .default, lengths: lengths)
      #expect(SequenceEngine(run.compiled).isChunkwise)
      let reference = try run.reference()
      for context in EngineRun.contexts {
        try EngineRun(long, on: context, lengths: lengths).compare(with: reference)
        if isUniform {
          try EngineRun(long, on: context, reversed: true).compare(with: reference)
        }
      }
    }
  }

  @Test func recordingChangesNoBit() throws {
    var plain = try CellCase("plain", .mlstm(), inOnes: 4)
    var recorded = try CellCase("recorded", .mlstm().recording(["i", "C", "o"]), inOnes: 4)
    (plain.steps, recorded.steps) = (37, 37)
    let expected = try EngineRun(plain, on: .default).outcome()
    let found = try EngineRun(recorded, on: .default).outcome()
    #expect(found.output == expected.output)
    #expect(found.finalStates == expected.finalStates)
  }

  /// What would have to be known before the memory has run, or is read out of it on the way.
  @Test func otherRecurrencesAreTakenStepByStep() throws {
    let cells = try [
      CellCase("a gate that sees a state", gateOfState(), inOnes: 3),
      CellCase("a further state", furtherState(), inOnes: 3),
      CellCase("a random mask", masked(), inOnes: 3),
      CellCase("zoneout of m", .mlstm(heads: 3).regularized(zoneout: ["m": 0.3]), inOnes: 3),
      CellCase("lstm", .lstm()),
    ]
    for tried in cells {
      let run = try EngineRun(tried, on: .default)
      #expect(!SequenceEngine(run.compiled).isChunkwise, "\(tried)")
      try run.compare(with: run.reference())
    }
  }
}

/// A memory with learnt vectors and maps before and after it.
private func surrounded() throws -> Cell {
  try Cell("surrounded") { step in
    let shape = [3, Extent.hidden / 3]
    let a = step.affine(["k", "v", "g"], of: step.input)
    let gates = step.affine(["i", "f"], of: step.input, size: 3, named: "gates")
    let scale = exp(step.parameter("scale"))
    let read = step.matrixMemory(
      keys: tanh(a["k"] * scale).reshaped(shape), values: a["v"].reshaped(shape),
      queries: a["k"].reshaped(shape), entering: gates["i"], keeping: logSigmoid(gates["f"]))
    let flat = read.reshaped([.hidden])
    let joined = step.affine(["a", "b"], of: flat, step.input, size: 9, named: "out")
    step.output(
      joined["a"] * tanh(joined["b"]) + step.affine(of: a["g"] * scale, size: 9, named: "g"))
  }
}

private func memory(
  _ step: Step, seeing source: Vector? = nil
) -> (read: Vector, key: Vector) {
  let shape = [3, Extent.hidden / 3]
  let a = step.affine(["k", "v"], of: step.input)
  let gates = step.affine(["i", "f"], of: source ?? step.input, size: 3, named: "gates")
  let read = step.matrixMemory(
    keys: a["k"].reshaped(shape), values: a["v"].reshaped(shape), queries: a["k"].reshaped(shape),
    entering: gates["i"], keeping: logSigmoid(gates["f"]))
  return (read.reshaped([.hidden]), a["k"])
}

private func gateOfState() throws -> Cell {
  try Cell("gate of state") { step in
    let h = step.state("h")
    let read = memory(step, seeing: h).read
    step.next(h, read)
    step.output(read)
  }
}

private func furtherState() throws -> Cell {
  try Cell("further state") { step in
    let c = step.state("c")
    let (read, key) = memory(step)
    step.next(c, 0.5 * c + tanh(key))
    step.output(read + c)
  }
}

private func masked() throws -> Cell {
  try Cell("masked") { step in
    let kept = step.mask("kept", keep: 0.5)
    step.output(memory(step).read * kept)
  }
}
