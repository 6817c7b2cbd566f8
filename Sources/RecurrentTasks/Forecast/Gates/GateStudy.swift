import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers

/// What the gates of a forecaster's network do while it reads a series, and how long its units
/// remember.
///
/// The network reads windows of the series, each of them exactly as for a forecast of what follows
/// it: a season at a step, from zero states, in the window's own scale. One window ends at every
/// value, and its last step is recorded: what the network does there with what it remembers.
public struct GateStudy: Sendable {
  /// The most windows that are read: the last of the series.
  public static let mostWindows = 400

  public let series: TimeSeries
  /// What its values are called.
  public let valueName: String
  public let configuration: ForecastConfiguration
  /// The values that windows end at, by their places in the series.
  public let places: Range<Int>
  /// The steps of a window, each of them a season.
  public let stepCount: Int
  /// Which of the forecaster's networks it is, counted from 0.
  public let network: Int
  /// The state that is remembered; nil where the cell keeps none of its states unit by unit.
  public let retainedState: String?
  /// What was recorded, in the order asked for.
  public let gates: [Gate]
  /// For each layer how its units remember, those that remember longest first; empty where nothing
  /// is remembered.
  public let memories: [[UnitMemory]]

  /// A gate's values at the last step of every window.
  public struct Gate: Sendable {
    public let name: String
    /// Gates of the cell that have the same values throughout: f, where this is what is kept of c.
    public let alsoNamed: [String]
    public let layers: Int
    public let units: Int
    /// [layers, windows, units]
    public let values: [Float]

    var windows: Int { values.count / (layers * units) }

    public func value(layer: Int, window: Int, unit: Int) -> Float {
      values[(layer * windows + window) * units + unit]
    }
  }

  /// How long a unit remembers.
  public struct UnitMemory: Sendable, Hashable {
    public let unit: Int
    /// The mean over the windows of how much their last step keeps, |∂s′/∂s|.
    public let kept: Double
    /// 1 / (1 − kept), in steps; infinite where all is kept.
    public var timeConstant: Double { kept < 1 ? 1 / (1 - kept) : .infinity }
  }

  /// Runs a network over a series.
  ///
  /// - Parameters:
  ///   - id: The series of the table; nil for the first that can be forecast.
  ///   - network: Which of the forecaster's networks, counted from 0.
  ///   - gates: By the names that `RecurrentLayer` records; empty for what is kept of each state and
  ///     every value that the equations name, or the states where there is none of these.
  /// - Throws: `TableError` where the table has no such series, it is of another frequency than the
  ///   model's, or there is nothing for a network to read; `CellError` where the cell has no such
  ///   gate.
  /// - Precondition: The forecaster has such a network, if it has any.
  public init(
    of table: SeriesTable, series id: String? = nil, by model: Forecaster, network: Int = 0,
    gates: [String] = []
  ) throws {
    try table.requireData(of: model)
    let series = try table.readableSeries(id)
    guard !model.networks.isEmpty else {
      throw TableError(
        file: table.file,
        message: "the model has no network to read it: the series it was made of never changed")
    }
    precondition(
      model.networks.indices.contains(network),
      "the model has \(model.networks.count) networks, there is no number \(network)")
    let layer = model.networks[network].recurrent
    let wanted = gates.isEmpty ? layer.cell.gateNames : gates
    _ = try layer.cell.recording(wanted)
    let retained = layer.cell.retainedStates.first
    let kept = retained.map(Cell.retention)

    let season = model.configuration.season
    let count = series.values.count
    // The first windows that the network was trained on had two seasons to read.
    let origins = max(min(max(2 * season, 3), count), count + 1 - Self.mostWindows)...count
    var windows = ForecastWindows(
      season: season, seasons: model.seasons, horizon: model.configuration.horizon,
      features: model.configuration.features)
    // As the network reads it when it forecasts: with guesses where the table asks for them.
    let read = model.configuration.covariates.series(
      series, of: table, horizon: model.configuration.horizon)
    windows.append(
      read, base: Forecaster.base(read.values, model.configuration), origins: Array(origins),
      scalesBefore: count)
    let names = (wanted + [kept].compactMap { $0 }).uniqued
    let recording = layer(
      windows.question(on: model.context).inputs.transposed([1, 0, 2]), recording: names
    ).recording
    let recorded = names.map { Gate($0, recording[$0], step: model.seasons - 1) }

    self.series = series
    valueName = table.columns.value
    self.configuration = model.configuration
    self.network = network
    places = origins.lowerBound - 1..<count
    stepCount = model.seasons
    retainedState = retained
    memories = recorded.first { $0.name == kept }?.memories ?? []
    self.gates =
      gates.isEmpty
      ? recorded.withoutTwins(of: kept) : recorded.filter { gates.contains($0.name) }
  }

