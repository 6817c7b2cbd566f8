import RecurrentCore

/// The last part of some series, kept from a network that is to be judged by it.
struct ForecastHoldout {
  /// The series that are long enough to give up a part.
  let series: [ForecastSeries]
  /// For each of them the base, fitted to what comes before that part.
  let bases: [SmoothedBase]
  /// Values held out of each series.
  let held: Int
  /// Origins in the held-out part of each series.
  let judgedPerSeries: Int
  let season: Int
  let horizon: Int
  /// What no forecast is below.
  let minimum: Double?

  /// The values that a series needs for a part of it to be held out: those of two seasons and one
  /// before the part.
  static func least(_ configuration: ForecastConfiguration, held: Int) -> Int {
    let season = configuration.season
    return max(season > 1 ? 2 * season + 1 : 0, 8) + held
  }

  /// How much is held out: a fifth of a usual series, but at least a horizon and at most ten.
  static func held(_ configuration: ForecastConfiguration, usualCount: Int) -> Int {
    let horizon = configuration.horizon
    return min(max(usualCount / 5, horizon), 10 * horizon)
  }

  /// - Parameter series: Long enough, all of them; at least one.
  init(
    _ series: [ForecastSeries], held: Int, _ configuration: ForecastConfiguration,
    on context: ComputeContext
  ) {
    self.series = series
    self.held = held
    season = configuration.season
    horizon = configuration.horizon
    minimum = configuration.lowest
    let size = ForecastWindows.stepSize(season: season, configuration.features)
    let windows = Forecaster.windowCount(
      ofSize: size * configuration.seasonsRead(ofUsualCount: series.map(\.values.count).median))
    judgedPerSeries = min(held, max(20, windows / series.count))
    bases = Forecaster.bases(
      series.map { $0.prefix($0.values.count - held).values }, configuration, on: context)
  }

  /// The windows before the part, and those in it.
  func windows(
    seasons: Int, features: FeatureCounts
  ) -> (known: ForecastWindows, unknown: ForecastWindows) {
    var known = ForecastWindows(
      season: season, seasons: seasons, horizon: horizon, features: features)
    var unknown = known
    for (series, base) in zip(series, bases) {
      let cut = series.values.count - held
      let before = series.prefix(cut)
      known.append(
        before, base: base,
        origins: before.unhinted(
          Forecaster.origins(
            cut, season: season, of: self.series.count, windowSize: seasons * known.stepSize)),
        scalesBefore: cut)
      unknown.append(
        series, base: base, origins: judgedOrigins(of: series), scalesBefore: cut)
    }
    return (known, unknown)
  }

  func judgedOrigins(of series: ForecastSeries) -> [Int] {
    (series.values.count - held..<series.values.count).thinned(to: judgedPerSeries)
  }
}
