import RecurrentFormats

/// The plan of a rolling backtest: what is forecast from where, as if the rest had not happened yet.
///
/// The last window of a series ends with its last observed value, the others a step apart before it:
/// a horizon by default, so that they follow each other without overlap. A window needs at least a
/// minimum of observed values before it and one observed value in it, so a short series has fewer
/// windows, or none.
public struct Backtest: Sendable, Hashable {
  /// One forecast of one series.
  public struct Window: Sendable, Hashable {
    /// The position of the series in the table.
    public var series: Int
    /// How many steps of the series come before the forecast.
    public var cutoff: Int

    public init(series: Int, cutoff: Int) {
      self.series = series
      self.cutoff = cutoff
    }
  }

  /// Steps in a window.
  public let horizon: Int
  /// The windows, oldest first; a round's windows are equally far from the ends of their series and
  /// share one training.
  public let rounds: [[Window]]
  /// Which series were too short for all windows, in words.
  public let notes: [String]

  /// Plans the last windows of every series of a table.
  ///
  /// - Parameters:
  ///   - horizon: steps in a window, at least 1.
  ///   - windows: how many windows are wanted for each series.
  ///   - step: steps from one window's beginning to the next one's; nil for a horizon.
  ///   - minimumHistory: observed values needed before a window; what the model needs to train.
  public init(
    _ table: SeriesTable, horizon: Int, windows: Int = 3, step: Int? = nil, minimumHistory: Int
  ) {
    precondition(
      horizon >= 1 && windows >= 0 && step ?? 1 >= 1,
      "\(windows) windows of \(horizon) steps, \(step ?? 1) apart")
    var rounds = [[Window]](repeating: [], count: windows)
    var short: [(series: Int, windows: Int)] = []
    for (index, series) in table.series.enumerated() {
      var planned = 0
      // Rows that wait for their values are nothing to be judged by.
      let end = series.observedEnd
      let firstCutoff = series.leastPrefix(observing: max(minimumHistory, 1))
      for round in 0..<windows {
        let (distance, overflows) = (windows - 1 - round).multipliedReportingOverflow(
          by: step ?? horizon)
        guard let firstCutoff, !overflows, distance < end else { continue }
        let cutoff = end - distance - horizon
        guard cutoff >= firstCutoff,
          series.values[cutoff..<(cutoff + horizon)].contains(where: { !$0.isNaN })
        else { continue }
        rounds[round].append(Window(series: index, cutoff: cutoff))
        planned += 1
      }
      if planned < windows { short.append((index, planned)) }
    }
    self.horizon = horizon
    self.rounds = rounds.filter { !$0.isEmpty }

    let wanted = "\(quantity(windows, "backtest window")) of \(horizon) steps"
    let places = short.prefix(5).map { place in
      let name = table.series[place.series].id.map(quotedForMessage) ?? "the series"
      return "\(name) has \(place.windows)"
    }
    let more = short.count > 5 ? " and \(short.count - 5) more" : ""
    notes =
      short.isEmpty
      ? []
      : ["too short for \(wanted): " + places.joined(separator: ", ") + more]
  }

  /// All windows, oldest first.
  public var windows: [Window] { rounds.flatMap { $0 } }
}

extension Backtest {
  /// Which windows a backtest has, and how often the model is trained for them.
  public struct Settings: Sendable, Hashable {
    /// Windows for each series.
    public var windows: Int
    /// Steps from one window's beginning to the next one's; nil for a horizon.
    public var step: Int?
    /// The last steps of each series, all of whose windows are wanted, however many; nil for
    /// ``windows``.
    public var testSize: Int?
    /// Whether what forecasts is fitted anew before each window, or once, to what comes before the
    /// first; nil for anew if the windows are few.
    public var refits: Bool?

    public init(
      windows: Int = 3, step: Int? = nil, testSize: Int? = nil, refits: Bool? = nil
    ) {
      self.windows = windows
      self.step = step
      self.testSize = testSize
      self.refits = refits
    }

    /// How many windows of a horizon there are for each series.
    func count(horizon: Int) -> Int {
      guard let testSize else { return windows }
      return testSize < horizon ? 0 : (testSize - horizon) / (step ?? horizon) + 1
    }

    /// Windows that are worth a fit each, where nobody said.
    static let fewWindows = 5
  }
}

extension TimeSeries {
  /// How many values there are up to the last that is observed.
  var observedEnd: Int { (values.lastIndex { !$0.isNaN } ?? -1) + 1 }

  /// How many values there are up to the one with which so many are observed; nil if they never are.
  fileprivate func leastPrefix(observing count: Int) -> Int? {
    var observed = 0
    for index in values.indices where !values[index].isNaN {
      observed += 1
      if observed == count { return index + 1 }
    }
    return nil
  }
}

extension Backtest.Window {
  /// The series up to the cutoff.
  public func training(in table: SeriesTable) -> TimeSeries {
    table.series[series].prefix(cutoff)
  }

  /// What happened after the cutoff; NaN where it is missing.
  public func actual(in table: SeriesTable, horizon: Int) -> [Double] {
    Array(table.series[series].values[cutoff..<(cutoff + horizon)])
  }
}

extension [Backtest.Window] {
  /// Where each series' windows stand, of windows in the order of the table.
  var seriesRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for (position, window) in enumerated() {
      if let last = ranges.last, self[last.lowerBound].series == window.series {
        ranges[ranges.count - 1] = last.lowerBound..<position + 1
      } else {
        ranges.append(position..<position + 1)
      }
    }
    return ranges
  }
}

extension SeriesTable {
  /// The positions of the series with at least a minimum of observed values.
  ///
  /// - Throws: if there is none, saying how many values are needed.
  public func forecastable(minimum: Int) throws(TableError) -> [Int] {
    let long = series.indices.filter { series[$0].observedCount >= minimum }
    guard long.isEmpty else { return long }
    let most = series.lazy.map(\.observedCount).max() ?? 0
    let subject = series.count == 1 ? "the series has" : "the longest series has"
    throw TableError(
      file: file,
      message: "nothing is long enough to forecast: at least \(minimum) values are needed, "
        + "\(subject) \(most)")
  }
}