  /// A gate's units in the order of ``memories``, or in their own where it has others.
  func order(of gate: Gate, layer: Int) -> [UnitMemory?] {
    guard layer < memories.count, memories[layer].count == gate.units else {
      return Array(repeating: nil, count: gate.units)
    }
    return memories[layer]
  }
}

// MARK: - What is recorded

extension Cell {
  /// What is kept of each state and every value that the equations name, or the states.
  fileprivate var gateNames: [String] {
    let states = states.map(\.name)
    let gates =
      retainedStates.map(Self.retention) + recordableNames.filter { !states.contains($0) }
    return gates.isEmpty ? states : gates
  }
}

extension GateStudy.Gate {
  /// One step of a recording [layers, steps, windows, units].
  fileprivate init(_ name: String, _ recorded: Tensor, step: Int) {
    self.init(
      name: name, alsoNamed: [], layers: recorded.shape[0], units: recorded.shape[3],
      values: recorded.slice(axis: 1, range: step..<step + 1).elements)
  }

  fileprivate var memories: [[GateStudy.UnitMemory]] {
    (0..<layers).map { layer in
      (0..<units).map { unit in
        let total = (0..<windows).reduce(0.0) {
          $0 + Double(value(layer: layer, window: $1, unit: unit)).magnitude
        }
        return GateStudy.UnitMemory(unit: unit, kept: total / Double(windows))
      }.sorted { ($1.kept, $0.unit) < ($0.kept, $1.unit) }
    }
  }
}

extension [GateStudy.Gate] {
  /// What has the values of what is kept is drawn once.
  fileprivate func withoutTwins(of kept: String?) -> [GateStudy.Gate] {
    guard let first = first(where: { $0.name == kept }) else { return self }
    let twins = filter { $0.name != kept && $0.values == first.values }.map(\.name)
    return compactMap { gate in
      if twins.contains(gate.name) { return nil }
      guard gate.name == kept else { return gate }
      return GateStudy.Gate(
        name: gate.name, alsoNamed: twins, layers: gate.layers, units: gate.units,
        values: gate.values)
    }
  }
}

extension [String] {
  fileprivate var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

extension SeriesTable {
  /// The series of an id, or the first that can be forecast.
  fileprivate func readableSeries(_ id: String?) throws(TableError) -> TimeSeries {
    let found: TimeSeries?
    if let id {
      found = series.first { $0.id == id }
    } else {
      found = series[try forecastable(minimum: ForecastConfiguration.minimumHistory)[0]]
    }
    guard let found else {
      let ids = series.prefix(5).compactMap(\.id).map(quotedForMessage).joined(separator: ", ")
      throw TableError(
        file: file,
        message: "no series is called \(quotedForMessage(id ?? ""))"
          + (ids.isEmpty
            ? ": the table has no ids"
            : "; there are \(ids)" + (series.count > 5 ? " and \(series.count - 5) more" : "")))
    }
    let name = found.id.map { "series \(quotedForMessage($0))" } ?? "the series"
    if isConstant(found.values) {
      throw TableError(file: file, message: "\(name) never changes: no network reads it")
    }
    return found
  }
}
