/// Options behind a cell's name: `name=value`, with commas between.
struct CellOptions: Sendable {
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
        let near = nearest(to: name, in: known)
        throw CellError(
          .invalidOption,
          "cell \(cell) has no option \"\(name)\""
            + (near.map { "; did you mean \($0)?" }
              ?? (known.isEmpty ? "" : "; it has \(known.joined(separator: ", "))")))
      }
      if values.updateValue(String(pair[1]), forKey: name) != nil {
        throw CellError(.invalidOption, "cell \(cell): option \(name) is given twice")
      }
    }
  }

  func number(_ name: String) throws(CellError) -> Double? {
    guard let text = values[name] else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw refusal(name, "is a number", text)
    }
    return value
  }

  /// A whole number of a range.
  func size(_ name: String, in range: ClosedRange<Int> = 1...65_536) throws(CellError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw refusal(name, "is a number, \(range.lowerBound) to \(range.upperBound)", text)
    }
    return value
  }

  /// Whole numbers with + between.
  func sizes(_ name: String) throws(CellError) -> [Int]? {
    guard let text = values[name] else { return nil }
    let parts = text.split(separator: "+", omittingEmptySubsequences: false).map { Int($0) }
    let sizes = parts.compactMap { $0 }
    guard sizes.count == parts.count, sizes.allSatisfy({ (1...1_000_000_000).contains($0) }) else {
      throw refusal(name, "are numbers from 1 on with + between", text)
    }
    return sizes
  }

  func flag(_ name: String) throws(CellError) -> Bool? {
    try choice(name, of: [("yes", true), ("no", false)])
  }

  /// One of several values by its name.
  func choice<Value>(
    _ name: String, of values: [(String, Value)]
  ) throws(CellError) -> Value? {
    guard let text = self.values[name] else { return nil }
    guard let (_, value) = values.first(where: { $0.0 == text }) else {
      throw refusal(name, "is one of \(values.map(\.0).joined(separator: ", "))", text)
    }
    return value
  }

  func gates(_ name: String) throws(CellError) -> Set<LSTMOptions.Gate>? {
    guard let text = values[name] else { return nil }
    if text == "none" { return [] }
    var gates: Set<LSTMOptions.Gate> = []
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      guard let gate = LSTMOptions.Gate(rawValue: String(part)) else {
        throw refusal(name, "are gates i, f, o with + between, or none", text)
      }
      gates.insert(gate)
    }
    return gates
  }

  private func refusal(_ name: String, _ rule: String, _ text: String) -> CellError {
    CellError(.invalidOption, "cell \(cell): \(name) \(rule), found \"\(text)\"")
  }
}
