/// A form of a series' values that a model may work on: a transform w of them, or the differences
/// w_t − w_{t−1} of one.
struct ValueForm: Sendable, Hashable {
  var transform: ValueTransform
  var isDifferenced = false

  /// The values in this form; NaN where they are missing, not finite or have no image, at the first of
  /// the differences and at those from or to such a value.
  func callAsFunction(_ values: [Double]) -> [Double] {
    let working = transform.working(values)
    guard isDifferenced, !working.isEmpty else { return working }
    return [.nan] + zip(working, working.dropFirst()).map { $1 - $0 }
  }
}
