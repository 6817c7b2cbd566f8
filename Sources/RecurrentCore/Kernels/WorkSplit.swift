/// How threads share the steps of a sequence: by rows, where nobody waits for anybody, or by units,
/// where they meet before every stage that reads across units.
struct WorkSplit {
  let members: Int
  let byRows: Bool

  /// Floating-point operations below which a thread that waits for another one to finish a stage
  /// costs more than it gives.
  private static let worthABarrier = 40_000

  /// - Parameters:
  ///   - rows: The rows of every step.
  ///   - panels: Panels of units that there are to share.
  ///   - cost: Floating-point operations of all steps.
  ///   - meetings: How often threads that share units meet in all steps, at least 1.
  ///   - worthATeam: Floating-point operations below which a thread that is told of the work costs
  ///     more than it gives.
  init(
    rows: Int, panels: Int, cost: Int, meetings: Int, worthATeam: Int, in context: ComputeContext
  ) {
    let threads = context.threadCount
    // Few rows a thread leave register tiles half empty.
    let rowMembers = min(threads, rows / max(context.kernels.tileRows / 2, 1))
    let unitMembers = min(threads, panels)
    switch context.sharing {
    case .rows: (members, byRows) = (min(threads, rows), true)
    case .units: (members, byRows) = (max(1, unitMembers), false)
    case .automatic:
      if threads == 1 || cost < worthATeam {
        (members, byRows) = (1, true)
      } else if rowMembers < threads, unitMembers > rowMembers,
        cost / max(meetings, 1) >= Self.worthABarrier
      {
        (members, byRows) = (unitMembers, false)
      } else {
        (members, byRows) = (max(1, rowMembers), true)
      }
    }
  }
}
