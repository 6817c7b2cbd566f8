/// How a cell's parameters and what has no name of its own are called in its equations.
struct SymbolNames: Sendable {
  /// The layer's input.
  let input: String
  /// The output, where it is neither a state nor named.
  let output: String
  /// What values without names are counted with.
  let shared: String
  /// Of each parameter: `W_ih` for `weight_ih`.
  let parameters: [String]

  /// The letters that stand for the first words of the parameters' names.
  private static let letters = [
    "weight": "W", "bias": "b", "peephole": "p", "gain": "γ", "shift": "β",
  ]

  init(of cell: Cell) {
    let inputs = cell.inputs.dropFirst().map(\.name)
    var taken = Set(cell.recordableNames + inputs + cell.masks.map(\.name))
    func free(_ candidates: [String]) -> String {
      candidates.first { !taken.contains($0) } ?? candidates[0] + "′"
    }
    input = free(["x", "input"])
    output = free(["y", "output"])
    shared = free(["s", "u", "v"])
    taken.formUnion([input, output, shared])
    let short = cell.parameters.map { Self.short($0.name) }
    parameters = zip(cell.parameters, short).map { parameter, name in
      let isClear = short.filter { $0 == name }.count == 1 && !taken.contains(name)
      return isClear ? name : parameter.name
    }
  }

  private static func short(_ name: String) -> String {
    let parts = name.split(separator: "_", maxSplits: 1)
    guard parts.count == 2, let letter = letters[String(parts[0])] else { return name }
    return "\(letter)_\(parts[1])"
  }
}
