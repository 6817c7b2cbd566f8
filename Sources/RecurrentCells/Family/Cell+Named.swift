extension Cell {
  /// A preset of the family: its name in the tool, what it is, and the options that it takes.
  public struct Preset: Sendable {
    public let name: String
    /// One line on what it is.
    public let summary: String
    /// The names of its options, each with what it takes.
    public let options: [(name: String, takes: String)]
    let make: @Sendable (inout CellOptions) throws(CellError) -> Cell
  }

  /// Every cell that can be named, in one list.
  public static let presets: [Preset] = [
    Preset(
      name: "lstm", summary: "long short-term memory (Hochreiter & Schmidhuber 1997)",
      options: [
        ("forget-bias", "a number: where the forget gate's bias starts"),
        ("peepholes", "gates that see the memory cell, as i+f+o"),
        ("projection", "a size that the output is projected to"),
      ]
    ) { options throws(CellError) in
      try .lstm(
        peepholes: options.gates("peepholes"), projectionSize: options.size("projection"),
        forgetBias: options.number("forget-bias"))
    },
    Preset(
      name: "gru", summary: "gated recurrent unit (Cho et al. 2014), as PyTorch's", options: []
    ) { _ throws(CellError) in try .gru() },
    Preset(
      name: "gru-reset-before",
      summary: "gated recurrent unit with the reset gate before the product", options: []
    ) { _ throws(CellError) in try .gruResetBefore() },
    Preset(name: "rnn", summary: "simple recurrent network (Elman 1990), tanh", options: []) {
      _ throws(CellError) in try .rnn()
    },
    Preset(name: "rnn-relu", summary: "simple recurrent network, relu", options: []) {
      _ throws(CellError) in try .rnn(.relu)
    },
  ]

  /// The cell that a text names: a preset, and behind a colon its options, as
  /// `lstm:peepholes=i+o,projection=64,forget-bias=1`.
  ///
  /// - Throws: ``CellError`` with the nearest name, where there is no such cell or option.
  public static func named(_ text: String) throws(CellError) -> Cell {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let preset = presets.first(where: { $0.name == name }) else {
      let names = presets.map(\.name)
      let near = names.min { distance($0, name) < distance($1, name) }!
      throw CellError(
        .unknownName,
        "no cell is called \"\(name)\""
          + (distance(near, name) <= 3 ? "; did you mean \(near)?" : "")
          + " (there are \(names.joined(separator: ", ")))")
    }
    var options = try CellOptions(
      cell: name, text: parts.count > 1 ? String(parts[1]) : nil, known: preset.options.map(\.name))
    return try preset.make(&options)
  }
}

/// Options behind a cell's name: `name=value`, with commas between.
struct CellOptions {
  private let cell: String
  private var values: [String: String] = [:]

  init(cell: String, text: String?, known: [String]) throws(CellError) {
    self.cell = cell
    guard let text else { return }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else {
        throw CellError(.invalidOption, "cell \(cell): \"\(part)\" is not of the form name=value")
      }
      let name = String(pair[0])
      guard known.contains(name) else {
        throw CellError(
          .invalidOption,
          "cell \(cell) has no option \"\(name)\""
            + (known.isEmpty ? "" : " (it has \(known.joined(separator: ", ")))"))
      }
      if values.updateValue(String(pair[1]), forKey: name) != nil {
        throw CellError(.invalidOption, "cell \(cell): option \(name) is given twice")
      }
    }
  }

  func number(_ name: String) throws(CellError) -> Double? {
    guard let text = values[name] else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw CellError(.invalidOption, "cell \(cell): \(name) is a number, found \"\(text)\"")
    }
    return value
  }

  func size(_ name: String) throws(CellError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let value = Int(text), (1...65_536).contains(value) else {
      throw CellError(
        .invalidOption, "cell \(cell): \(name) is a size, 1 to 65536, found \"\(text)\"")
    }
    return value
  }

  func gates(_ name: String) throws(CellError) -> Set<Cell.LSTMGate> {
    guard let text = values[name] else { return [] }
    var gates: Set<Cell.LSTMGate> = []
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      guard let gate = Cell.LSTMGate(rawValue: String(part)) else {
        throw CellError(
          .invalidOption,
          "cell \(cell): \(name) are gates i, f, o with + between, found \"\(text)\"")
      }
      gates.insert(gate)
    }
    return gates
  }
}

/// How many letters have to be put in, taken out or changed to make one word of the other
/// (Levenshtein 1966).
private func distance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let change = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(change, row[j + 1] + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
