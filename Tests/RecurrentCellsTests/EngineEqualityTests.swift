import RecurrentCells
import RecurrentCore
import Testing

/// What must be equal to itself, whatever way it is computed (the reference says that it is right).
@Suite struct EngineEqualityTests {
  @Test(arguments: CellCase.shapes)
  func oneThreadEqualsMany(_ tried: CellCase) throws {
    let several: [(threads: Int, sharing: ComputeContext.Sharing)] = [
      (2, .automatic), (2, .rows), (5, .rows), (2, .units), (3, .units),
    ]
    for instructionSet in InstructionSet.available {
      let alone = try EngineRun(
        tried, on: ComputeContext(instructionSet: instructionSet, threadCount: 1)
      ).outcome()
      for (threads, sharing) in several {
        let context = ComputeContext(
          instructionSet: instructionSet, threadCount: threads, sharing: sharing)
        let shared = try EngineRun(tried, on: context).outcome()
        #expect(shared == alone, "bits differ on \(instructionSet), \(threads) by \(sharing)")
      }
    }
  }

  @Test(arguments: CellCase.all)
  func paddedEqualsUnpadded(_ tried: CellCase) throws {
    var padded = tried
    padded.rows = 5
    padded.steps = 6
    // Two rows of one length, one that never runs, none as long as the padding.
    let lengths = [5, 3, 3, 1, 0]
    let reference = try EngineRun(padded, on: .default, lengths: lengths).reference()
    for context in EngineRun.contexts {
      try EngineRun(padded, on: context, lengths: lengths).compare(with: reference)
    }
  }

  @Test(arguments: CellCase.all)
  func aBatchEqualsItsRows(_ tried: CellCase) throws {
    // The reference runs row by row, so equality with it, in EngineTests, is equality with the
    // rows alone; here the first row stands in batches of two sizes.
    var single = tried
    single.rows = 1
    let alone = try EngineRun(single, on: .default).outcome(recording: false)
    let together = try EngineRun(tried, on: .default).outcome(recording: false)
    let width = together.output.count / (tried.steps * tried.rows)
    for step in 0..<tried.steps {
      for unit in 0..<width {
        #expect(
          alone.output[step * width + unit] == together.output[step * tried.rows * width + unit])
      }
    }
  }

  @Test func productsBeforeTheLoopEqualThoseInside() throws {
    // 36 input features are multiplied for all steps at once; a sequence of one step is not.
    for tried in CellCase.shapes where tried.sizes.input >= 32 && tried.cell.inputs.count == 1 {
      guard tried.cell.masks.isEmpty else { continue }
      let run = try EngineRun(tried, on: .default)
      let engine = SequenceEngine(run.compiled)
      let parameters = try tried.parameters().enumerated().map {
        Tensor($1.map { Float($0) }, shape: run.compiled.parameterShapes[$0])
      }
      let whole = try run.outcome(recording: false)
      var states: [Tensor?] = run.compiled.stateSizes.enumerated().map { index, width in
        run.rowsTensor(width) { run.sequences[$0].initialStates[index] }
      }
      for step in 0..<tried.steps {
        let result = engine.run(
          inputs: [
            Tensor(
              run.sequences.flatMap { $0.inputs[0][step].map { Float($0) } },
              shape: [1, tried.rows, tried.sizes.input])
          ], initialStates: states, parameters: parameters, masks: [],
          lengths: BatchLengths(steps: 1, rows: tried.rows), reversed: false)
        states = result.finalStates
        let start = step * result.output.count
        for (index, value) in result.output.elements.enumerated() {
          let expected = whole.output[start + index]
          #expect(abs(value - expected) <= 1e-5 * (1 + abs(expected)), "\(tried) step \(step)")
        }
      }
    }
  }
}
