/// A function that says where it falls.
protocol SmoothFunction {
  /// Not finite where it is not defined.
  mutating func value(at point: [Double]) -> Double
  /// The derivatives at the point asked for last.
  mutating func gradient() -> [Double]
}

/// Looks for the least value of a function by the method of Broyden, Fletcher, Goldfarb and Shanno
/// (Nocedal & Wright, *Numerical Optimization*, 2006, §6.1), with a line search that only goes back.
///
/// The function's variables are meant to be scaled, so that 1 is about as far as it is worth going.
struct QuasiNewton {
  /// No variable moves further than this in one step.
  var longestStep = 1.5
  /// It is over when the value has twice fallen by less than this.
  var tolerance = 1e-6
  var maximumSteps = 200

  /// Returns the best point found, and its value.
  func minimize(
    _ function: inout some SmoothFunction, from start: [Double]
  ) -> (point: [Double], value: Double) {
    let size = start.count
    var point = start
    var value = function.value(at: point)
    guard value.isFinite else { return (point, value) }
    var gradient = function.gradient()
    // The inverse of the second derivatives, as far as they are known; row-major.
    var inverse = [Double](repeating: 0, count: size * size)
    func reset(_ scale: Double) {
      for place in inverse.indices { inverse[place] = place % (size + 1) == 0 ? scale : 0 }
    }
    reset(1)
    var isFresh = true
    var smallFalls = 0
    var direction = [Double](repeating: 0, count: size)
    var next = direction
    var product = direction
    for _ in 0..<maximumSteps {
      var slope = 0.0
      for row in 0..<size {
        var sum = 0.0
        for column in 0..<size { sum -= inverse[row * size + column] * gradient[column] }
        direction[row] = sum
        slope += sum * gradient[row]
      }
      if !(slope < 0) {
        if isFresh { break }
        reset(1)
        isFresh = true
        continue
      }
      let longest = direction.reduce(0) { max($0, abs($1)) }
      var step = min(1, longestStep / longest)
      var nextValue = Double.infinity
      var tries = 0
      while tries < 20 {
        for place in 0..<size { next[place] = point[place] + step * direction[place] }
        nextValue = function.value(at: next)
        if nextValue <= value + 1e-4 * step * slope { break }
        // Where the parabola through what is known is lowest.
        let rise = nextValue - value - step * slope
        let lowest = rise.isFinite && rise > 0 ? -slope * step * step / (2 * rise) : 0
        step = min(max(lowest, 0.1 * step), 0.5 * step)
        tries += 1
      }
      guard nextValue < value else {
        if isFresh { break }
        reset(1)
        isFresh = true
        continue
      }
      let nextGradient = function.gradient()
      // s is the step made and y what it changed of the gradient.
      var curvature = 0.0
      var squares = 0.0
      for place in 0..<size {
        let change = nextGradient[place] - gradient[place]
        curvature += step * direction[place] * change
        squares += change * change
      }
      if curvature > 1e-12 * squares {
        if isFresh { reset(curvature / squares) }
        var inner = 0.0
        for row in 0..<size {
          var sum = 0.0
          for column in 0..<size {
            sum += inverse[row * size + column] * (nextGradient[column] - gradient[column])
          }
          product[row] = sum
          inner += sum * (nextGradient[row] - gradient[row])
        }
        let factor = (1 + inner / curvature) / curvature
        for row in 0..<size {
          let moved = step * direction[row]
          for column in 0..<size {
            let other = step * direction[column]
            inverse[row * size + column] +=
              factor * moved * other - (moved * product[column] + product[row] * other) / curvature
          }
        }
        isFresh = false
      }
      smallFalls = value - nextValue < tolerance ? smallFalls + 1 : 0
      swap(&point, &next)
      value = nextValue
      gradient = nextGradient
      if smallFalls == 2 { break }
    }
    return (point, value)
  }
}
