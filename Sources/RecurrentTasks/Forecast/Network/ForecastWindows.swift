import RecurrentCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the network sees at some origins of some series, and what it is to say.
///
/// An origin o of a series is the forecast of values o, o + 1, … from those before o. A step of the
/// input is a season: its values, less the mean of the last season and over their mean distance from
/// it, then the base's one-step errors there, in units of its usual error. The context is the base's
/// forecast, scaled likewise, how large its errors are beside the series' movements, and its mean
/// error over the last season. Targets are the base's errors at the next values, in units of the
/// usual error at that step.
///
/// Covariates follow: in a step of the input those known of the future, then those of the past only,
/// each for a season; in the context those that never change; and of the steps to be forecast what is
/// known of them.
struct ForecastWindows {
  let season: Int
  /// Seasons that the network reads.
  let seasons: Int
  let horizon: Int
  let features: FeatureCounts
  private(set) var count = 0
  /// [count, seasons, (2 + known + past) · season]
  private(set) var inputs: [Float] = []
  /// [count, horizon + 2 + statics]
  private(set) var contexts: [Float] = []
  /// [count, horizon, known]
  private(set) var futures: [Float] = []
  /// [count, horizon], 0 where missing.
  private(set) var targets: [Float] = []
  /// [count, horizon], 1 where there is a target.
  private(set) var masks: [Float] = []
  /// The base's forecast and the usual size of its error, in working values, count · horizon each.
  private(set) var frame = ForecastFrame<[Double]>(location: [], scale: [])

  /// The names of the series, and for each window the place of its series among them.
  private(set) var names: [String?] = []
  private(set) var owners: [Int] = []

  var stepSize: Int { Self.stepSize(season: season, features) }

  /// Features of a step of the input.
  static func stepSize(season: Int, _ features: FeatureCounts) -> Int {
    (2 + features.known + features.past) * season
  }

  static func contextSize(horizon: Int, _ features: FeatureCounts) -> Int {
    horizon + 2 + features.statics
  }

  init(season: Int, seasons: Int, horizon: Int, features: FeatureCounts = FeatureCounts()) {
    self.season = season
    self.seasons = seasons
    self.horizon = horizon
    self.features = features
  }

  /// Adds the windows at some origins of a series.
  ///
  /// - Parameters:
  ///   - origins: Each 0 … values.count, ascending.
  ///   - cut: Steps of the covariates from which their scales are taken.
  mutating func append(
    _ series: ForecastSeries, base: SmoothedBase, origins: [Int], scalesBefore cut: Int
  ) {
    precondition(
      series.featureCounts == features, "A series with \(series.featureCounts), not \(features)")
    let scaled = series.known.count - series.unitless
    let known = series.known.enumerated().map {
      ScaledCovariate($1, before: cut, isScaled: $0 < scaled)
    }
    let past = series.past.map { ScaledCovariate($0, before: cut) }
    let observed = base.working(series.observed)
    let length = seasons * season
    // All origins in one pass, but those from which the values would show what comes after them.
    let together = BaseReading(
      of: series.values, by: base, origins: origins.filter { !series.isAhead(of: $0) })
    names.append(series.name)
    for origin in origins {
      let reading =
        series.isAhead(of: origin)
        ? BaseReading(of: series.values(before: origin), by: base, origins: [origin]) : together
      let (filled, errors) = (reading.filled, reading.errors)
      // Before the first value there is nothing: its difference from the centre is 0.
      func value(_ place: Int) -> Double? { place < 0 ? nil : filled[place] }
      let last = filled.isEmpty ? 0 : filled[max(origin - 1, 0)]
      let base0 = reading.forecasts[origin]!.map { $0.isNaN ? last : $0 }
      let recent = (origin - season..<origin).map { value($0) ?? filled.first ?? 0 }
      let centre = season == 1 ? last : recent.reduce(0, +) / Double(season)
      var distance = 0.0
      var real = 0
      for place in origin - length..<origin {
        guard let value = value(place) else { continue }
        distance += (value - centre).magnitude
        real += 1
      }
      let scale = max(distance / Double(max(real, 1)), base.meanErrorScale)

      var lastErrors = 0.0
      for step in 0..<seasons {
        let start = origin - length + step * season
        for place in start..<start + season {
          inputs.append(clipped(value(place).map { ($0 - centre) / scale } ?? 0))
        }
        for place in start..<start + season {
          let error = clipped(place < 0 ? 0 : errors[place] / base.meanErrorScale)
          inputs.append(error)
          if step == seasons - 1 { lastErrors += Double(error) }
        }
        for covariate in known {
          for place in start..<start + season { inputs.append(covariate[place]) }
        }
        for covariate in past {
          for place in start..<start + season { inputs.append(covariate[place]) }
        }
      }
      for value in base0 { contexts.append(clipped((value - centre) / scale)) }
      contexts.append(Float(log(base.meanErrorScale / scale)))
      contexts.append(Float(lastErrors / Double(season)))
      contexts += series.statics.map { $0.isNaN ? 0 : $0 }
      for step in 0..<horizon { futures += known.map { $0[origin + step] } }

      for step in 0..<horizon {
        let place = origin + step
        let target =
          place < observed.count
          ? (observed[place] - base0[step]) / base.errorScale[step] : Double.nan
        targets.append(target.isNaN ? 0 : Float(target))
        masks.append(target.isNaN ? 0 : 1)
      }
      frame.location += base0
      frame.scale += base.errorScale
      owners.append(names.count - 1)
      count += 1
    }
  }

