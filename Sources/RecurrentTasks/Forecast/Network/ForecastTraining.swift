import RecurrentCore

/// How forecasters of one job come to be, beside their configuration.
public struct ForecastTraining: Sendable {
  /// A forecaster whose networks go on learning; nil to begin anew.
  public var start: Forecaster?
  /// Whether sensible settings are searched for first, by what is held out of the series.
  public var isTuned: Bool

  public init(start: Forecaster? = nil, isTuned: Bool = false) {
    self.start = start
    self.isTuned = isTuned
  }

  /// A forecaster fitted to some series, after a search where one is wanted.
  public func fitted(
    to series: [ForecastSeries], _ configuration: ForecastConfiguration,
    journal: inout ForecastJournal, label: String, on context: ComputeContext = .default
  ) throws -> (model: Forecaster, search: ForecastSearch?) {
    let search =
      try isTuned
      ? ForecastSearch(configuration, on: series, journal: &journal, on: context) : nil
    let model = try Forecaster(
      fitting: series, search?.best ?? configuration, from: start, journal: &journal,
      label: label, on: context)
    return (model, search)
  }
}
