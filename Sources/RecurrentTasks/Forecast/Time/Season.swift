/// The number of steps after which a series' pattern repeats, and how that is known.
public struct Season: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    /// The user said it.
    case given
    /// It goes with the frequency, as 12 with months.
    case usual
    /// It was seen in the data.
    case detected
    /// There is none that is usual or seen.
    case none
  }

  /// Steps, 1 if there is no season.
  public var length: Int
  public var source: Source
  /// The autocorrelation of the differences between neighbours at ``length``, averaged over series;
  /// nil where the data are too short or too plain to tell.
  public var autocorrelation: Double?
  /// Whether the data show the season.
  public var isVisible: Bool

  public init(length: Int, source: Source, autocorrelation: Double? = nil, isVisible: Bool = true) {
    precondition(length >= 1, "a season has at least one step, not \(length)")
    self.length = length
    self.source = source
    self.autocorrelation = autocorrelation
    self.isVisible = isVisible
  }

  /// A sentence for the user where the season is not one the data show; nil otherwise.
  public var note: String? {
    guard length > 1, !isVisible else { return nil }
    guard autocorrelation != nil else {
      return "the data are too short or too plain to show the season of \(length) steps"
    }
    return "the data show no season of \(length) steps"
  }
}

extension SeriesTable {
  /// The season: the given one, the one usual for the frequency, or for integers and seconds the one
  /// the data show clearly.
  public func season(given: Int? = nil) -> Season {
    // The longest series say most, and twenty say enough.
    let longest = series.indices.sorted {
      (series[$0].values.count, $1) > (series[$1].values.count, $0)
    }.prefix(20)
    let samples = longest.map { differences(interpolated(series[$0].values.suffix(5000))) }
    if let length = given ?? frequency.usualSeason {
      let source: Season.Source = given != nil ? .given : length > 1 ? .usual : .none
      guard length > 1 else { return Season(length: length, source: source) }
      let correlations = autocorrelations(samples, lags: length, leastCycles: 2)
      guard let last = correlations.last else {
        return Season(length: length, source: source, isVisible: false)
      }
      let cycles = CycleAgreement(
        longest.map { interpolated(series[$0].values.suffix(5000)) }, season: length)
      // The test the M4 competition used, 90 % one-sided (Makridakis et al. 2020).
      let steps = Double(samples.lazy.map(\.count).max() ?? 1)
      let squares = correlations.dropLast().reduce(0) { $0 + $1 * $1 }
      // It sees the sharp ones; the cycles themselves show those that are smooth.
      let isVisible =
        last > 1.645 * ((1 + 2 * squares) / steps).squareRoot() || cycles.isClear
      return Season(
        length: length, source: source,
        // Two cycles of one smooth series are alike by chance.
        autocorrelation: isVisible || cycles.score != nil ? last : nil, isVisible: isVisible)
    }
    let steps = samples.lazy.map(\.count).max() ?? 0
    var correlations = autocorrelations(samples, lags: min(steps / 3, 1000), leastCycles: 3)
    // Fewer products add up at longer lags, which would move a broad peak to the left.
    for lag in correlations.indices {
      correlations[lag] *= Double(steps) / Double(steps - lag - 1)
    }
    if let length = clearPeak(correlations, steps: steps) {
      return Season(length: length, source: .detected, autocorrelation: correlations[length - 1])
    }
    return Season(length: 1, source: .none)
  }
}

/// The first lag whose autocorrelation stands out from all shorter ones and is nearly the highest.
private func clearPeak(_ correlations: [Double], steps: Int) -> Int? {
  // White noise, differenced, seldom reaches this.
  let least = max(0.3, 3.5 / Double(max(steps, 1)).squareRoot())
  var lowest = Double.infinity
  var peaks: [Int] = []
  for (index, value) in correlations.enumerated() {
    if index > 0, value >= correlations[index - 1],
      index + 1 == correlations.count || value >= correlations[index + 1],
      value >= least, value - lowest >= 0.3
    {
      peaks.append(index)
    }
    lowest = min(lowest, value)
  }
  guard let highest = peaks.lazy.map({ correlations[$0] }).max() else { return nil }
  // Multiples of a season are peaks too.
  return peaks.first { correlations[$0] >= 0.9 * highest }.map { $0 + 1 }
}

private func differences(_ values: [Double]) -> [Double] {
  zip(values, values.dropFirst()).map { $1 - $0 }
}

/// The autocorrelations at lags 1, 2, … averaged over the samples that hold enough cycles of the
/// longest lag and vary at all; empty if none does.
private func autocorrelations(_ samples: [[Double]], lags: Int, leastCycles: Int) -> [Double] {
  let samples = samples.filter { $0.count / leastCycles >= lags }
  guard lags > 0, !samples.isEmpty else { return [] }
  var sum = [Double](repeating: 0, count: lags)
  var used = 0.0
  for sample in samples {
    let mean = sample.reduce(0, +) / Double(sample.count)
    let centred = sample.map { $0 - mean }
    let variance = centred.reduce(0) { $0 + $1 * $1 }
    // Rounding alone is no variation: a ramp's differences are equal but for their last bits.
    let magnitude = sample.reduce(0) { $0 + $1 * $1 }
    guard variance > 1e-18 * magnitude, variance.isFinite else { continue }
    for lag in 1...lags {
      var products = 0.0
      for index in lag..<centred.count { products += centred[index] * centred[index - lag] }
      sum[lag - 1] += products / variance
    }
    used += 1
  }
  return used > 0 ? sum.map { $0 / used } : []
}