  private func clipped(_ value: Double) -> Float {
    value.isNaN ? 0 : Float(min(max(value, -6), 6))
  }

  /// What a network says to all windows, in units of the base's errors: count · horizon places. A
  /// thousand windows are asked at a time, so that memory does not grow with their number.
  func answers(of network: ForecastNetwork, on context: ComputeContext) -> ForecastBounds {
    let levels = network.levels
    var answers = ForecastBounds(
      centre: [], lower: levels.map { _ in [] }, upper: levels.map { _ in [] })
    for first in stride(from: 0, to: count, by: 1000) {
      let rows = first..<min(first + 1000, count)
      let places = rows.lowerBound * horizon..<rows.upperBound * horizon
      let (location, scale) = (frame.location[places], frame.scale[places])
      let bounds = network.head.bounds(
        network(question(rows, on: context)),
        frame: ForecastFrame(location: Array(location), scale: Array(scale)), levels: levels)
      func inErrors(_ values: [Double]) -> [Double] {
        zip(values, zip(location, scale)).map { ($0 - $1.0) / $1.1 }
      }
      answers.centre += inErrors(bounds.centre)
      for level in levels.indices {
        answers.lower[level] += inErrors(bounds.lower[level])
        answers.upper[level] += inErrors(bounds.upper[level])
      }
    }
    return answers
  }

  // MARK: Tensors

  /// What a network reads of some windows.
  func question(_ rows: Range<Int>? = nil, on context: ComputeContext) -> ForecastQuestion {
    let rows = rows ?? 0..<count
    func tensor(_ values: [Float], _ shape: [Int]) -> Tensor {
      let size = shape.reduce(1, *)
      return Tensor(
        Array(values[rows.lowerBound * size..<rows.upperBound * size]),
        shape: [rows.count] + shape, on: context)
    }
    return ForecastQuestion(
      inputs: tensor(inputs, [seasons, stepSize]),
      context: tensor(contexts, [Self.contextSize(horizon: horizon, features)]),
      future: features.known > 0 ? tensor(futures, [horizon, features.known]) : nil)
  }

  /// Targets within ±8: a value the base missed by more says no more.
  func targetTensor(on context: ComputeContext) -> Tensor {
    Tensor(targets.map { min(max($0, -8), 8) }, shape: [count, horizon], on: context)
  }
  func frameTensors(on context: ComputeContext) -> ForecastFrame<Tensor> {
    func tensor(_ values: [Double]) -> Tensor {
      Tensor(values.map { Float($0) }, shape: [count, horizon], on: context)
    }
    return ForecastFrame(location: tensor(frame.location), scale: tensor(frame.scale))
  }
  func maskTensor(on context: ComputeContext) -> Tensor {
    Tensor(masks, shape: [count, horizon], on: context)
  }
}

/// What the base makes of some values: without missing ones, its one-step errors, and its forecasts
/// at some origins.
private struct BaseReading {
  let filled: [Double]
  let errors: [Double]
  let forecasts: [Int: [Double]]

  init(of values: [Double], by base: SmoothedBase, origins: [Int]) {
    filled = base.filled(base.working(values))
    errors = base.oneStepResiduals(of: values)
    forecasts = Dictionary(
      uniqueKeysWithValues: zip(origins, base.forecasts(of: values, origins: origins)))
  }
}
