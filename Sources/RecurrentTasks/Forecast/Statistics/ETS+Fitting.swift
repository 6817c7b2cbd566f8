#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ETS {
  /// The model with the least corrected criterion of Akaike, each fitted by maximum likelihood within
  /// R's usual bounds: 0.0001 ≤ β ≤ α ≤ 0.9999, 0.0001 ≤ γ ≤ 1 − α, 0.8 ≤ φ ≤ 0.98.
  ///
  /// The states before the first value are parameters like the others, but for the season's if it is
  /// longer than 24 steps, which stays as a classical decomposition finds it. (R has no longer ones.)
  /// The criterion would count each of its steps as a parameter, and leave out a season that all can
  /// see: instead, one that long is in the model if its cycles are clearly alike.
  /// Multiplied errors and seasons are for positive values. Of a long series the last 360 values
  /// are used, or the last four seasons; what came before has been forgotten.
  ///
  /// A series that is too short for a model does without it: a season needs two of them, fewer than
  /// five values and a constant are continued from the last one.
  ///
  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none.
  /// - Returns: nil if all values are missing.
  package init?(fitting values: [Double], season: Int) {
    let fits = Self.fits(to: values, season: season)
    var candidates: [ETS] = []
    if season > longestMovedSeason, CycleAgreement([values], season: season).isClear {
      candidates = fits.filter { $0.form.seasonality != .none && !$0.runsAway(within: season) }
    }
    if candidates.isEmpty { candidates = fits }
    guard var best = candidates.first else { return nil }
    for fit in candidates where fit.aicc < best.aicc && !fit.runsAway(within: season) { best = fit }
    self = best
  }

  /// Whether the innovations multiply each other up so much within a season that the mean of the
  /// future says little of it: the variance of the product of 1 + ε is (1 + σ²)^m − 1.
  private func runsAway(within season: Int) -> Bool {
    form.errors == .multiplicative && variance * Double(season) > 1
  }

  /// How many of so many values, at their beginning, it is not fitted to.
  static func skipped(of count: Int, season: Int) -> Int {
    let limit = max((360 + season - 1) / season, 4) * season
    return max(count - limit, 0) / season * season
  }

  /// All models that the values allow, fitted.
  package static func fits(to values: [Double], season: Int) -> [ETS] {
    precondition(season >= 1, "a season of \(season)")
    let skipped = skipped(of: values.count, season: season)
    let sample = values[skipped...].map { $0.isFinite ? $0 : .nan }
    let observed = sample.filter { !$0.isNaN }
    guard let least = observed.min(), let most = observed.max() else {
      return skipped > 0 ? fits(to: Array(values[..<skipped]), season: season) : []
    }
    let plain = ETS(continuing: sample, skipped: skipped)
    let size = max(abs(least), abs(most))
    guard most - least > 1e-13 * size, observed.count > 4 else { return [plain] }
    var found: [ETS] = []
    for errors in Errors.allCases {
      for seasonality in Seasonality.allCases {
        if errors == .additive && seasonality == .multiplicative { continue }
        if (errors == .multiplicative || seasonality == .multiplicative) && least <= 0 { continue }
        for trend in Trend.allCases {
          let form = Form(errors: errors, trend: trend, seasonality: seasonality)
          let search = ETSSearch(form, sample, season: season)
          if let fit = search?.fit(skipped: skipped) { found.append(fit) }
        }
      }
    }
    return found.isEmpty ? [plain] : found
  }

  /// Simple smoothing that as good as repeats the last value.
  private init(continuing values: [Double], skipped: Int) {
    let observed = values.filter { !$0.isNaN }
    let differences = zip(observed, observed.dropFirst()).map { $1 - $0 }
    let squares = differences.reduce(0) { $0 + $1 * $1 }
    self.init(
      form: Form(errors: .additive, trend: .none, seasonality: .none),
      parameters: Parameters(alpha: 0.9999, start: State(level: observed[0])),
      variance: squares / Double(max(differences.count, 1)), logLikelihood: -.infinity,
      aicc: .infinity, skipped: skipped)
  }
}

/// The longest season whose start is parameters.
private let longestMovedSeason = 24

/// The way to one model's best parameters.
private struct ETSSearch {
  let form: ETS.Form
  let season: Int
  /// What the values are taken less of and divided by, so that they are about 1.
  let centre, scale: Double
  let values: [Double]
  let observedCount: Int
  let start: ETS.State
  /// Whether the season's start is a parameter.
  let movesSeason: Bool

  /// nil for a series too short for the model.
  init?(_ form: ETS.Form, _ sample: [Double], season: Int) {
    self.form = form
    self.season = form.seasonality == .none ? 1 : season
    guard form.seasonality == .none || season > 1 else { return nil }
    let observed = sample.filter { !$0.isNaN }
    observedCount = observed.count
    movesSeason = self.season > 1 && season <= longestMovedSeason
    guard observed.count > Self.parameterCount(form, season) + 1 else { return nil }
    let mean = observed.reduce(0) { $0 + $1 / Double(observed.count) }
    if form.errors == .multiplicative {
      centre = 0
      scale = mean
    } else {
      centre = mean
      scale = observed.reduce(0) { max($0, abs($1 - mean)) }
    }
    let (centre, scale) = (centre, scale)
    values = sample.map { ($0 - centre) / scale }
    guard let start = ETS.State(startOf: values, form, season: self.season) else { return nil }
    self.start = start
  }

