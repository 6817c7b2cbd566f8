import RecurrentFormats

extension SeriesTable {
  /// Reads what is known of the steps that follow the series: rows of id, time and the known
  /// columns. Without a column of ids the rows are for all series.
  mutating func read(future file: TableFile, _ options: Options) throws(TableError) {
    guard !schema.known.isEmpty else {
      throw TableError(
        file: file.name,
        message: "nothing is to be read from it: --known names the columns that are known in the "
          + "future")
    }
    futureFile = file.name
    var reader = try CSVReader(file.bytes, file: file.name)
    guard try reader.nextRow() else {
      throw TableError(
        file: file.name, line: reader.headerLine, message: "no rows below the header")
    }
    let positions = try ColumnPositions(
      futureColumns(reader), values: .none,
      covariates: schema.known.map { ($0.name, "the values known in the future") }, in: reader)
    let times = try TimeSource(
      positions.times, given: options.timePattern, usual: series.first?.start.style.pattern,
      in: reader)
    var rows = TableRows(
      id: positions.id, times: times,
      sources: zip(schema.known, positions.covariates).map(CellSource.init), valueCount: 0)
    try rows.read(&reader)
    rows.unifyTimes()
    rows.sort()
    try rows.resolveDuplicates(options.duplicates, reader)
    notes += rows.notes.map { "\(wordForMessage(file.name)): \($0)" }

    var known = KnownRows(reader, rows, frequency)
    let ids = Dictionary(
      series.indices.map { (series[$0].id ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    for group in rows.groups {
      if let id = group.id {
        guard let index = ids[id] else {
          let line = group.rows.lazy.map(\.line).min() ?? reader.headerLine
          known.unknownIDs.add { "\(quotedForMessage(id)) (line \(line))" }
          continue
        }
        try known.extend(&series[index], group)
      } else {
        for index in series.indices { try known.extend(&series[index], group) }
      }
    }
    warnings += known.warnings + rows.unseen.warnings(file.name)
  }

  /// The columns are called as in this table, or as usual.
  private func futureColumns(_ reader: CSVReader) -> SeriesColumns {
    let present = { (name: String?) in name.flatMap { reader.header.contains($0) ? $0 : nil } }
    return SeriesColumns(id: present(columns.id), time: present(columns.time))
  }
}

/// Puts rows behind the ends of series.
private struct KnownRows {
  var unknownIDs = PlaceList()
  private var early = PlaceList()
  private let reader: CSVReader
  private let rows: TableRows
  private let frequency: Frequency

  init(_ reader: CSVReader, _ rows: TableRows, _ frequency: Frequency) {
    self.reader = reader
    self.rows = rows
    self.frequency = frequency
  }

  mutating func extend(_ series: inout TimeSeries, _ group: TableRows.Group) throws(TableError) {
    let ticks = try ticks(of: group, like: series.start)
    for (index, row) in group.rows.enumerated() {
      guard let step = step(from: series.start.ticks, to: ticks[index]) else {
        throw fault(
          row,
          "does not fit the times of the series, which are \(frequency) and follow "
            + "\(series.time(at: series.values.count - 1))")
      }
      // A date typed wrong must not ask for a grid of millions of steps.
      guard step < series.values.count + 100_000 else {
        throw fault(
          row,
          "comes \(step - series.values.count + 1) steps after the last value, at "
            + "\(series.time(at: series.values.count - 1))")
      }
      if step < series.values.count {
        early.add { "line \(row.line)" }
        continue
      }
      for column in series.covariates.known.indices {
        let known = series.covariates.known[column].count
        if step >= known {
          series.covariates.known[column] += repeatElement(.nan, count: step - known + 1)
        }
        let value = group.cells[index * rows.sources.count + column]
        if !value.isNaN { series.covariates.known[column][step] = value }
      }
    }
  }

  /// The times on the clock of the series.
  private func ticks(
    of group: TableRows.Group, like start: Timestamp
  ) throws(TableError) -> [Int] {
    let (own, style) = (rows.style, start.style)
    let ticks = group.rows.map(\.ticks)
    // Four digits by themselves may have been taken for years.
    if own.precision == .year, style.precision == .integer {
      return ticks.map { CivilDate(daysSinceEpoch: floorDivide($0, Timestamp.ticksPerDay)).year }
    }
    let isNumber = { (style: Timestamp.Style) in style.precision == .integer }
    if let mismatch = TableRows.mismatch(own, style)
      ?? (isNumber(own) == isNumber(style) ? nil : isNumber(own) ? "a plain number" : "a year")
    {
      throw fault(group.rows[0], "is \(mismatch), the series' times, such as \(start), are not")
    }
    guard own.offset != style.offset, frequency.isFinerThanDays else { return ticks }
    let shift = (Int(style.offset) - Int(own.offset)) * 60 * Timestamp.ticksPerSecond
    return ticks.map { $0 + shift }
  }

  /// Days that begin an hour earlier in summer are days all the same.
  private func step(from start: Int, to ticks: Int) -> Int? {
    let hour = 3600 * Timestamp.ticksPerSecond
    let shifts = frequency.isFinerThanDays ? [0] : [0, hour, -hour]
    return shifts.lazy.compactMap {
      frequency.steps(fromTicks: start, toTicks: ticks + $0)
    }.first
  }

  private func fault(_ row: TableRows.Row, _ words: String) -> TableError {
    TableError(
      file: reader.file, line: row.line, column: reader.header[rows.times.columns[0]],
      message: "\(rows.time(row.ticks)) \(words)")
  }

  var warnings: [String] {
    let file = wordForMessage(reader.file)
    var warnings: [String] = []
    if unknownIDs.count > 0 {
      warnings.append(
        "\(file) has rows for series that the table does not have: \(unknownIDs.text)")
    }
    if early.count > 0 {
      warnings.append("\(file) has rows that do not lie behind the series' ends: \(early.text)")
    }
    return warnings
  }
}
