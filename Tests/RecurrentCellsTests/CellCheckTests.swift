import RecurrentCells
import RecurrentCore
import Synchronization
import Testing

/// The check that users run on their cells: it holds for cells that are right, and every part of it
/// fails where something is wrong.
@Suite struct CellCheckTests {
  private typealias Property = CellCheck.Property

  @Test(arguments: CellCase.all) func holdsForEveryCell(_ tried: CellCase) throws {
    let contexts = InstructionSet.available.map { ComputeContext(instructionSet: $0) }
    let report = try CellCheck(tried.cell).run(on: contexts)
    #expect(report.failures == [], "\(report)")
    #expect(report.machines.map(\.instructionSet) == InstructionSet.available)
    for machine in report.machines {
      #expect(Set(machine.errors.keys) == Set(Property.allCases).subtracting([.derivative]))
    }
    // Differences and Float32 are never exact: an error of 0 would be a check of nothing.
    for property in [Property.derivative, .values, .gradients, .steps] {
      #expect(report.largestError(property) > 0, "\(property)")
    }
  }

  // MARK: A faulty engine

  /// Something an engine may get wrong, and the property that then fails.
  private struct Fault: Sendable, CustomTestStringConvertible {
    let property: Property
    let testDescription: String
    let occurs: @Sendable (EngineTrial) -> Bool
    let spoil: @Sendable (inout CellOutcome) -> Void

    init(
      _ property: Property, _ description: String,
      when occurs: @escaping @Sendable (EngineTrial) -> Bool = isEven,
      _ spoil: @escaping @Sendable (inout CellOutcome) -> Void
    ) {
      self.property = property
      self.testDescription = "\(property): \(description)"
      self.occurs = occurs
      self.spoil = spoil
    }
  }

  private static let faults: [Fault] = [
    Fault(.values, "an output", when: { isEven($0) && !$0.isRecorded }) {
      $0.rows[1].outputs[0][3] += 1e-4
    },
    Fault(.values, "an output in reverse", when: { isEven($0) && $0.isReversed }) {
      $0.rows[0].outputs[0][0] += 1e-4
    },
    Fault(.values, "a final state") { $0.rows[2].finalStates[1][0] += 1e-4 },
    Fault(.values, "not a number") { $0.rows[0].outputs[0][2] = .nan },
    Fault(
      .values, "a recorded value", when: { isEven($0) && $0.trial.compiled.outputSizes.count > 1 }
    ) {
      $0.rows[1].outputs[1][0] += 1e-4
    },
    Fault(.values, "no output") { $0.rows[0].outputs[0] = [] },
    Fault(.gradients, "of a parameter", when: { isEven($0) && $0.isRecorded }) {
      $0.parameterGradients[0][0] += 1e-2
    },
    Fault(.gradients, "of an input", when: { isEven($0) && $0.isRecorded }) {
      $0.rows[1].inputGradients[0][1] += 1e-3
    },
    Fault(.gradients, "of a state", when: { isEven($0) && $0.isRecorded }) {
      $0.rows[1].stateGradients[0][1] += 1e-3
    },
    Fault(.gradients, "not a number", when: { isEven($0) && $0.isRecorded }) {
      $0.parameterGradients[1][0] = .nan
    },
    Fault(.gradients, "infinite", when: { isEven($0) && $0.isRecorded }) {
      $0.parameterGradients[1][0] = .infinity
    },
    Fault(.steps, "an output", when: { $0.cuts.count > 1 }) { $0.rows[0].outputs[0][0] += 1e-4 },
    Fault(.steps, "a gradient after a cut", when: { $0.cuts.count == 1 && $0.isReversed }) {
      $0.parameterGradients[0][0] += 1e-2
    },
    Fault(.padding, "an output beyond the end", when: isPadded) {
      $0.rows[2].outputs[0][4] = 1e-4
    },
    Fault(.padding, "the state of a row without steps", when: isPadded) {
      $0.rows[2].finalStates[0][0] += 1e-4
    },
    Fault(.padding, "an input's gradient beyond the end", when: isPadded) {
      $0.rows[1].inputGradients[0][$0.rows[1].inputGradients[0].count - 1] = 1e-3
    },
    Fault(.padding, "a row alone", when: { $0.trial.rows.count == 1 && $0.isReversed }) {
      $0.parameterGradients[0][0] += 1e-2
    },
    Fault(.threads, "a last bit", when: { $0.context.threadCount > 1 }) {
      $0.rows[0].outputs[0][0] = Double(Float($0.rows[0].outputs[0][0]).nextUp)
    },
    Fault(.threads, "a zero's sign", when: { $0.context.threadCount > 1 && isPadded($0) }) {
      $0.rows[2].outputs[0][0] = -0.0
    },
    Fault(.threads, "not a number", when: { $0.context.threadCount == 3 }) {
      $0.rows[0].outputs[0][0] = .nan
    },
  ]

  private static let isEven: @Sendable (EngineTrial) -> Bool = { trial in
    trial.trial.rows.count == 3 && !isPadded(trial)
  }

  private static let isPadded: @Sendable (EngineTrial) -> Bool = { trial in
    trial.trial.lengths.contains { $0 < trial.trial.steps }
  }

  @Test(arguments: faults) private func findsWhatAnEngineGetsWrong(_ fault: Fault) throws {
    var check = try CellCheck(.lstm())
    let contexts = [ComputeContext(threadCount: 1)]
    try #require(check.run(on: contexts).holds)
    check.engine = { trial in
      var outcome = trial.outcome()
      if fault.occurs(trial) { fault.spoil(&outcome) }
      return outcome
    }
    let report = check.run(on: contexts)
    #expect(!report.holds)
    #expect(report.failures.contains(fault.property), "\(report)")
  }

