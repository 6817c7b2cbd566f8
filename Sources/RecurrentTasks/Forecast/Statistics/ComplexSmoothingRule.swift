/// What the recursion of ``ComplexSmoothing`` calculates with: numbers, or numbers with their
/// derivatives.
protocol ComplexSmoothingNumber: Sendable, Hashable {
  init(_ value: Double)
  var value: Double { get }
  static func + (left: Self, right: Self) -> Self
  static func - (left: Self, right: Self) -> Self
  static func * (left: Self, right: Self) -> Self
}

extension Double: ComplexSmoothingNumber {
  var value: Double { self }
}

/// A number and its derivatives by the four weights.
struct ComplexSmoothingTangent: ComplexSmoothingNumber {
  var value: Double
  var slopes: SIMD4<Double>

  init(_ value: Double) { self.init(value, slopes: .zero) }

  init(_ value: Double, slopes: SIMD4<Double>) {
    self.value = value
    self.slopes = slopes
  }

  static func + (left: Self, right: Self) -> Self {
    Self(left.value + right.value, slopes: left.slopes + right.slopes)
  }

  static func - (left: Self, right: Self) -> Self {
    Self(left.value - right.value, slopes: left.slopes - right.slopes)
  }

  static func * (left: Self, right: Self) -> Self {
    Self(left.value * right.value, slopes: left.value * right.slopes + right.value * left.slopes)
  }
}

/// A level, or what a season adds, and its information potential.
struct ComplexSmoothingPair<Number: ComplexSmoothingNumber>: Sendable, Hashable {
  var level, potential: Number
}

/// What is known before a value. A phase is a time's remainder by the count.
struct ComplexSmoothingState<Number: ComplexSmoothingNumber>: Sendable, Hashable {
  /// One, or one for each phase of the season.
  var levels: [ComplexSmoothingPair<Number>]
  /// One for each phase; empty where nothing is added. What has no potential leaves it 0.
  var seasonal: [ComplexSmoothingPair<Number>]

  init(
    levels: [ComplexSmoothingPair<Number>], seasonal: [ComplexSmoothingPair<Number>]
  ) {
    self.levels = levels
    self.seasonal = seasonal
  }

  /// The same numbers, whose derivatives are 0.
  init(_ other: ComplexSmoothingState<Double>) {
    func pair(_ pair: ComplexSmoothingPair<Double>) -> ComplexSmoothingPair<Number> {
      ComplexSmoothingPair(level: Number(pair.level), potential: Number(pair.potential))
    }
    self.init(levels: other.levels.map(pair), seasonal: other.seasonal.map(pair))
  }
}

/// The recursion of ``ComplexSmoothing`` with its weights.
struct ComplexSmoothingRule<Number: ComplexSmoothingNumber>: Sendable {
  /// How a pair goes on.
  private struct Turn: Sendable {
    let levelLeak, levelGain, potentialLeak, potentialGain: Number

    /// Of a pair whose potential stays 0 if it is: s + β₀ ε.
    init(real weight: Number) {
      levelLeak = Number(0)
      levelGain = weight
      potentialLeak = Number(0)
      potentialGain = Number(0)
    }

    init(_ real: Number, _ imaginary: Number) {
      levelLeak = Number(1) - imaginary
      levelGain = real - imaginary
      potentialLeak = Number(1) - real
      potentialGain = real + imaginary
    }
  }

  private let level, season: Turn
  /// Whether the season has a potential.
  private let isFull: Bool

  init(_ form: ComplexSmoothing.Form, _ weights: [Number]) {
    level = Turn(weights[0], weights[1])
    isFull = form == .full
    season = isFull ? Turn(weights[2], weights[3]) : Turn(real: weights[2])
  }

  @inline(__always)
  func expected(_ state: ComplexSmoothingState<Number>, at time: Int) -> Number {
    let level = state.levels[state.levels.count == 1 ? 0 : time % state.levels.count].level
    if state.seasonal.isEmpty { return level }
    return level + state.seasonal[time % state.seasonal.count].level
  }

  /// Goes on by the value of a time, in either direction, and returns its error: 0 if it is missing.
  @inline(__always)
  func advance(
    _ state: inout ComplexSmoothingState<Number>, at time: Int, by value: Double
  ) -> Number {
    let error = value.isFinite ? Number(value) - expected(state, at: time) : Number(0)
    let place = state.levels.count == 1 ? 0 : time % state.levels.count
    let pair = state.levels[place]
    state.levels[place] = ComplexSmoothingPair(
      level: pair.level - level.levelLeak * pair.potential + level.levelGain * error,
      potential: pair.level + level.potentialLeak * pair.potential + level.potentialGain * error)
    if !state.seasonal.isEmpty {
      advanceSeason(&state.seasonal[time % state.seasonal.count], by: error)
    }
    return error
  }

  @inline(__always)
  private func advanceSeason(_ pair: inout ComplexSmoothingPair<Number>, by error: Number) {
    if isFull {
      pair = ComplexSmoothingPair(
        level: pair.level - season.levelLeak * pair.potential + season.levelGain * error,
        potential: pair.level + season.potentialLeak * pair.potential
          + season.potentialGain * error)
    } else {
      pair.level = pair.level + season.levelGain * error
    }
  }

  /// Each pair once, without an error: between two ways through the values, one there and one back.
  private func turnAround(_ state: inout ComplexSmoothingState<Number>) {
    let zero = Number(0)
    for place in state.levels.indices {
      let pair = state.levels[place]
      state.levels[place] = ComplexSmoothingPair(
        level: pair.level - level.levelLeak * pair.potential,
        potential: pair.level + level.potentialLeak * pair.potential)
    }
    for place in state.seasonal.indices { advanceSeason(&state.seasonal[place], by: zero) }
  }

  /// The state before the first value, by which the errors are small: from a first guess there and back.
  func backCast(_ values: [Double], from guess: ComplexSmoothingState<Number>)
    -> ComplexSmoothingState<Number>
  {
    var state = guess
    for time in values.indices { _ = advance(&state, at: time, by: values[time]) }
    turnAround(&state)
    for time in values.indices.reversed() { _ = advance(&state, at: time, by: values[time]) }
    turnAround(&state)
    return state
  }

  /// The sum of the squared errors.
  func squares(_ values: [Double], from start: ComplexSmoothingState<Number>) -> Number {
    var state = start
    var sum = Number(0)
    for time in values.indices {
      let error = advance(&state, at: time, by: values[time])
      sum = sum + error * error
    }
    return sum
  }
}

extension ComplexSmoothingRule<Double> {
  init(_ form: ComplexSmoothing.Form, _ weights: SIMD4<Double>) {
    self.init(form, [weights[0], weights[1], weights[2], weights[3]])
  }
}

extension ComplexSmoothingRule<ComplexSmoothingTangent> {
  init(_ form: ComplexSmoothing.Form, _ weights: SIMD4<Double>) {
    self.init(
      form,
      (0..<4).map { place in
        var slopes = SIMD4<Double>.zero
        slopes[place] = 1
        return ComplexSmoothingTangent(weights[place], slopes: slopes)
      })
  }
}
