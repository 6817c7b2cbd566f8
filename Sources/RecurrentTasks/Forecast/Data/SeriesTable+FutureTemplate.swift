import RecurrentFormats

extension SeriesTable {
  /// The table that is read as what is known of the future: a row for each series and each step of a
  /// horizon, as CSV. What is known already stands in it, the rest is empty.
  public func futureTemplate(horizon: Int) -> String {
    let known = schema.known
    var writer = CSVWriter(
      header: (columns.id.map { [$0] } ?? []) + [columns.time] + known.map(\.name))
    for one in series {
      for step in one.values.count..<(one.values.count + horizon) {
        let cells = zip(known, one.covariates.known).map { column, values in
          step < values.count ? column.text(values[step]) : ""
        }
        writer.append(
          (columns.id != nil ? [one.id ?? ""] : []) + ["\(one.time(at: step))"] + cells)
      }
    }
    return writer.text
  }
}

extension Covariate {
  /// The text of a coded value, empty where it is missing or none of the levels.
  fileprivate func text(_ code: Double) -> String {
    switch kind {
    case .number: CSVWriter.text(of: code)
    case .category(let levels, _):
      levels.indices.contains(Int(code.isNaN ? -1 : code)) ? levels[Int(code)] : ""
    }
  }
}
