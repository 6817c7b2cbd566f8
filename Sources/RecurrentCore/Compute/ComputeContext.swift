/// What a computation runs on: the kernels of one instruction set and precision, a team of threads
/// and a pool of buffers.
///
/// A tensor lives in the context it was made in, as PyTorch's live on a device, and operations run
/// in the context of their first operand. One program can hold several contexts, so a test covers
/// every instruction set and thread count in one process. The results of a context do not depend on
/// its number of threads, to the bit.
public final class ComputeContext: Sendable {
  /// The instruction set of its kernels.
  public let instructionSet: InstructionSet
  /// Threads a computation may use, the caller's included.
  public let threadCount: Int
  /// How exactly matrices are multiplied.
  public let precision: Precision

  package let kernels: KernelTable
  package let workers: WorkerPool
  package let buffers: BufferPool
  package let sharing: Sharing

  /// How the threads share the steps of a sequence.
  package enum Sharing: Sendable {
    /// As the amount of work says.
    case automatic
    /// Always, by rows or by units, however little there is: for tests.
    case rows, units
  }

  /// - Parameters:
  ///   - instructionSet: One of ``InstructionSet/available``; by default what the environment
  ///     variable `RECURRENT_ISA` names, or the best this machine has.
  ///   - threadCount: At least 1; by default the processors this process may run on.
  ///   - precision: How exactly matrices are multiplied; every machine has all of ``Precision``.
  /// - Precondition: This machine has the instruction set.
  public convenience init(
    instructionSet: InstructionSet? = nil, threadCount: Int? = nil, precision: Precision = .float32
  ) {
    self.init(
      instructionSet: instructionSet, threadCount: threadCount, precision: precision,
      sharing: .automatic)
  }

  package init(
    instructionSet: InstructionSet?, threadCount: Int?, precision: Precision = .float32,
    sharing: Sharing
  ) {
    guard
      let kernels = (instructionSet ?? KernelTable.chosen?.instructionSet)?.table(precision)
    else {
      preconditionFailure(
        "This machine or build has no kernels for the instruction set asked for; it has "
          + InstructionSet.available.map(\.rawValue).joined(separator: ", "))
    }
    let count = threadCount ?? WorkerPool.processorCount
    precondition(count >= 1, "A context needs at least 1 thread, found \(count)")
    self.kernels = kernels
    self.instructionSet = kernels.instructionSet
    self.threadCount = count
    self.precision = precision
    self.workers = WorkerPool(threadCount: count)
    self.buffers = BufferPool()
    self.sharing = sharing
  }

  /// The context of everything that names no other.
  public static let `default` = ComputeContext()
}
