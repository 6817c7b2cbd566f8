/// The equations of a cell as people write them, made from the graph that the engine runs.
///
/// States stand under their names, those before the step as h₋₁; values that the cell's equations
/// name under theirs; a value without a name that is used more than once gets one, s₁, s₂, ….
///
/// ```swift
/// print(CellEquations(try Cell.lstm()).text)
/// ```
public struct CellEquations: Sendable {
  /// One equation.
  public struct Line: Hashable, Sendable {
    package let symbol: Symbol
    package let expression: Expression
    /// The sizes of the axes of what it gives.
    public let shape: [Extent]
  }

  /// In an order in which they can be computed.
  public let lines: [Line]
  /// The name of what the cell gives out.
  public var outputName: String { output.text }
  /// What the cell gives out.
  package let output: Symbol
  /// What the equations use without saying what it is.
  package let notes: [Note]
  /// How the equations call the cell's parameters, in the order of declaration: `W_ih` for
  /// `weight_ih`, `p_i` for `peephole_i`.
  public let parameterSymbols: [String]

  /// Something to be said beside the equations.
  package enum Note: Hashable, Sendable {
    /// Layer normalisation with this ε.
    case normalized(Int, epsilon: Double)
    case due(Symbol, CellSchedule, clock: Symbol)
    case mask(Symbol, CellMask)
    case stateBelow(Symbol, state: String)
    case furtherInput(Symbol)
    /// Values have blocks, and products are taken within them.
    case blocks([Extent])
  }

  /// The equations of a cell in the form it has; ``Cell/lowest`` has those of the lowest layer.
  public init(_ cell: Cell) {
    var writer = EquationWriter(cell)
    lines = writer.lines()
    output = writer.output
    notes = writer.notes(lines)
    parameterSymbols = SymbolNames(of: cell).parameters
  }
}
