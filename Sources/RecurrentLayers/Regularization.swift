/// Noise that keeps a recurrent layer from learning its data by heart, on top of PyTorch's dropout
/// between layers. All of it acts if and only if a call has a random key.
public struct Regularization: Hashable, Sendable {
  /// The probability that a feature of a layer's input is 0, drawn once for all steps of a row.
  /// Gal & Ghahramani 2016 (arXiv:1512.05287).
  public var inputDropout = 0.0
  /// The probability that an element of a state is 0 on its way into the products of the next step,
  /// drawn once for all steps of a row. Gal & Ghahramani 2016; Keras' `recurrent_dropout`.
  public var recurrentDropout = 0.0
  /// For states, by name, the probability that a unit keeps its previous value, drawn anew at every
  /// step; without a key it keeps as much of it. Krueger et al. 2017 (arXiv:1606.01305).
  public var zoneout: [String: Double] = [:]
  /// The probability that an element of a recurrent matrix is 0, drawn once for a call. Wan et al.
  /// 2013; Merity et al. 2018 (arXiv:1708.02182).
  public var weightDropout = 0.0

  public init(
    inputDropout: Double = 0, recurrentDropout: Double = 0, zoneout: [String: Double] = [:],
    weightDropout: Double = 0
  ) {
    self.inputDropout = inputDropout
    self.recurrentDropout = recurrentDropout
    self.zoneout = zoneout
    self.weightDropout = weightDropout
  }
}
