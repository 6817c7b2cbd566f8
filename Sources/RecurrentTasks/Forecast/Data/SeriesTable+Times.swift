import RecurrentFormats

extension SeriesTable {
  /// Makes sure that the times of a horizon can be written as times are read: years of four digits,
  /// integers of 15.
  ///
  /// - Parameter indices: The series that are to be forecast; nil: all.
  /// - Throws: For the first series that would go beyond, with the longest horizon that does not.
  public func requireTimes(horizon: Int, of indices: [Int]? = nil) throws(TableError) {
    for index in indices ?? Array(series.indices) {
      let one = series[index]
      let last = one.values.count - 1
      guard last >= 0, !one.time(at: last + horizon).isReadable else { continue }
      // The most steps that can be gone.
      var (most, tooMany) = (0, horizon)
      while tooMany - most > 1 {
        let middle = (most + tooMany) / 2
        if one.time(at: last + middle).isReadable { most = middle } else { tooMany = middle }
      }
      let name = one.id.map { " of series \(quotedForMessage($0))" } ?? ""
      let end = one.start.isInteger ? "integers of 15 digits" : "the year 9999"
      throw TableError(
        file: file,
        message: "\(quantity(horizon, "step")) after the last value\(name), at "
          + "\(one.time(at: last)), are beyond \(end)"
          + (most > 0 ? ": the horizon is at most \(most)" : ""))
    }
  }
}

extension Timestamp {
  /// Whether what is printed of it can be read again.
  fileprivate var isReadable: Bool {
    isInteger ? ticks.magnitude < 1_000_000_000_000_000 : 0...9999 ~= date.year
  }
}
