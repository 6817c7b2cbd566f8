import RecurrentCore

/// What must hold of the engine's results for a cell.
struct EngineCheck: Sendable {
  /// A batch of rows that are equally long, and what the reference makes of it.
  private let even: CellTrial
  private let expected: CellOutcome
  /// A batch of rows of different lengths, one of them without steps.
  private let padded: CellTrial
  private let expectedOfPadded: CellOutcome
  private let engine: @Sendable (EngineTrial) -> CellOutcome

  typealias Insert = (CellCheck.Property, Double) -> Void

  init(
    even: CellTrial, padded: CellTrial, engine: @escaping @Sendable (EngineTrial) -> CellOutcome
  ) {
    self.even = even
    self.padded = padded
    self.engine = engine
    expected = even.referenceOutcome()
    expectedOfPadded = padded.referenceOutcome()
  }

  func run(on context: ComputeContext, insert: Insert) {
    for isReversed in [false, true] {
      let whole = run(even, on: context) { $0.isReversed = isReversed }
      insert(.values, whole.valueError(from: expected))
      insert(.gradients, whole.gradientError(from: expected))
      let untraced = run(even, on: context) {
        $0.isReversed = isReversed
        $0.isRecorded = false
      }
      insert(.values, untraced.valueError(from: expected))
      for cuts in [Array(1..<even.steps), [2]] {
        let parts = run(even, on: context) {
          $0.isReversed = isReversed
          $0.cuts = cuts
        }
        insert(.steps, parts.error(from: whole))
      }
      checkPadding(on: context, isReversed: isReversed, insert: insert)
    }
    checkThreads(on: context, insert: insert)
  }

  /// Rows that end at different steps are turned around by who calls the engine, so that it always
  /// runs a padded batch forward; a row alone it runs in either direction.
  private func checkPadding(on context: ComputeContext, isReversed: Bool, insert: Insert) {
    let alone = padded.rows.indices.map { row in
      run(padded.alone(row), on: context) { $0.isReversed = isReversed }
    }
    let joined = CellOutcome(joining: alone, paddedTo: padded.steps, of: padded.compiled)
    let together = run(padded, on: context)
    insert(.padding, together.error(from: joined))
    insert(.values, together.valueError(from: expectedOfPadded))
    insert(.gradients, together.gradientError(from: expectedOfPadded))
  }

  /// Threads that share rows or units whether or not it is worth it.
  private func checkThreads(on context: ComputeContext, insert: Insert) {
    func shared(_ threads: Int, _ sharing: ComputeContext.Sharing) -> ComputeContext {
      ComputeContext(
        instructionSet: context.instructionSet, threadCount: threads, sharing: sharing)
    }
    let several = [
      shared(max(2, context.threadCount), .automatic), shared(2, .rows), shared(3, .units),
    ]
    for trial in [even, padded] {
      let alone = run(trial, on: shared(1, .automatic))
      for context in several { insert(.threads, run(trial, on: context).bitError(from: alone)) }
    }
  }

  private func run(
    _ trial: CellTrial, on context: ComputeContext, _ change: (inout EngineTrial) -> Void = { _ in }
  ) -> CellOutcome {
    var trial = EngineTrial(trial, on: context)
    change(&trial)
    return engine(trial)
  }
}
