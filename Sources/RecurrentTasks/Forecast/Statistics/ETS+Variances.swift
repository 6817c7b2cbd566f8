extension ETS {
  /// The variance of each value to come given those before the origin, row-major [origins, horizon]:
  /// exact if the innovations are normal (Hyndman et al. 2008, chapter 6).
  package func variances(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    let effects = effects(horizon: horizon)
    forEachState(of: values, origins: origins) { state, origin in
      switch (form.errors, form.seasonality) {
      case (.additive, _):
        var squares = 1.0
        for step in 0..<horizon {
          if step > 0 { squares += effects[step - 1] * effects[step - 1] }
          result.append(variance * squares)
        }
      case (.multiplicative, .multiplicative):
        var moments = ProductMoments(self, state)
        for step in 0..<horizon { result.append(moments.next(phase: (origin + step) % season)) }
      case (.multiplicative, _):
        appendRelativeVariances(
          state, origin: origin, effects: effects, horizon: horizon, to: &result)
      }
    }
    return result
  }

  /// What an error does to the forecast 1, 2, … steps later: α + β(φ + … + φ^j), and γ where the season
  /// is added and comes round.
  private func effects(horizon: Int) -> [Double] {
    var growth = 0.0
    var power = 1.0
    return (1..<max(horizon, 1)).map { step in
      power *= parameters.phi
      growth += power
      let comesRound = form.seasonality == .additive && step.isMultiple(of: season)
      return parameters.alpha + parameters.beta * growth + (comesRound ? parameters.gamma : 0)
    }
  }

  private func appendRelativeVariances(
    _ state: State, origin: Int, effects: [Double], horizon: Int, to result: inout [Double]
  ) {
    // The mean square of the expected value.
    var squares: [Double] = []
    var level = state.level
    var slope = state.slope
    for step in 0..<horizon {
      slope *= parameters.phi
      level += slope
      let mean = level + state.seasonal[(origin + step) % season]
      var square = mean * mean
      for back in 0..<step {
        square += variance * effects[back] * effects[back] * squares[step - 1 - back]
      }
      squares.append(square)
      result.append(square * (1 + variance) - mean * mean)
    }
  }
}

/// The first two moments of level and slope times each phase of the season, where errors and season
/// are multiplied.
///
/// With x = (ℓ, b), q = w·x and g = (α, β), a value makes of x  (A + g wᵀ ε) x  and of its phase's s
/// s (1 + γ ε): so E[x s] and E[x xᵀ s²] follow from those before, with E ε² = σ² and E ε⁴ = 3σ⁴.
private struct ProductMoments {
  /// E[ℓ s], E[b s], E[ℓℓ s²], E[ℓb s²], E[bb s²].
  private struct Moments {
    var level, slope, levels, mixed, slopes: Double
  }

  private let alpha, beta, gamma, phi, variance: Double
  private var phases: [Moments]

  init(_ model: ETS, _ state: ETS.State) {
    (alpha, beta) = (model.parameters.alpha, model.parameters.beta)
    (gamma, phi) = (model.parameters.gamma, model.parameters.phi)
    variance = model.variance
    let (level, slope) = (state.level, state.slope)
    phases = state.seasonal.map { part in
      Moments(
        level: level * part, slope: slope * part, levels: level * level * part * part,
        mixed: level * slope * part * part, slopes: slope * slope * part * part)
    }
  }

  /// The variance of the next value, whose moments are then taken for had.
  mutating func next(phase: Int) -> Double {
    let now = phases[phase]
    let mean = now.level + phi * now.slope
    let square = now.levels + phi * (2 * now.mixed + phi * now.slopes)
    for other in phases.indices {
      let old = phases[other]
      let expected = old.level + phi * old.slope
      // Of x xᵀ: A M Aᵀ, the mixed A M w gᵀ + its transpose, and g wᵀ M w gᵀ, with what ε makes of them.
      let levels = old.levels + phi * (2 * old.mixed + phi * old.slopes)
      let mixed = phi * (old.mixed + phi * old.slopes)
      let slopes = phi * phi * old.slopes
      let own = other == phase ? gamma : 0
      let plain = 1 + own * own * variance
      let cross = 2 * own * variance
      let both = variance * (1 + 3 * own * own * variance)
      phases[other] = Moments(
        level: expected * (1 + own * variance * alpha),
        slope: phi * old.slope + own * variance * beta * expected,
        levels: levels * (plain + 2 * cross * alpha + both * alpha * alpha),
        mixed: mixed * plain + cross * (beta * levels + alpha * mixed)
          + both * alpha * beta * levels,
        slopes: slopes * plain + 2 * cross * beta * mixed + both * beta * beta * levels)
    }
    return square * (1 + variance) - mean * mean
  }
}
