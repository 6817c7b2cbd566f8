/// Values at regular times; a missing value is NaN.
public struct TimeSeries: Sendable, Hashable {
  /// What the table calls the series; nil where a table has no id column.
  public var id: String?
  /// The time of the first value.
  public var start: Timestamp
  public var frequency: Frequency
  /// One value per step from ``start`` on; NaN where it is missing.
  public var values: [Double]
  /// What the table says beside the values.
  public var covariates: SeriesCovariates

  public init(
    id: String? = nil, start: Timestamp, frequency: Frequency, values: [Double],
    covariates: SeriesCovariates = SeriesCovariates()
  ) {
    self.id = id
    self.start = start
    self.frequency = frequency
    self.values = values
    self.covariates = covariates
  }

  /// The time of a step, which may lie behind the last value.
  public func time(at step: Int) -> Timestamp { frequency.advanced(start, by: step) }

  /// The times of the steps that follow the last value.
  public func futureTimes(_ horizon: Int) -> [Timestamp] {
    (0..<horizon).map { time(at: values.count + $0) }
  }

  /// The series up to a step, without that step; what was known of later steps stays known.
  public func prefix(_ count: Int) -> TimeSeries {
    var result = self
    result.values = Array(values.prefix(count))
    result.covariates.past = covariates.past.map { Array($0.prefix(count)) }
    return result
  }

  /// How many values are not missing.
  public var observedCount: Int { values.count { !$0.isNaN } }
}

/// Whether all values that are not missing are the same; true of fewer than two.
package func isConstant(_ values: some Collection<Double>) -> Bool {
  guard let first = values.first(where: { !$0.isNaN }) else { return true }
  return values.allSatisfy { $0.isNaN || $0 == first }
}

/// The values with the missing ones filled in on straight lines between their neighbours, and with
/// the nearest value before the first and after the last; zeros if all are missing.
public func interpolated(_ values: [Double]) -> [Double] {
  var result = values
  var previous: Int?
  for index in values.indices where !values[index].isNaN {
    let right = values[index]
    if let previous {
      let left = values[previous]
      let width = Double(index - previous)
      for gap in (previous + 1)..<index {
        // A constant stays itself, to the bit.
        let part = Double(gap - previous) / width
        result[gap] = left == right ? left : left * (1 - part) + right * part
      }
    } else {
      for gap in 0..<index { result[gap] = right }
    }
    previous = index
  }
  guard let previous else { return Array(repeating: 0, count: values.count) }
  for gap in (previous + 1)..<values.count { result[gap] = values[previous] }
  return result
}

extension [Int] {
  /// The middle one, or the mean of the two in the middle, rounded down; 0 of none.
  var median: Int {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
