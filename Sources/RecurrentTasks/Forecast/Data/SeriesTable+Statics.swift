import RecurrentFormats

extension SeriesTable {
  /// Reads a table with a row for each series: an id, and columns of what never changes.
  mutating func read(statics file: TableFile, _ options: Options) throws(TableError) {
    var reader = try CSVReader(file.bytes, file: file.name)
    guard try reader.nextRow() else {
      throw TableError(
        file: file.name, line: reader.headerLine, message: "no rows below the header")
    }
    let id = try idColumn(reader)
    let columns: [Covariate]
    if let schema = options.schema {
      columns = schema.statics
    } else {
      let found = reader.header.indices.filter { $0 != id }.map {
        (name: reader.header[$0], role: Covariate.Role.fixed, column: $0)
      }
      columns = try CovariateSchema.columns(found, in: reader)
      schema = CovariateSchema(schema.columns + columns)
    }
    var sources: [CellSource] = []
    for column in columns {
      guard let position = reader.header.firstIndex(of: column.name) else {
        throw TableError(
          file: file.name, line: reader.headerLine,
          message: "no column \(quotedForMessage(column.name)), which the model reads")
      }
      sources.append(CellSource(column, at: position))
    }

    var rows: [String: (values: [Double], line: Int)] = [:]
    var unseen = UnseenLevels()
    repeat {
      let name = id.map { reader.text(at: $0) } ?? ""
      if let first = rows[name] {
        throw reader.error(
          column: id,
          "a second row for \(id == nil ? "the series" : quotedForMessage(name)), "
            + "the first is at line \(first.line)")
      }
      var values: [Double] = []
      for source in sources { values.append(try source.value(&reader, &unseen)) }
      rows[name] = (values, reader.line)
    } while try reader.nextRow()

    var missing = PlaceList()
    for index in series.indices {
      if let row = rows[id == nil ? "" : series[index].id ?? ""] {
        series[index].covariates.statics = row.values
      } else {
        missing.add { quotedForMessage(series[index].id ?? "") }
      }
    }
    guard missing.count == 0 else {
      throw TableError(file: file.name, message: "no row for the series \(missing.text)")
    }
    warnings += unseen.warnings(file.name)
  }

  /// The column of ids in a table that belongs to this one; nil where this one has none.
  private func idColumn(_ reader: CSVReader) throws(TableError) -> Int? {
    let usual = ["unique_id", "item_id"]
    if let name = columns.id {
      if let found = ([name] + usual).lazy.compactMap({ reader.header.firstIndex(of: $0) }).first {
        return found
      }
      throw TableError(
        file: reader.file, line: reader.headerLine,
        message: "no column \(quotedForMessage(name)) for the series ids")
    }
    return nil
  }
}
