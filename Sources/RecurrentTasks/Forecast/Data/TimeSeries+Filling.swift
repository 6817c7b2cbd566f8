extension TimeSeries {
  /// The series with the values made up that are missing.
  public func filled(_ fill: MissingFill) -> TimeSeries {
    guard observedCount > 0, observedCount < values.count else { return self }
    var result = self
    switch fill {
    case .none, .mask: break
    case .zero: result.values = values.map { $0.isNaN ? 0 : $0 }
    case .ffill:
      for index in values.indices.dropFirst() where values[index].isNaN {
        result.values[index] = result.values[index - 1]
      }
    case .interpolate: result.values = interpolated(values)
    }
    return result
  }
}
