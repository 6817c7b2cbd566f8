/// Exponential smoothing of one series as a statistical model: errors, trend and season may each be
/// there or not, added or multiplied, and Akaike's corrected criterion chooses.
///
/// With y_t observed, m the season, and α, β, γ and φ the ``Parameters``:
///
///     q_t = ℓ_{t−1} + φ b_{t−1}
///     f_t = q_t + s_{t−m},  r_t = y_t − f_t                   season N or A
///     ℓ_t = q_t + α r_t,  b_t = φ b_{t−1} + β r_t,  s_t = s_{t−m} + γ r_t
///
///     f_t = q_t · s_{t−m},  r_t = y_t − f_t                   season M
///     ℓ_t = q_t + α r_t/s_{t−m},  b_t = φ b_{t−1} + β r_t/s_{t−m},  s_t = s_{t−m} + γ r_t/q_t
///
/// The innovation ε_t is r_t where errors are added and r_t/f_t where they are multiplied, normal with
/// variance σ². A missing y_t counts as ε_t = 0. These are ETS(A,N,N) to ETS(M,Ad,M) of Hyndman,
/// Koehler, Ord & Snyder, *Forecasting with Exponential Smoothing* (2008), without those that
/// multiply the trend or add errors to a season that is multiplied, as R's `ets` has them by default.
package struct ETS: Sendable, Hashable {
  package enum Errors: String, Sendable, Hashable, CaseIterable {
    case additive = "A"
    case multiplicative = "M"
  }

  package enum Trend: String, Sendable, Hashable, CaseIterable {
    case none = "N"
    case additive = "A"
    case damped = "Ad"
  }

  package enum Seasonality: String, Sendable, Hashable, CaseIterable {
    case none = "N"
    case additive = "A"
    case multiplicative = "M"
  }

  /// Which of the models it is.
  package struct Form: Sendable, Hashable {
    package var errors: Errors
    package var trend: Trend
    package var seasonality: Seasonality

    package init(errors: Errors, trend: Trend, seasonality: Seasonality) {
      self.errors = errors
      self.trend = trend
      self.seasonality = seasonality
    }
  }

  /// What is known before a value.
  package struct State: Sendable, Hashable {
    package var level: Double
    /// Change of the level per step; 0 without a trend.
    package var slope: Double
    /// What is added or multiplied at each phase, from that of the first value; [0] without a season.
    package var seasonal: [Double]

    package init(level: Double, slope: Double = 0, seasonal: [Double] = [0]) {
      self.level = level
      self.slope = slope
      self.seasonal = seasonal
    }
  }

  /// What a model of a form is made of.
  package struct Parameters: Sendable, Hashable {
    /// How much of an error goes into the level (α), the slope (β) and the season (γ), and what part
    /// of the slope is left after a step (φ): 0 and 1 where there is none.
    package var alpha, beta, gamma, phi: Double
    /// Before the first value that it was fitted to.
    package var start: State

    package init(
      alpha: Double, beta: Double = 0, gamma: Double = 0, phi: Double = 1, start: State
    ) {
      self.alpha = alpha
      self.beta = beta
      self.gamma = gamma
      self.phi = phi
      self.start = start
    }
  }

  package internal(set) var form: Form
  package internal(set) var parameters: Parameters
  /// σ², the mean square of the innovations, with the number of parameters taken off the count.
  package internal(set) var variance: Double
  /// −n/2 · ln Σ ε² − (errors M) Σ ln |f|, over the values it was fitted to: what R prints.
  package internal(set) var logLikelihood: Double
  /// Akaike's criterion −2 · logLikelihood + 2k + 2k(k+1)/(n−k−1) with all k parameters, the states'
  /// and the variance among them; infinite for a series too short to count.
  package internal(set) var aicc: Double
  /// How many values come before that one, whole seasons.
  var skipped: Int

  /// A model of known parameters.
  package init(_ form: Form, _ parameters: Parameters, variance: Double) {
    self.init(
      form: form, parameters: parameters, variance: variance, logLikelihood: -.infinity,
      aicc: .infinity, skipped: 0)
  }

  init(
    form: Form, parameters: Parameters, variance: Double, logLikelihood: Double, aicc: Double,
    skipped: Int
  ) {
    self.form = form
    self.parameters = parameters
    self.variance = variance
    self.logLikelihood = logLikelihood
    self.aicc = aicc
    self.skipped = skipped
  }

  /// As "ETS(M,Ad,M)": errors, trend and season.
  package var name: String {
    "ETS(\(form.errors.rawValue),\(form.trend.rawValue),\(form.seasonality.rawValue))"
  }

  /// How many of α, β, γ and φ there are.
  package var smoothingCount: Int {
    (form.seasonality == .none ? 1 : 2)
      + (form.trend == .none ? 0 : form.trend == .damped ? 2 : 1)
  }

  /// Steps of the season; 1 without one.
  package var season: Int { parameters.start.seasonal.count }

  /// Forecasts from before each origin, row-major [origins, horizon]: the parameters stay as they
  /// are, the states go through the values before the origin.
  ///
  /// - Parameters:
  ///   - values: Those it was fitted to, perhaps with more behind them; NaN where missing.
  ///   - origins: Ascending, each 0 … values.count; NaN before the values it was fitted to.
  package func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    requireAscending(origins, of: values)
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    forEachState(of: values, origins: origins) { state, origin in
      // The start is the state where the fit began: what was before that, it says nothing of.
      guard origin >= skipped else {
        result.append(contentsOf: repeatElement(.nan, count: horizon))
        return
      }
      appendForecasts(from: state, origin: origin, horizon: horizon, to: &result)
    }
    return result
  }

  /// Calls with the state before each of the ascending origins.
  func forEachState(of values: [Double], origins: [Int], _ body: (State, Int) -> Void) {
    var state = parameters.start
    var time = 0
    for origin in origins {
      // What the model was not fitted to is gone through only for origins that lie there.
      if time < skipped, origin >= skipped {
        state = parameters.start
        time = skipped
      }
      while time < origin {
        advance(&state, by: values[time], phase: time % season)
        time += 1
      }
      body(state, origin)
    }
  }

  /// One step of the recursion.
  private func advance(_ state: inout State, by value: Double, phase: Int) {
    let kept = parameters.phi * state.slope
    let expected = state.level + kept
    state.level = expected
    state.slope = kept
    guard value.isFinite else { return }
    let part = state.seasonal[phase]
    var (level, season) = (1.0, 1.0)
    var rest = value - expected - part
    if form.seasonality == .multiplicative {
      rest = value - expected * part
      // A series that the model was not fitted to may bring these down to 0.
      level = 1 / max(abs(part), 1e-10) * (part < 0 ? -1 : 1)
      season = 1 / max(abs(expected), 1e-10) * (expected < 0 ? -1 : 1)
    }
    state.level += parameters.alpha * rest * level
    state.slope += parameters.beta * rest * level
    state.seasonal[phase] += parameters.gamma * rest * season
  }

  private func appendForecasts(
    from state: State, origin: Int, horizon: Int, to result: inout [Double]
  ) {
    var level = state.level
    var slope = state.slope
    for step in 0..<horizon {
      slope *= parameters.phi
      level += slope
      let part = state.seasonal[(origin + step) % season]
      result.append(form.seasonality == .multiplicative ? level * part : level + part)
    }
  }
}
