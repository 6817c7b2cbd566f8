import RecurrentFormats

extension GateStudy {
  /// A row for each window, layer, unit and gate: `time`, `layer`, `unit`, `gate`, `value`. The time
  /// is that of the window's last value; layers and units are counted from 0.
  public var csv: String {
    var writer = CSVWriter(header: ["time", "layer", "unit", "gate", "value"])
    for (window, place) in places.enumerated() {
      let time = series.time(at: place).description
      for layer in 0..<(gates.first?.layers ?? 0) {
        for unit in 0..<(gates.map(\.units).max() ?? 0) {
          for gate in gates where unit < gate.units {
            let value = gate.value(layer: layer, window: window, unit: unit)
            writer.append([
              time, String(layer), String(unit), gate.name, CSVWriter.text(ofFloat: value),
            ])
          }
        }
      }
    }
    return writer.text
  }

  /// What was read, and how long each unit remembers: `series`, `windows`, `steps`,
  /// `values_per_step`, `network`, `gates`, `state`, `units`. Where all is kept, the time constant is null.
  public var json: JSONObject {
    [
      "series": series.id.map(JSONValue.string) ?? .null, "windows": .integer(places.count),
      "steps": .integer(stepCount),
      "values_per_step": .integer(configuration.season), "network": .integer(network + 1),
      "gates": .array(gates.map { .string($0.name) }),
      "state": retainedState.map(JSONValue.string) ?? .null,
      "units": .array(
        memories.enumerated().flatMap { layer, units in
          units.map { memory in
            [
              "layer": .integer(layer), "unit": .integer(memory.unit),
              "kept": .number(memory.kept), "time_constant": .number(memory.timeConstant),
            ]
          }
        }),
    ]
  }

  /// What was read, and a table of how long the units remember: quantiles, and each unit where they
  /// are few.
  public var text: String {
    var text =
      "Network \(network + 1) read \(quantity(places.count, "window")) of \(steps), ending from "
      + "\(series.time(at: places.lowerBound)) to \(series.time(at: places.upperBound - 1))\n"
    guard let retainedState else {
      return text + "Its cell keeps no state unit by unit: it has no time constants.\n"
    }
    text +=
      "How much of \(retainedState) a step keeps, on average, and 1 / (1 − kept) in steps:\n"
    for (layer, units) in memories.enumerated() {
      if memories.count > 1 { text += "\nlayer \(layer)\n" }
      text += "\n" + table(units)
    }
    return text
  }

  /// What a window is: `6 steps of 12 values`.
  var steps: String {
    quantity(stepCount, "step") + " of " + quantity(configuration.season, "value")
  }

  private static let mostUnitsListed = 40
  private static let fewUnitsListed = 10

  /// Their names, and how far down the units they stand.
  private static let quantiles = [
    ("longest", 0), ("90 %", 0.1), ("median", 0.5), ("10 %", 0.9), ("shortest", 1),
  ]

  private func table(_ units: [UnitMemory]) -> String {
    var rows = [["unit", "kept", "time constant"]]
    func row(_ name: String, _ memory: UnitMemory) -> [String] {
      [name, fixed(memory.kept, 3), stepsText(memory.timeConstant)]
    }
    let listed = units.count <= Self.mostUnitsListed ? units.count : Self.fewUnitsListed
    rows += units.prefix(listed).map { row(String($0.unit), $0) }
    if units.count >= Self.fewUnitsListed {
      rows.append(["", "", ""])
      for (name, share) in Self.quantiles {
        rows.append(row(name, units[Int((share * Double(units.count - 1)).rounded())]))
      }
    }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line =
        leftAligned(row[0], widths[0]) + "  " + rightAligned(row[1], widths[1]) + "  "
        + rightAligned(row[2], widths[2])
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// A time constant for people.
func stepsText(_ steps: Double) -> String { significant(steps, 3) }
