/// A model that may be averaged with others, and how it did.
struct BaseCandidate {
  var model: SmoothedBase.Model
  var form: ValueForm
  /// Row-major [origins, horizon], transformed as in the form.
  var forecasts: [Double]
  /// Mean absolute error times the penalty, in the unit of the values.
  var error: Double
  /// How much larger than on the values fitted to errors are likely to be on others.
  var penalty: Double

  /// Whether another is a variant of the same method.
  func isVariant(of other: BaseCandidate) -> Bool { model.kind == other.model.kind }

  /// Whether this is smoothing with a season or without; nil where it is something else.
  var isSeasonalSmoothing: Bool? {
    if case .smoothing(let smoothing) = model { smoothing.season > 1 } else { nil }
  }
}
