import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentTasks
import TestSupport
import Testing

/// The gates of a network while it reads a series, and how long its units remember.
@Suite struct GateStudyTests {
  private static func table() throws -> SeriesTable {
    let path = fixturePath("../../Examples/air-passengers.csv")
    return try SeriesTable(parsing: readFile(path), file: "air.csv")
  }

  private static func kept() throws -> Forecaster {
    try Forecaster(path: fixturePath("forecaster_v1.safetensors"))
  }

  /// A forecaster with hardly any training.
  private static func trained(
    _ table: SeriesTable, cell: String, season: Int = 12, hidden: Int = 8, layers: Int = 1
  ) throws -> Forecaster {
    var journal = try ForecastJournal(job: [:])
    return try Forecaster(
      fitting: table.series.map { ForecastSeries($0.values) },
      ForecastConfiguration(
        frequency: "\(table.frequency)", horizon: 3, season: season, cell: cell,
        hiddenSize: hidden, numLayers: layers, epochs: 1, members: 1),
      journal: &journal, label: "test")
  }

  @Test func windowsOfASeries() throws {
    let study = try GateStudy(of: Self.table(), by: Self.kept())
    #expect(study.stepCount == 6 && study.places == 23..<144)
    // What is kept of c is f, which is not there twice.
    #expect(study.gates.map(\.name) == ["keep_c", "i", "g", "o"])
    #expect(study.gates[0].alsoNamed == ["f"])
    #expect(study.gates.allSatisfy { $0.layers == 1 && $0.units == 9 })
  }

  @Test func timeConstants() throws {
    let study = try GateStudy(of: Self.table(), by: Self.kept(), network: 2, gates: ["f", "h"])
    #expect(study.gates.map(\.name) == ["f", "h"])
    let units = study.memories[0]
    #expect(units.map(\.unit).sorted() == Array(0..<9))
    for unit in units {
      let mean = study.places.indices.reduce(0.0) {
        $0 + Double(study.gates[0].value(layer: 0, window: $1 - 23, unit: unit.unit)) / 121
      }
      #expect(abs(unit.kept - mean) < 1e-9)
      #expect(abs(unit.timeConstant - 1 / (1 - mean)) < 1e-6)
    }
    #expect(zip(units, units.dropFirst()).allSatisfy { $0.timeConstant >= $1.timeConstant })
  }

  /// A guess at a missing value is read as the value itself would be.
  @Test func guessesAreRead() throws {
    let text = String(
      decoding: try readFile(fixturePath("../../Examples/air-passengers.csv")), as: UTF8.self)
    var rows = text.split(separator: "\n").map(String.init)
    let first = rows[100].split(separator: ",")
    let neighbours = [rows[99], rows[101]].map { Double($0.split(separator: ",")[1])! }
    var options = SeriesTable.Options()
    options.fill = .interpolate
    func lastGates(_ value: String) throws -> [Float] {
      rows[100] = "\(first[0]),\(value)"
      let table = try SeriesTable(
        parsing: Array(rows.joined(separator: "\n").utf8), file: "air.csv", options: options)
      let study = try GateStudy(of: table, by: Self.kept())
      return (0..<9).map {
        study.gates[0].value(layer: 0, window: study.places.count - 1, unit: $0)
      }
    }
    let known = try lastGates("\((neighbours[0] + neighbours[1]) / 2)")
    #expect(try lastGates("") == known)
    #expect(try lastGates("500") != known)
  }

  @Test(arguments: [
    ("gru", 12, ["keep_h", "r", "n"]), ("mgu", 12, ["keep_h", "f", "n"]), ("rnn", 1, ["h"]),
    ("lstm-no-forget-gate", 12, ["keep_c", "i", "g", "o"]),
    ("mlstm", 4, ["keep_C", "q", "k", "v", "i", "o"]),
  ])
  func anyCell(_ cell: String, _ season: Int, _ gates: [String]) throws {
    let table = try Self.table()
    let model = try Self.trained(table, cell: cell, season: season, layers: 2)
    let study = try GateStudy(of: table, by: model)
    #expect(study.gates.map(\.name) == gates)
    #expect(study.places.upperBound == 144)
    #expect(study.memories.count == (cell == "rnn" ? 0 : 2))
    let rows = study.csv.split(separator: "\n")
    let values = study.gates.reduce(0) { $0 + $1.units } * 2 * study.places.count
    #expect(rows[0] == "time,layer,unit,gate,value" && rows.count == 1 + values)
    #expect(study.svg == (try GateStudy(of: table, by: model).svg))
    if cell == "rnn" { #expect(study.text.contains("no time constants")) }
    if cell == "lstm-no-forget-gate" {
      #expect(study.memories.joined().allSatisfy { $0.timeConstant == .infinity })
      #expect(study.text.contains("∞"))
    }
  }

  /// Of long series the last windows are read, and wide layers are drawn in part.
  @Test func muchOfEverything() throws {
    let series = TimeSeries(
      start: try Self.table().series[0].start, frequency: try Self.table().frequency,
      values: (0..<1000).map { Double($0 * $0 % 17) + Double($0 % 5) })
    let table = SeriesTable(frequency: series.frequency, series: [series])
    let model = try Self.trained(table, cell: "lstm", season: 1, hidden: 130)
    let study = try GateStudy(of: table, by: model, gates: ["o"])
    #expect(study.places == 600..<1000)
    #expect(study.svg.contains("o: 100 of 130 units"))
    #expect(study.text.contains("median"))
    #expect(study.text.split(separator: "\n").count < 30)
  }

  @Test func whatCannotBeRead() throws {
    let table = try Self.table()
    let model = try Self.kept()
    let gate = #expect(throws: CellError.self) {
      try GateStudy(of: table, by: model, gates: ["f", "r"])
    }
    #expect(gate?.description.contains("h, c, i, f, g, o, keep_c") == true)
    let series = #expect(throws: TableError.self) {
      try GateStudy(of: table, series: "b", by: model)
    }
    #expect(series?.description == "air.csv: no series is called \"b\": the table has no ids")
    var constant = table
    constant.series[0].values = Array(repeating: 4, count: 60)
    #expect(throws: TableError.self) { try GateStudy(of: constant, by: model) }
    let still = try Self.trained(constant, cell: "lstm")
    let nothing = #expect(throws: TableError.self) { try GateStudy(of: table, by: still) }
    #expect(nothing?.message.hasPrefix("the model has no network") == true)
  }
}