  /// All that were found from the data: the parameters, the states and the variance.
  static func parameterCount(_ form: ETS.Form, _ season: Int) -> Int {
    var count = 3
    if form.trend != .none { count += 2 }
    if form.trend == .damped { count += 1 }
    if form.seasonality != .none { count += season }
    return count
  }

  /// nil where nothing positive is left to be multiplied.
  func fit(skipped: Int) -> ETS? {
    // There may be several valleys: a short way into each shows the deepest.
    var best: (function: ETSFunction, point: [Double], value: Double)?
    for first in starts {
      var function = ETSFunction(self, around: first)
      let probe = QuasiNewton(maximumSteps: 16).minimize(&function, from: function.origin)
      if probe.value.isFinite, probe.value < best?.value ?? .infinity {
        best = (function, probe.point, probe.value)
      }
    }
    guard var function = best?.function, let point = best?.point else { return nil }
    let found = QuasiNewton().minimize(&function, from: point)
    guard found.value.isFinite else { return nil }
    var parameters = function.parameters(at: found.point)
    var likelihood = ETSLikelihood(form, of: values)
    var cost = likelihood.run(parameters)
    // Back to the values' own size.
    let n = Double(observedCount)
    cost += n * log(scale)
    let relative = form.errors == .multiplicative
    let squares = likelihood.squares * (relative ? 1 : scale * scale)
    let k = Double(Self.parameterCount(form, season))
    let start = parameters.start
    parameters.start.level = start.level * scale + centre
    parameters.start.slope *= scale
    if form.seasonality == .additive {
      parameters.start.seasonal = start.seasonal.map { $0 * scale }
    }
    return ETS(
      form: form, parameters: parameters, variance: squares / (n - k + 1), logLikelihood: -cost,
      aicc: 2 * cost + 2 * k + 2 * k * (k + 1) / (n - k - 1), skipped: skipped)
  }

  /// Where to start: for a season and a slope that hardly move and for such that do, the α that suits.
  private var starts: [ETS.Parameters] {
    var likelihood = ETSLikelihood(form, of: values)
    var result: [ETS.Parameters] = []
    for beta in form.trend != .none ? [0.02, 0.5] : [0] {
      for gamma in season > 1 ? [0.02, 0.6] : [0] {
        var best: (cost: Double, parameters: ETS.Parameters)?
        for alpha in [0.05, 0.2, 0.5, 0.85] {
          let shares = ETSShares(alpha: alpha, beta: beta, gamma: gamma, phi: 0.9)
          let parameters = shares.parameters(form, start: start)
          let cost = likelihood.run(parameters)
          if cost.isFinite, cost < best?.cost ?? .infinity { best = (cost, parameters) }
        }
        if let best { result.append(best.parameters) }
      }
    }
    return result
  }
}

/// α, β, γ and φ as parts of what the bounds leave them, each between 0 and 1.
private struct ETSShares {
  var alpha, beta, gamma, phi: Double

  static let lowest = 1e-4
  static let highest = 0.9999
  static let phis = 0.8...0.98

  func parameters(_ form: ETS.Form, start: ETS.State) -> ETS.Parameters {
    let low = Self.lowest
    let alpha = low + (Self.highest - low) * alpha
    return ETS.Parameters(
      alpha: alpha,
      beta: form.trend == .none ? 0 : low + (alpha - low) * beta,
      gamma: form.seasonality == .none ? 0 : low + (1 - alpha - low) * gamma,
      phi: form.trend == .damped
        ? Self.phis.lowerBound + (Self.phis.upperBound - Self.phis.lowerBound) * phi : 1,
      start: start)
  }
}

/// The likelihood as a function of numbers without bounds: the log-odds of the shares, then the states,
/// in units of about what is known of them.
private struct ETSFunction: SmoothFunction {
  private var likelihood: ETSLikelihood
  private let form: ETS.Form
  private let movesSeason: Bool
  private let first: ETS.Parameters
  private let firstOdds: [Double]
  private let units: Units
  private var shares = ETSShares(alpha: 0, beta: 0, gamma: 0, phi: 0)

  private struct Units {
    var odds, level, slope, season: Double
  }

