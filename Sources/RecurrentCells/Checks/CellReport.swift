import RecurrentCore

/// What was found of a cell: how far each property is from holding exactly.
public struct CellReport: Sendable {
  /// The largest errors of one instruction set.
  public struct Machine: Sendable {
    public let instructionSet: InstructionSet
    /// NaN where something is not a number.
    public let errors: [CellCheck.Property: Double]
  }

  /// The cell's name.
  public let cell: String
  /// The properties that do not depend on a machine.
  public let errors: [CellCheck.Property: Double]
  public let machines: [Machine]

  /// The largest error anywhere; NaN where something is not a number or was not looked at.
  public func largestError(_ property: CellCheck.Property) -> Double {
    let found = ([errors] + machines.map(\.errors)).compactMap { $0[property] }
    var largest = LargestError()
    for error in found { largest.insert(error) }
    return found.isEmpty ? .nan : largest.value
  }

  /// What does not hold.
  public var failures: [CellCheck.Property] {
    CellCheck.Property.allCases.filter { !$0.holds(largestError($0)) }
  }

  /// Whether everything holds.
  public var holds: Bool { failures.isEmpty }
}
