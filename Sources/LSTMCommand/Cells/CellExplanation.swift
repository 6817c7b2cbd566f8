import Recurrent

/// What a cell is, for given sizes: its equations, what it learns and carries, and where it is from.
struct CellExplanation {
  /// A parameter with its numbers.
  private struct Parameter {
    let description: CellParameter
    /// As the equations call it.
    let symbol: String
    let shape: [Int]
    let freeCount: Int

    var count: Int { shape.reduce(1, *) }
  }

  private let name: String
  private let preset: Cell.Preset
  private let sizes: CellSizes
  private let cell: Cell
  private let equations: CellEquations
  /// Those of the lowest layer, where they are different.
  private let lowest: CellEquations?
  private let parameters: [Parameter]
  private let states: [(state: CellState, shape: [Int])]

  /// - Throws: ``CellError`` where there is no such cell, or the sizes are not for it.
  init(_ name: String, _ sizes: CellSizes) throws {
    self.name = name
    self.sizes = sizes
    preset = try Cell.preset(String(name.prefix { $0 != ":" }))
    let cell = try Cell.named(name)
    try cell.check(sizes)
    self.cell = cell
    equations = CellEquations(cell)
    lowest = cell.readsBelow ? CellEquations(try cell.lowest) : nil
    let symbols = equations.parameterSymbols
    parameters = try cell.listingOrder.map { index in
      let parameter = cell.parameters[index]
      return try Parameter(
        description: parameter, symbol: symbols[index], shape: parameter.shape(sizes),
        freeCount: parameter.freeCount(sizes))
    }
    states = try cell.states.map { state in
      (state, try state.shape.map { try $0.resolved(in: sizes) })
    }
  }

  var latex: String {
    equations.latex + (lowest.map { "% In the lowest layer:\n\($0.latex)" } ?? "")
  }

  var diagram: String { CellDiagram(cell).svg(title: name, subtitle: preset.summary) }

  private var count: Int { parameters.reduce(0) { $0 + $1.count } }
  private var freeCount: Int { parameters.reduce(0) { $0 + $1.freeCount } }

  // MARK: Text

  var text: String {
    var text = "\(name): \(preset.summary)\n\(preset.source)\n\n\(indented(equations.text))"
    if let lowest { text += "\nIn the lowest layer:\n\n\(indented(lowest.text))" }
    text += "\nFor \(sizes.input) inputs and a hidden size of \(sizes.hidden)\n\n"
    text += table(states.map { ["state", $0.state.name, "\($0.shape)"] })
    return text + "\n" + table(parameters.map(row)) + "\n" + countLine
  }

  private func row(_ parameter: Parameter) -> [String] {
    let sections = parameter.description.sections
    var notes = sections.count > 1 ? ["rows of " + sections.joined(separator: ", ")] : []
    if let note = parameter.description.structure.note { notes.append(note) }
    return [
      parameter.symbol, parameter.description.name, "\(parameter.shape)", "\(parameter.count)",
      notes.joined(separator: "; "),
    ]
  }

  private var countLine: String {
    "\(count) parameters"
      + (freeCount == count ? "\n" : ", \(count - freeCount) of which are always 0\n")
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  private func table(_ rows: [[String]]) -> String {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map(\.[column].count).max()! }
    return rows.map { row in
      let cells = zip(row, widths).map { leftAligned($0, $1) }
      return "  " + trimmed(cells.joined(separator: "  ")) + "\n"
    }.joined()
  }

  // MARK: JSON

  var json: JSONObject {
    var json: JSONObject = [
      "name": .string(name), "summary": .string(preset.summary),
      "source": .string(preset.source), "input": .integer(sizes.input),
      "hidden": .integer(sizes.hidden), "equations": Self.json(equations),
      "output": .string(equations.outputName), "latex": .string(equations.latex),
    ]
    if let lowest { json["lowest_layer"] = ["equations": Self.json(lowest)] }
    json["inputs"] = .array(cell.inputs.map { .string($0.name) })
    json["states"] = .array(
      states.map { ["name": .string($0.state.name), "shape": Self.json($0.shape)] })
    json["parameters"] = .array(parameters.map(Self.json))
    json["parameter_count"] = .integer(count)
    json["free_parameter_count"] = .integer(freeCount)
    return json
  }

  private static func json(_ equations: CellEquations) -> JSONValue {
    .array(
      equations.lines.map { line in
        [
          "name": .string(line.name), "text": .string(line.text), "latex": .string(line.latex),
          "shape": .array(line.shape.map { .string("\($0)") }),
        ]
      })
  }

  private static func json(_ parameter: Parameter) -> JSONValue {
    [
      "name": .string(parameter.description.name), "symbol": .string(parameter.symbol),
      "sections": .array(parameter.description.sections.map(JSONValue.string)),
      "shape": json(parameter.shape), "count": .integer(parameter.count),
      "structure": .string(parameter.description.structure.note ?? "dense"),
    ]
  }

  private static func json(_ shape: [Int]) -> JSONValue { .array(shape.map(JSONValue.integer)) }
}

extension CellParameter.Structure {
  /// What there is to say about a matrix that is not dense.
  fileprivate var note: String? {
    switch self {
    case .dense: nil
    case .blockDiagonal(let blocks): "block-diagonal, \(blocks) blocks"
    case .blockUpperTriangular(let blocks): "block upper triangular, \(blocks) blocks"
    }
  }
}
