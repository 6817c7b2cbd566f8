/// Where a value of a step lives in memory, before memory is given to it.
package enum Place: Hashable, Sendable {
  /// The rows of an input sequence.
  case input(Int)
  /// A random mask, or its expectation.
  case mask(Int)
  /// 1 in the parts of a vector that are due, else 0.
  case schedule(Int)
  /// A parameter vector, the same for every row.
  case parameter(Int)
  /// The sum of an affine map's biases, one section.
  case bias(map: Int, section: Int)
  /// A section of an affine map's row: the products that were made for all steps at once before the
  /// loop, then the kept value that stands in the section, then, going back, its gradient.
  case section(map: Int, section: Int)
  /// All sections of an affine map's row.
  case sections(map: Int)
  case stateBefore(Int)
  case stateAfter(Int)
  /// An output that is not a state's next value.
  case output(Int)
  /// A value of the forward graph that is kept for every step.
  case kept(Graph.NodeIndex)
  /// A value that one stage leaves to a later one of the same step.
  case passed(Graph.NodeIndex)

  // Going back
  case outputGradient(Int)
  /// The gradient that arrives from the step after this one.
  case stateGradientAfter(Int)
  /// The gradient for the step before this one.
  case stateGradientBefore(Int)
  /// The part of an input's gradient that is not a product made after the loop.
  case inputGradient(Int)
  /// The gradient of a parameter vector, summed over the steps for every row.
  case parameterGradient(Int)
}
