#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The likelihood of an ETS model and its derivatives with respect to every parameter and every state
/// before the first value, by going back through the recursion.
package struct ETSLikelihood {
  let form: ETS.Form
  /// The values, NaN where missing.
  private let values: [Double]
  private let count: Double
  private(set) var parameters: ETS.Parameters
  /// Σ ε² of the last run.
  private(set) var squares = 0.0

  // What the last run met, by time: the level and the season that were expected, the slope before
  // damping, and the error of the forecast.
  private var levels, slopes, parts, errors: [Double]
  private var seasonal: [Double]

  /// Less than this mean square of the innovations, for values of about 1, is rounding.
  private static let rounding = 1e-26

  package init(_ form: ETS.Form, of values: [Double]) {
    self.form = form
    self.values = values
    count = Double(values.count { !$0.isNaN })
    levels = Array(repeating: 0, count: values.count)
    slopes = levels
    parts = levels
    errors = levels
    seasonal = []
    parameters = ETS.Parameters(
      alpha: 0, start: .init(level: 0))
  }

  /// −ln likelihood: n/2 · ln Σ ε² + (errors M) Σ ln f. Infinite where what is multiplied is not
  /// positive.
  package mutating func run(_ parameters: ETS.Parameters) -> Double {
    self.parameters = parameters
    let (alpha, beta, gamma, phi) =
      (parameters.alpha, parameters.beta, parameters.gamma, parameters.phi)
    let divides = form.errors == .multiplicative
    let multiplies = form.seasonality == .multiplicative
    seasonal = parameters.start.seasonal
    var level = parameters.start.level
    var slope = parameters.start.slope
    var phase = 0
    var sum = 0.0
    var logarithms = 0.0
    // Logarithms cost more than all the rest: of products they are fewer.
    var product = 1.0
    for time in values.indices {
      let kept = phi * slope
      let expected = level + kept
      let part = seasonal[phase]
      let forecast = multiplies ? expected * part : expected + part
      let value = values[time]
      let error = value.isNaN ? 0 : value - forecast
      slopes[time] = slope
      levels[time] = expected
      parts[time] = part
      errors[time] = error
      if multiplies {
        if expected <= 0 || part <= 0 { return .infinity }
        let share = error / part
        level = expected + alpha * share
        slope = kept + beta * share
        seasonal[phase] = part + gamma * error / expected
      } else {
        level = expected + alpha * error
        slope = kept + beta * error
        seasonal[phase] = part + gamma * error
      }
      if !value.isNaN {
        if divides {
          if forecast <= 0 { return .infinity }
          let relative = error / forecast
          sum += relative * relative
          product *= forecast
          if product > 1e100 || product < 1e-100 {
            logarithms += log(product)
            product = 1
          }
        } else {
          sum += error * error
        }
      }
      phase += 1
      if phase == seasonal.count { phase = 0 }
    }
    squares = sum
    let half = count / 2 * log(max(sum, Self.rounding * count))
    return divides ? half + logarithms + log(product) : half
  }

  /// The derivatives of the last run's result.
  package mutating func derivatives() -> ETS.Parameters {
    let (alpha, beta, gamma, phi) =
      (parameters.alpha, parameters.beta, parameters.gamma, parameters.phi)
    let divides = form.errors == .multiplicative
    let multiplies = form.seasonality == .multiplicative
    let weight = squares > Self.rounding * count ? count / squares : 0
    let season = seasonal.count
    var (ofAlpha, ofBeta, ofGamma, ofPhi) = (0.0, 0.0, 0.0, 0.0)
    // Of the states after a value, then of those before it.
    var (level, slope) = (0.0, 0.0)
    var ofSeasonal = [Double](repeating: 0, count: season)
    var phase = values.count % season
    for time in values.indices.reversed() {
      phase = phase == 0 ? season - 1 : phase - 1
      let (expected, part, error) = (levels[time], parts[time], errors[time])
      let later = ofSeasonal[phase]
      var ofForecast = 0.0
      var ofExpected = level
      var ofPart = later
      if multiplies {
        let (overPart, overExpected) = (1 / part, 1 / expected)
        let (share, other) = (error * overPart, error * overExpected)
        let ofShare = (alpha * level + beta * slope) * overPart
        let ofOther = gamma * later * overExpected
        ofAlpha += share * level
        ofBeta += share * slope
        ofGamma += other * later
        ofForecast -= ofShare + ofOther
        ofPart -= ofShare * share
        ofExpected -= ofOther * other
      } else {
        ofAlpha += error * level
        ofBeta += error * slope
        ofGamma += error * later
        ofForecast -= alpha * level + beta * slope + gamma * later
      }
      if values[time].isNaN {
        // The error was 0 whatever was expected.
        ofForecast = 0
      } else if divides {
        let overForecast = 1 / (multiplies ? expected * part : expected + part)
        let relative = error * overForecast
        ofForecast += (1 - weight * relative * (1 + relative)) * overForecast
      } else {
        ofForecast -= weight * error
      }
      ofExpected += multiplies ? ofForecast * part : ofForecast
      ofSeasonal[phase] = ofPart + (multiplies ? ofForecast * expected : ofForecast)
      let ofKept = slope + ofExpected
      ofPhi += slopes[time] * ofKept
      level = ofExpected
      slope = phi * ofKept
    }
    return ETS.Parameters(
      alpha: ofAlpha, beta: ofBeta, gamma: ofGamma, phi: ofPhi,
      start: .init(level: level, slope: slope, seasonal: ofSeasonal))
  }
}
