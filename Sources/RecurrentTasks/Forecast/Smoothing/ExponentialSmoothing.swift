/// Exponential smoothing of a level, a trend that may be damped, and a season, added or multiplied.
///
/// With α, β, γ and φ the fields below, y_t observed, m the season:
///
///     e_t     = y_t − ℓ_{t−1} − φ b_{t−1} − s_{t−m}
///     ℓ_t     = ℓ_{t−1} + φ b_{t−1} + α e_t
///     b_t     = φ b_{t−1} + β e_t
///     s_t     = s_{t−m} + γ e_t
///     ŷ_{t+k} = ℓ_t + (φ + φ² + … + φ^k) b_t + s_{t+k−m}    for k ≤ m, then the season repeats
///
/// and where the season is multiplied
///
///     e_t     = y_t − (ℓ_{t−1} + φ b_{t−1}) s_{t−m}
///     ℓ_t     = ℓ_{t−1} + φ b_{t−1} + α e_t / s_{t−m}
///     b_t     = φ b_{t−1} + β e_t / s_{t−m}
///     s_t     = s_{t−m} + γ e_t / (ℓ_{t−1} + φ b_{t−1})
///     ŷ_{t+k} = (ℓ_t + (φ + φ² + … + φ^k) b_t) s_{t+k−m}
///
/// A missing y_t counts as e_t = 0. These are ETS(A,N,N) to ETS(A,Ad,M) of Hyndman, Koehler, Ord &
/// Snyder, *Forecasting with Exponential Smoothing* (2008), with a season the Holt–Winters methods.
struct ExponentialSmoothing: Sendable, Hashable {
  enum Trend: String, Sendable, Hashable, CaseIterable {
    case none
    case damped
    case linear
  }

  var trend: Trend
  /// How much of an error goes into the level (α), the slope (β), the season (γ), and what part of
  /// the slope is left after a step (φ).
  var alpha, beta, gamma, phi: Double
  /// Whether the season multiplies the level instead of being added to it.
  var isMultiplicative = false
  var start: State

  /// What is known before a value.
  struct State: Sendable, Hashable {
    var level: Double
    /// Change of the level per step.
    var slope: Double
    /// What is added to the level at each phase of the season, from phase 0, or multiplied with it;
    /// [0] without a season.
    var seasonal: [Double]
  }

  var season: Int { start.seasonal.count }

  /// Forecasts from before each origin, row-major [origins, horizon].
  ///
  /// - Parameter origins: Ascending, each 0 … values.count.
  func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    var lanes = SmoothingLanes(
      alpha: .init(repeating: alpha), beta: .init(repeating: beta), gamma: .init(repeating: gamma),
      phi: .init(repeating: phi), isMultiplicative: isMultiplicative, start: start,
      horizon: horizon)
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    var time = 0
    for origin in origins {
      while time < origin {
        lanes.observe(values[time])
        time += 1
      }
      lanes.forEachForecast { result.append($1[0]) }
    }
    return result
  }
}

/// Four sets of parameters that go through one series side by side.
struct SmoothingLanes {
  typealias Lanes = SIMD4<Double>

  private let alpha, beta, gamma, phi: Lanes
  private let isMultiplicative: Bool
  private var level, slope: Lanes
  /// The season's last values, by phase.
  private var seasonal: [Lanes]
  /// The phase of the next value.
  private var phase = 0
  /// φ + φ² + … + φ^k for k = 1, 2, …
  private let growth: [Lanes]

  init(
    alpha: Lanes, beta: Lanes, gamma: Lanes, phi: Lanes, isMultiplicative: Bool,
    start: ExponentialSmoothing.State, horizon: Int
  ) {
    self.isMultiplicative = isMultiplicative
    self.alpha = alpha
    self.beta = beta
    self.gamma = gamma
    self.phi = phi
    level = Lanes(repeating: start.level)
    slope = Lanes(repeating: start.slope)
    seasonal = start.seasonal.map { Lanes(repeating: $0) }
    var power = Lanes.one
    var sum = Lanes.zero
    growth = (0..<horizon).map { _ in
      power *= phi
      sum += power
      return sum
    }
  }

  /// One step of the recursion; NaN is a missing value.
  @inline(__always) mutating func observe(_ value: Double) {
    let kept = phi * slope
    let expected = level + kept
    if value.isNaN {
      level = expected
      slope = kept
    } else if isMultiplicative {
      let part = seasonal[phase]
      let error = Lanes(repeating: value) - expected * part
      level = expected + alpha * error / part
      slope = kept + beta * error / part
      seasonal[phase] = part + gamma * error / expected
    } else {
      let error = Lanes(repeating: value) - expected - seasonal[phase]
      level = expected + alpha * error
      slope = kept + beta * error
      seasonal[phase] += gamma * error
    }
    phase += 1
    if phase == seasonal.count { phase = 0 }
  }

  /// Calls with 0, 1, … and the forecasts of the next value, that after it, …
  @inline(__always) func forEachForecast(_ body: (Int, Lanes) -> Void) {
    var place = phase
    for step in growth.indices {
      let trend = level + growth[step] * slope
      body(step, isMultiplicative ? trend * seasonal[place] : trend + seasonal[place])
      place += 1
      if place == seasonal.count { place = 0 }
    }
  }
}
