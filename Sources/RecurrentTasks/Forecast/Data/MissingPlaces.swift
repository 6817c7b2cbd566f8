import RecurrentFormats

/// Where values are missing, for warnings.
struct MissingPlaces: Sendable {
  private var values = PlaceList()
  private var gaps = PlaceList()
  private var gapSteps = 0
  private var ends = PlaceList()

  mutating func missingValue(in id: String?, at time: Timestamp, line: Int) {
    values.add { "line \(line) (\(Self.name(id))\(time))" }
  }

  mutating func gap(in id: String?, steps: Int, after time: Timestamp, line: Int) {
    gapSteps += steps
    gaps.add { "after line \(line) (\(Self.name(id))\(time))" }
  }

  mutating func missingEnd(of id: String?) {
    ends.add { id.map(quotedForMessage) ?? "the series" }
  }

  /// What is missing, a sentence each, and what becomes of it.
  func warnings(_ fill: MissingFill) -> [String] {
    var warnings = sentences
    if !warnings.isEmpty, let how = Self.words(fill) { warnings[warnings.count - 1] += how }
    // Where the end is filled in, the forecast begins after what was made up.
    if ends.count > 0 {
      warnings.append(
        "the last values are missing, and forecasts begin after them: \(ends.text)")
    }
    return warnings
  }

  /// - Throws: If anything is missing.
  func refuse(_ file: String) throws(TableError) {
    let sentences = sentences
    guard !sentences.isEmpty else { return }
    throw TableError(
      file: file,
      message: sentences.joined(separator: "; ")
        + "; --fill zero, ffill, interpolate or mask says what to do about it")
  }

  private var sentences: [String] {
    var sentences: [String] = []
    if values.count > 0 {
      let noun = values.count == 1 ? "1 value is" : "\(values.count) values are"
      sentences.append("\(noun) missing: \(values.text)")
    }
    if gaps.count > 0 {
      let noun = gaps.count == 1 ? "1 gap" : "\(gaps.count) gaps"
      let steps = gapSteps == 1 ? "1 step" : "\(gapSteps) steps"
      sentences.append("\(noun) in time (\(steps)): \(gaps.text)")
    }
    return sentences
  }

  private static func words(_ fill: MissingFill) -> String? {
    switch fill {
    case .none, .mask: nil
    case .zero: "; filled with zeros"
    case .ffill: "; filled with the value before"
    case .interpolate: "; filled on straight lines"
    }
  }

  private static func name(_ id: String?) -> String { id.map { quotedForMessage($0) + ", " } ?? "" }
}
