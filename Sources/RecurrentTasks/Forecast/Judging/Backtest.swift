import RecurrentFormats

/// The plan of a rolling backtest: what is forecast from where, as if the rest had not happened yet.
///
/// Windows end where the series end and follow each other without overlap, a horizon each. A window
/// needs at least a minimum of observed values before it and one observed value in it, so a short
/// series has fewer windows, or none.
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
  ///   - minimumHistory: observed values needed before a window; what the model needs to train.
  public init(_ table: SeriesTable, horizon: Int, windows: Int = 3, minimumHistory: Int) {
    precondition(horizon >= 1 && windows >= 0, "\(windows) windows of \(horizon) steps")
    var rounds = [[Window]](repeating: [], count: windows)
    var short: [(series: Int, windows: Int)] = []
    for (index, series) in table.series.enumerated() {
      var planned = 0
      for round in 0..<windows {
        let (length, overflows) = (windows - round).multipliedReportingOverflow(by: horizon)
        let cutoff = series.values.count - length
        guard !overflows, cutoff > 0,
          series.values[..<cutoff].count(where: { !$0.isNaN }) >= minimumHistory,
          series.values[cutoff..<(cutoff + horizon)].contains(where: { !$0.isNaN })
        else { continue }
        rounds[round].append(Window(series: index, cutoff: cutoff))
        planned += 1
      }
      if planned < windows { short.append((index, planned)) }
    }
    self.horizon = horizon
    self.rounds = rounds.filter { !$0.isEmpty }

    let wanted = "\(windows) backtest \(windows == 1 ? "window" : "windows") of \(horizon) steps"
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
