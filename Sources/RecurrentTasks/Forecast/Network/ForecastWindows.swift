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
struct ForecastWindows {
  let season: Int
  /// Seasons that the network reads.
  let seasons: Int
  let horizon: Int
  private(set) var count = 0
  /// [count, seasons, 2 · season]
  private(set) var inputs: [Float] = []
  /// [count, horizon + 2]
  private(set) var contexts: [Float] = []
  /// [count, horizon], 0 where missing.
  private(set) var targets: [Float] = []
  /// [count, horizon], 1 where there is a target.
  private(set) var masks: [Float] = []
  /// For each window the base's forecast.
  private(set) var bases: [[Double]] = []

  static func contextSize(horizon: Int) -> Int { horizon + 2 }

  init(season: Int, seasons: Int, horizon: Int) {
    self.season = season
    self.seasons = seasons
    self.horizon = horizon
  }

  /// Adds the windows at some origins of a series.
  ///
  /// - Parameter origins: Each 0 … values.count, ascending.
  mutating func append(_ values: [Double], base: SmoothedBase, origins: [Int]) {
    let working = base.working(values)
    let filled = base.filled(working)
    let errors = base.oneStepResiduals(of: values)
    let length = seasons * season
    for (origin, forecast) in zip(origins, base.forecasts(of: values, origins: origins)) {
      // Before the first value there is nothing: its difference from the centre is 0.
      func value(_ place: Int) -> Double? { place < 0 ? nil : filled[place] }
      let last = filled.isEmpty ? 0 : filled[max(origin - 1, 0)]
      let base0 = forecast.map { $0.isNaN ? last : $0 }
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
      }
      for value in base0 { contexts.append(clipped((value - centre) / scale)) }
      contexts.append(Float(log(base.meanErrorScale / scale)))
      contexts.append(Float(lastErrors / Double(season)))

      for step in 0..<horizon {
        let place = origin + step
        let target =
          place < working.count
          ? (working[place] - base0[step]) / base.errorScale[step] : Double.nan
        targets.append(target.isNaN ? 0 : Float(target))
        masks.append(target.isNaN ? 0 : 1)
      }
      bases.append(base0)
      count += 1
    }
  }

  private func clipped(_ value: Double) -> Float {
    value.isNaN ? 0 : Float(min(max(value, -6), 6))
  }

  // MARK: A network's answers

  /// What a network says to all windows, window by window.
  struct Answers {
    /// [count, horizon]
    var centre: [Float] = []
    /// [count, horizon, levels]
    var below: [Float] = []
    var above: [Float] = []
  }

  /// Asks a network, a thousand windows at a time, so that memory does not grow with their number.
  func answers(of network: ForecastNetwork, on context: ComputeContext) -> Answers {
    var answers = Answers()
    let inputs = inputTensor(on: context)
    let contexts = contextTensor(on: context)
    for first in stride(from: 0, to: count, by: 1000) {
      let rows = first..<min(first + 1000, count)
      let output = network(
        inputs.slice(axis: 0, range: rows), contexts.slice(axis: 0, range: rows))
      answers.centre += output.centre.elements
      answers.below += output.below.elements
      answers.above += output.above.elements
    }
    return answers
  }

  // MARK: Tensors

  func inputTensor(on context: ComputeContext) -> Tensor {
    Tensor(inputs, shape: [count, seasons, 2 * season], on: context)
  }
  func contextTensor(on context: ComputeContext) -> Tensor {
    Tensor(contexts, shape: [count, Self.contextSize(horizon: horizon)], on: context)
  }
  /// Targets within ±8: a value the base missed by more says no more.
  func targetTensor(on context: ComputeContext) -> Tensor {
    Tensor(targets.map { min(max($0, -8), 8) }, shape: [count, horizon], on: context)
  }
  func maskTensor(on context: ComputeContext) -> Tensor {
    Tensor(masks, shape: [count, horizon], on: context)
  }
}
