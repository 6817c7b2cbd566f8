import RecurrentCells
import RecurrentCore
import Synchronization

/// The prepared step that a layer keeps for its calls of a single step.
///
/// Such a call is a loop's body in somebody's decoder or control program, made again and again with
/// the same weights; to prepare the step takes several times as long as to take it. The second call
/// in a row with the same weights and as many rows prepares it, and those that follow take it, with
/// the same bits. While the weights change from call to call, as in training, nothing is prepared.
///
/// Copies of a layer share it: it says itself which weights it is for. It is one step of one number of
/// rows: users of different numbers, in turn, prepare none.
package final class KeptStepper: Sendable {
  private struct Kept: ~Copyable {
    var versions: [ParameterVersion]
    var rows: Int
    /// nil: these weights were seen once.
    var stepper: StackStepper?
  }

  private let kept = Mutex<Kept?>(nil)

  package init() {}

  /// Runs `body` with the stepper of these weights, if there is one that nobody uses.
  ///
  /// - Parameters:
  ///   - versions: Of the weights; none where they never change.
  ///   - layers: What a stepper is made of.
  package func use<Result>(
    _ versions: [ParameterVersion], rows: Int, in context: ComputeContext,
    layers: () -> [StackStepper.Layer], _ body: (inout StackStepper) -> sending Result
  ) -> Result? {
    kept.withLockIfAvailable { kept -> sending Result? in
      guard kept?.versions == versions, kept?.rows == rows else {
        kept = Kept(versions: versions, rows: rows, stepper: nil)
        return nil
      }
      if kept!.stepper == nil {
        kept!.stepper = StackStepper(layers(), rows: rows, in: context)
      }
      return body(&kept!.stepper!)
    } ?? nil
  }
}
