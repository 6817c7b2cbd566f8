extension MissingFill {
  /// Whether what it fills in is a guess, of which nothing is learnt and which is not scored. A zero
  /// is none: it says what the value was.
  public var isGuess: Bool {
    switch self {
    case .ffill, .interpolate: true
    case .none, .zero, .mask: false
    }
  }

  /// The values with those made up that are missing; as they are where all are missing.
  public func filling(_ values: [Double]) -> [Double] {
    guard values.contains(where: \.isNaN), values.contains(where: { !$0.isNaN }) else {
      return values
    }
    var result = values
    switch self {
    case .none, .mask: break
    case .zero: result = values.map { $0.isNaN ? 0 : $0 }
    case .ffill:
      for index in values.indices.dropFirst() where values[index].isNaN {
        result[index] = result[index - 1]
      }
    case .interpolate: result = interpolated(values)
    }
    return result
  }
}

extension TimeSeries {
  /// The series with the values made up that are missing.
  public func filled(_ fill: MissingFill) -> TimeSeries {
    var result = self
    result.values = fill.filling(values)
    return result
  }

  /// The same of what is no guess. Guesses are made where a series is read, from what is known there.
  func filledByFact(_ fill: MissingFill) -> TimeSeries { fill.isGuess ? self : filled(fill) }
}
