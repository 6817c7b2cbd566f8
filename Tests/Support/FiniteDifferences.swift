/// The gradient of a function of several arrays by central differences, in Double: good to about
/// nine digits where the function is smooth.
public func numericGradient(
  at inputs: [DoubleArray], step: Double = 1e-5, of function: ([DoubleArray]) -> Double
) -> [DoubleArray] {
  var moved = inputs
  return inputs.indices.map { which in
    var gradient = inputs[which]
    for place in inputs[which].values.indices {
      let value = inputs[which].values[place]
      moved[which].values[place] = value + step
      let above = function(moved)
      moved[which].values[place] = value - step
      let below = function(moved)
      moved[which].values[place] = value
      gradient.values[place] = (above - below) / (2 * step)
    }
    return gradient
  }
}
