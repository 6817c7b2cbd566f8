import RecurrentCore

/// A context to test in, with a name for the test's report.
public struct Machine: Sendable, CustomStringConvertible {
  public let context: ComputeContext

  public init(_ instructionSet: InstructionSet, threads: Int) {
    context = ComputeContext(instructionSet: instructionSet, threadCount: threads)
  }

  public var description: String { "\(context.instructionSet) × \(context.threadCount)" }

  public static let threadCounts = [1, 2, 3]

  /// Every instruction set of this machine with every number of threads.
  public static let all: [Machine] = InstructionSet.available.flatMap { set in
    threadCounts.map { Machine(set, threads: $0) }
  }

  /// The contexts of one instruction set, by number of threads: 1, 2, 3.
  public static let byInstructionSet: [[Machine]] = InstructionSet.available.map { set in
    all.filter { $0.context.instructionSet == set }
  }
}

/// Every instruction set of this machine with every number of threads.
public let everyContext: [ComputeContext] = Machine.all.map(\.context)