  // MARK: A faulty derivative

  private static let spoils: [@Sendable (inout ReferenceCell.Gradients) -> Void] = [
    { $0.parameters[2][7] += 1e-6 },
    { $0.inputs[0][1][2] += 1e-6 },
    { $0.initialStates[1][0] += 1e-6 },
    { $0.parameters[0][0] = .nan },
    { $0.inputs[0][0][0] = .infinity },
  ]

  @Test(arguments: spoils.indices) func findsAWrongDerivative(_ index: Int) throws {
    let compiled = try CompiledCell(.lstm(), sizes: CellSizes(input: 3, hidden: 5))
    let trial = CellTrial(compiled, lengths: [3, 3], steps: 3)
    let reference = try ReferenceCell(
      compiled.cell, sizes: compiled.sizes, parameters: trial.parameters)
    let check = DerivativeCheck(reference, trial.rows[1], movesStates: true)
    var gradients = check.gradients
    #expect(Property.derivative.holds(check.largestError(of: gradients)))
    Self.spoils[index](&gradients)
    #expect(!Property.derivative.holds(check.largestError(of: gradients)))
  }

  // MARK: Errors

  private func largest(_ insert: (inout LargestError) -> Void) -> Double {
    var error = LargestError()
    insert(&error)
    return error.value
  }

  @Test func whatIsNotANumberIsTheLargestError() {
    #expect(
      largest {
        $0.insert(.nan)
        $0.insert(.infinity)
        $0.insert(0)
      }.isNaN)
    #expect(largest { $0.insert(values: [.nan], expected: [.nan]) }.isNaN)
    #expect(largest { $0.insert(gradient: [1, .nan], expected: [1, 2]) }.isNaN)
    #expect(largest { $0.insert(gradient: [5, .infinity], expected: [1, .infinity]) }.isNaN)
    #expect(largest { $0.insert(values: [1, 2], expected: [1]) } == .infinity)
    #expect(largest { $0.insert(bits: [0], expected: [-0.0]) } > 0)
    #expect(largest { $0.insert(values: [-.infinity], expected: [-.infinity]) } == 0)
    #expect(!Property.threads.holds(.leastNonzeroMagnitude))
    for property in Property.allCases {
      #expect(property.holds(0))
      #expect(!property.holds(.nan))
      #expect(!property.holds(.infinity))
    }
  }

  @Test func whatWasNotLookedAtDoesNotHold() throws {
    let report = try CellCheck(.rnn()).run(on: [])
    #expect(!report.holds)
    #expect(!report.failures.contains(.derivative))
    #expect(report.failures.contains(.values))
  }

  // MARK: Forms

  @Test func everyFormOfACellIsTried() throws {
    let cell = try Cell("forms") { step in
      let h = step.state("h")
      let kept = step.mask("kept", keep: 0.5)
      let below = step.stateBelow("h")
      let next = tanh(step.affine(["h"], of: step.input, h)["h"]) * kept + (below ?? h) * 0.5
      step.next(h, next)
      step.output(next)
    }
    struct Form: Hashable {
      let inputs: Int
      let masks: Int
      var recordings = 0
    }
    let seen = Mutex(Set<Form>())
    var check = try CellCheck(cell)
    check.engine = { trial in
      let cell = trial.trial.compiled.cell
      let form = Form(
        inputs: cell.inputs.count, masks: cell.masks.count, recordings: cell.recordings.count)
      _ = seen.withLock { $0.insert(form) }
      return trial.outcome()
    }
    #expect(check.run(on: [ComputeContext(threadCount: 1)]).holds)
    let all = [2, 1].flatMap { inputs in [1, 0].map { Form(inputs: inputs, masks: $0) } }
    #expect(seen.withLock { $0 } == Set(all + [Form(inputs: 2, masks: 1, recordings: 1)]))
  }

  // MARK: Sizes

  @Test func findsSizesThatDivide() throws {
    let cell = try Cell("eighths") { step in
      let h = step.state("h", size: .hidden / 8)
      let x = step.affine(of: step.input, size: .input / 3, named: "x")
      let next = tanh(
        step.affine(of: x, size: .hidden / 8, named: "in")
          + step.affine(of: h, size: .hidden / 8, named: "hh"))
      step.next(h, next)
      step.output(next)
    }
    let report = try CellCheck(cell).run(on: [ComputeContext(threadCount: 1)])
    #expect(report.holds, "\(report)")
  }

  @Test func refusesACellThatFitsNoSmallLayer() throws {
    let cell = try Cell("thousandths") { step in
      let h = step.state("h", size: .hidden / 1009)
      step.next(h, h * 0.5)
      step.output(h)
    }
    #expect(throws: CellError.self) { try CellCheck(cell) }
  }

  @Test func aClockIsNotMoved() throws {
    // Half a step before the clock's fifth reading there is nothing to be found; a difference over
    // the clock would see the step of `floor`.
    let cell = try Cell("fifth") { step in
      let h = step.state("h")
      let next = tanh(step.affine(["h"], of: step.input, h)["h"])
      step.next(h, select(step.clock - floor(step.clock / 2) * 2, next, h))
      step.output(next)
    }
    #expect(try CellCheck(cell).run(on: [ComputeContext(threadCount: 1)]).holds)
  }
}
