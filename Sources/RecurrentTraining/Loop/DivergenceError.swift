import RecurrentCore

/// A training run has met a number that is not finite; the model is as it was before that step.
public struct DivergenceError: Error, Sendable, Hashable {
  /// What is not finite.
  public enum Quantity: Sendable, Hashable {
    case loss, gradient, evaluation
  }
  public var quantity: Quantity
  /// The step, counted from 1.
  public var step: Int
  /// The epoch, counted from 1.
  public var epoch: Int
  /// The batch within its epoch, counted from 1.
  public var batch: Int
  /// The first parameter, in the model's order, that is not finite or whose gradient is not.
  public var parameter: TensorPath?
}

extension DivergenceError: CustomStringConvertible {
  /// For example `step 12 (epoch 2, batch 3): the gradient of lstm.weight_hh_l0 is not finite`.
  public var description: String {
    let place = "step \(step) (epoch \(epoch), batch \(batch)): "
    switch quantity {
    case .loss:
      let culprit = parameter.map { ", nor is \($0) or its gradient" } ?? ""
      return place + "the loss is not finite" + culprit
    case .gradient:
      return place + "the gradient of \(parameter?.description ?? "a parameter") is not finite"
    case .evaluation: return place + "the evaluation after it is not finite"
    }
  }
}
