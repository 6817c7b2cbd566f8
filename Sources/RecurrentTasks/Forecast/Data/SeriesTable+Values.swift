import RecurrentFormats

extension SeriesTable {
  /// Makes sure that all values are counts.
  ///
  /// - Parameter need: What needs them, as `--head negative-binomial`.
  /// - Throws: For the first value that is negative or no whole number, with its series and time.
  public func requireCounts(for need: String) throws(TableError) {
    try refuse(need, "counts") { $0 < 0 || $0 != $0.rounded() }
  }

  /// Makes sure that all values are above 0.
  ///
  /// - Parameter need: What needs that, as `--transform log`.
  /// - Throws: For the first value that is not, with its series and time.
  public func requirePositive(for need: String) throws(TableError) {
    try refuse(need, "positive values") { $0 <= 0 }
  }

  private func refuse(
    _ need: String, _ kind: String, _ isUnfit: (Double) -> Bool
  ) throws(TableError) {
    for one in series {
      guard let step = one.values.firstIndex(where: { !$0.isNaN && isUnfit($0) }) else { continue }
      let name = one.id.map { " of series \(quotedForMessage($0))" } ?? ""
      throw TableError(
        file: file,
        message: "\(need) is for \(kind), and the value\(name) at \(one.time(at: step)) is "
          + "\(one.values[step])")
    }
  }
}
