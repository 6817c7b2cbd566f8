/// What is expected of one series at some times.
public struct SeriesForecast: Sendable, Hashable {
  /// The series, as in the table it came from.
  public var id: String?
  public var times: [Timestamp]
  /// The central forecast, one per time.
  public var values: [Double]
  /// Bands around it, if there are any.
  public var intervals: [PredictionInterval]

  public init(
    id: String? = nil, times: [Timestamp], values: [Double], intervals: [PredictionInterval] = []
  ) {
    precondition(
      times.count == values.count
        && intervals.allSatisfy { [$0.lower.count, $0.upper.count] == [times.count, times.count] },
      "a forecast of \(times.count) times needs as many values and bounds")
    self.id = id
    self.times = times
    self.values = values
    self.intervals = intervals
  }
}
