import RecurrentCore

/// Tries out what must hold of every cell, on one of your own as on those of the family: that its
/// derivative is one, and that the engine computes its equations.
///
/// ```swift
/// let contexts = InstructionSet.available.map { ComputeContext(instructionSet: $0) }
/// let report = try CellCheck(cell).run(on: contexts)
/// print(report.holds, report.largestError(.gradients))
/// ```
public struct CellCheck: Sendable {
  /// What must hold.
  public enum Property: String, Sendable, CaseIterable {
    /// The derived derivative is the limit of central differences, both in Double.
    case derivative
    /// The engine gives the outputs, recorded values and final states of the Double reference.
    case values
    /// The engine gives the gradients of the Double reference, for parameters, inputs and states.
    case gradients
    /// Step by step, split in two and whole are the same, gradients included.
    case steps
    /// Rows of a padded batch are what they are alone, gradients included.
    case padding
    /// Any number of threads gives the bits of one.
    case threads

    /// The largest error with which it holds: relative to 1 + the expected magnitude, of each value,
    /// and of each gradient tensor as a whole.
    public var tolerance: Double {
      switch self {
      case .derivative: 1e-7
      case .values, .gradients, .steps, .padding: 1e-5
      case .threads: 0
      }
    }

    /// Whether it holds with an error; with NaN it does not.
    public func holds(_ error: Double) -> Bool { error <= tolerance }
  }

  private let name: String
  /// Every form of the cell in a small layer, as every number of it is moved up and down.
  private let derivativeCells: [CompiledCell]
  /// Every form with few features and with many, which the engine treats differently.
  private let engineCells: [CompiledCell]

  /// What is asked for the engine's results; tests put a faulty one in its place.
  package var engine: @Sendable (EngineTrial) -> CellOutcome = { $0.outcome() }

  /// - Throws: ``CellError`` where there is no small layer into whose sizes the equations fit.
  public init(_ cell: Cell) throws(CellError) {
    name = cell.name
    var (small, tried): ([CompiledCell], [CompiledCell]) = ([], [])
    for form in try Self.forms(of: cell) {
      small.append(try Self.smallest(form, input: 3, hidden: 5))
      tried.append(try Self.smallest(form, input: 7, hidden: 11))
      tried.append(try Self.smallest(form, input: 37, hidden: 13))
    }
    derivativeCells = small
    engineCells = tried
  }

  /// A layer may run a cell's equations in other forms: the lowest of a stack has none below,
  /// without a random key masks are numbers, and values can be recorded.
  private static func forms(of cell: Cell) throws(CellError) -> [Cell] {
    var forms = cell.readsBelow ? [try cell.upper, try cell.lowest] : [cell]
    forms += forms.filter { !$0.masks.isEmpty }.compactMap(\.expected)
    return forms + [try cell.recording(cell.recordableNames)]
  }

  /// The cell in the smallest layer, at least as large as given, whose sizes divide as they must.
  private static func smallest(
    _ cell: Cell, input: Int, hidden: Int
  ) throws(CellError) -> CompiledCell {
    var refusal: CellError?
    for input in input..<input + 8 {
      for hidden in hidden..<hidden + 256 {
        do {
          return try CompiledCell(cell, sizes: CellSizes(input: input, hidden: hidden))
        } catch {
          refusal = refusal ?? error
        }
      }
    }
    throw refusal!
  }

  /// Checks everything, the engine on each of the contexts.
  public func run(on contexts: [ComputeContext]) -> CellReport {
    let trials = engineCells.map { compiled in
      let steps = 6
      return EngineCheck(
        even: CellTrial(compiled, lengths: [steps, steps, steps], steps: steps),
        padded: CellTrial(compiled, lengths: [steps - 1, 2, 0], steps: steps), engine: engine)
    }
    return CellReport(
      cell: name, errors: [.derivative: derivativeError()],
      machines: contexts.map { context in
        var largest: [Property: LargestError] = [:]
        for trial in trials { trial.run(on: context) { largest[$0, default: .init()].insert($1) } }
        return CellReport.Machine(
          instructionSet: context.instructionSet, errors: largest.mapValues(\.value))
      })
  }

  private func derivativeError() -> Double {
    var largest = LargestError()
    for compiled in derivativeCells {
      let trial = CellTrial(compiled, lengths: [4, 4], steps: 4)
      let reference = try! ReferenceCell(
        compiled.cell, sizes: compiled.sizes, parameters: trial.parameters)
      for (index, row) in trial.rows.enumerated() {
        // The first row starts from zero, the second from what that becomes.
        let check = DerivativeCheck(reference, row, movesStates: index > 0)
        largest.insert(check.largestError(of: check.gradients))
      }
    }
    return largest.value
  }
}