  init(_ search: ETSSearch, around first: ETS.Parameters) {
    form = search.form
    movesSeason = search.movesSeason
    self.first = first
    likelihood = ETSLikelihood(search.form, of: search.values)
    _ = likelihood.run(first)
    let count = Double(search.observedCount)
    // A state is forgotten after some values; so many tell of it.
    let deviation = max((likelihood.squares / count).squareRoot(), 1e-6)
    let (alpha, gamma) = (first.alpha, first.gamma)
    units = Units(
      odds: min(max((8 / count).squareRoot(), 0.05), 0.7),
      level: deviation * max(alpha * (2 - alpha), 1 / count).squareRoot(),
      slope: deviation * max(alpha * alpha * alpha, 1 / (count * count * count)).squareRoot(),
      season: deviation * max(gamma * (2 - gamma), Double(search.season) / count).squareRoot())
    let low = ETSShares.lowest
    var odds = [logOdds((first.alpha - low) / (ETSShares.highest - low))]
    if form.trend != .none { odds.append(logOdds((first.beta - low) / (first.alpha - low))) }
    if form.seasonality != .none {
      odds.append(logOdds((first.gamma - low) / (1 - first.alpha - low)))
    }
    if form.trend == .damped {
      odds.append(
        logOdds(
          (first.phi - ETSShares.phis.lowerBound)
            / (ETSShares.phis.upperBound - ETSShares.phis.lowerBound)))
    }
    firstOdds = odds
  }

  /// The point where the search begins.
  var origin: [Double] {
    let states = (form.trend == .none ? 1 : 2) + (movesSeason ? first.start.seasonal.count : 0)
    return Array(repeating: 0, count: firstOdds.count + states)
  }

  func parameters(at point: [Double]) -> ETS.Parameters { split(point).parameters }

  private func split(_ point: [Double]) -> (shares: ETSShares, parameters: ETS.Parameters) {
    var place = 0
    func share() -> Double {
      defer { place += 1 }
      return 1 / (1 + exp(-(firstOdds[place] + point[place] * units.odds)))
    }
    var shares = ETSShares(alpha: share(), beta: 0, gamma: 0, phi: 0)
    if form.trend != .none { shares.beta = share() }
    if form.seasonality != .none { shares.gamma = share() }
    if form.trend == .damped { shares.phi = share() }
    var parameters = shares.parameters(form, start: first.start)
    parameters.start.level += point[place] * units.level
    place += 1
    if form.trend != .none {
      parameters.start.slope += point[place] * units.slope
      place += 1
    }
    if movesSeason {
      for phase in parameters.start.seasonal.indices {
        parameters.start.seasonal[phase] += point[place + phase] * units.season
      }
    }
    return (shares, parameters)
  }

  mutating func value(at point: [Double]) -> Double {
    let (shares, parameters) = split(point)
    self.shares = shares
    return likelihood.run(parameters)
  }

  mutating func gradient() -> [Double] {
    let slopes = likelihood.derivatives()
    let alpha = likelihood.parameters.alpha
    let low = ETSShares.lowest
    func inner(_ share: Double) -> Double { share * (1 - share) * units.odds }
    var result = [
      (slopes.alpha + slopes.beta * shares.beta - slopes.gamma * shares.gamma)
        * (ETSShares.highest - low) * inner(shares.alpha)
    ]
    if form.trend != .none {
      result.append(slopes.beta * (alpha - low) * inner(shares.beta))
    }
    if form.seasonality != .none {
      result.append(slopes.gamma * (1 - alpha - low) * inner(shares.gamma))
    }
    if form.trend == .damped {
      let width = ETSShares.phis.upperBound - ETSShares.phis.lowerBound
      result.append(slopes.phi * width * inner(shares.phi))
    }
    result.append(slopes.start.level * units.level)
    if form.trend != .none { result.append(slopes.start.slope * units.slope) }
    if movesSeason {
      // The season's mean stays what it is: the level has the rest.
      let seasonal = slopes.start.seasonal
      let mean = seasonal.reduce(0, +) / Double(seasonal.count)
      result += seasonal.map { ($0 - mean) * units.season }
    }
    return result
  }
}

private func logOdds(_ share: Double) -> Double {
  let share = min(max(share, 1e-6), 1 - 1e-6)
  return log(share / (1 - share))
}

extension ETS.State {
  /// A first guess of the state before the first value, as Hyndman & Khandakar (2008) make it: the
  /// season of a classical decomposition, and of the first two seasons without it, or ten values, the
  /// mean or the line.
  ///
  /// nil for less than two seasons.
  fileprivate init?(startOf values: [Double], _ form: ETS.Form, season: Int) {
    var rest = values
    var neutral = 0.0
    var seasonal = [Double](repeating: 0, count: season)
    if form.seasonality != .none {
      let kind: ClassicalDecomposition.Kind =
        form.seasonality == .additive ? .additive : .multiplicative
      guard let parts = ClassicalDecomposition(values, season: season, kind: kind) else {
        return nil
      }
      seasonal = parts.seasonal
      if kind == .multiplicative {
        neutral = 1
        // As in R: nothing is divided by next to nothing.
        seasonal = seasonal.map { max($0, 0.01) }
        let mean = seasonal.reduce(0, +) / Double(season)
        seasonal = seasonal.map { $0 / mean }
      }
      rest = values.indices.map { place in
        let part = seasonal[place % season]
        return neutral == 1 ? values[place] / part : values[place] - part
      }
    }
    let first = rest.prefix(max(10, 2 * season))
    let line = LeastSquaresLine(through: first)
    self.init(level: 0, slope: 0, seasonal: seasonal)
    if form.trend == .none {
      level = line.mean
    } else {
      level = line.start
      slope = line.slope
    }
  }
}
