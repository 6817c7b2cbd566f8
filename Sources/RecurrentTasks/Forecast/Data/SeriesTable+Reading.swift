import RecurrentFormats

extension SeriesTable {
  /// Reads a long table: a row per series and time, in any order.
  ///
  /// - Parameter columns: the columns' names, where they are not the usual ones.
  /// - Throws: a ``TableError`` for a file, row or field that cannot be used.
  public init(
    parsing bytes: [UInt8], file: String, columns: SeriesColumns = SeriesColumns()
  ) throws(TableError) {
    try self.init(parsing: bytes, file: file, options: Options(columns: columns))
  }

  /// Reads a table of series.
  ///
  /// A long table has a row per series and time, a wide one a row per time and a column per series;
  /// rows may stand in any order. A table by rows has a row per series. Text that begins with `@` is a file of the Monash archive. Empty
  /// and `NA` values and gaps in time become missing values, with a warning.
  ///
  /// - Parameters:
  ///   - bytes: the file's content, in UTF-8.
  ///   - file: its name, for errors.
  ///   - options: what its columns are, and what goes with it.
  /// - Throws: a ``TableError`` for a file, row or field that cannot be used.
  public init(parsing bytes: [UInt8], file: String, options: Options) throws(TableError) {
    var table: SeriesTable
    if MonashFile.isOne(bytes) {
      table = try SeriesTable(MonashFile(parsing: bytes, file: file), options)
    } else if options.isByRows {
      table = try SeriesTable(rowsOf: bytes, file, options)
    } else {
      table = try SeriesTable(csv: bytes, file, options)
    }
    table.fill = options.fill
    if let statics = options.statics { try table.read(statics: statics, options) }
    if let future = options.future { try table.read(future: future, options) }
    try table.setCalendar(options)
    self = table
  }

  private init(csv bytes: [UInt8], _ file: String, _ options: Options) throws(TableError) {
    var reader = try CSVReader(bytes, file: file)
    guard try reader.nextRow() else {
      throw TableError(file: file, line: reader.headerLine, message: "no rows below the header")
    }
    let wanted = options.wantedColumns
    let positions = try ColumnPositions(
      options.columns, values: options.isWide ? .all : .one,
      covariates: wanted.map { ($0.name, $0.option) }, in: reader)
    let times = try TimeSource(positions.times, given: options.timePattern, in: reader)
    let found = zip(wanted, positions.covariates).map {
      (name: $0.name, role: $0.role, column: $1)
    }
    let schema =
      if let schema = options.schema { schema } else {
        CovariateSchema(try CovariateSchema.columns(found, in: reader))
      }
    let covariates = schema.known + schema.past

    var rows = TableRows(
      id: positions.id, times: times,
      sources: positions.values.map(CellSource.init(numbers:))
        + zip(covariates, positions.covariates).map(CellSource.init),
      valueCount: positions.values.count)
    try rows.read(&reader)
    rows.unifyTimes()
    rows.sort()
    try rows.resolveDuplicates(options.duplicates, reader)
    let frequency = try rows.frequency(reader)

    var grids = RowGrids(rows, frequency, knownCount: schema.known.count)
    let names = options.isWide ? positions.values.map { reader.header[$0] } : nil
    for group in rows.groups { try grids.append(group, names: names, reader) }
    if options.fill == .none { try grids.places.refuse(file) }

    let time = positions.times.count == 1 ? reader.header[positions.times[0]] : "ds"
    self.init(
      file: file,
      columns: options.isWide
        ? Columns(id: "unique_id", time: time)
        : Columns(
          id: positions.id.map { reader.header[$0] }, time: time,
          value: reader.header[positions.values[0]]),
      frequency: frequency, series: grids.series.map { $0.filledByFact(options.fill) },
      notes: positions.notes + [reader.separatorNote, times.note].compactMap { $0 } + rows.notes
        + grids.notes,
      warnings: grids.places.warnings(options.fill) + rows.unseen.warnings(file))
    self.schema = schema
  }
}

/// The series of a table, made from its rows.
private struct RowGrids {
  private(set) var series: [TimeSeries] = []
  private(set) var places = MissingPlaces()
  private var seriesWithFuture = PlaceList()
  private let rows: TableRows
  private let frequency: Frequency
  private let knownCount: Int

  init(_ rows: TableRows, _ frequency: Frequency, knownCount: Int) {
    self.rows = rows
    self.frequency = frequency
    self.knownCount = knownCount
  }

  /// Adds the series of one group of rows.
  ///
  /// - Parameter names: Those of a wide table's series; nil: there is one.
  mutating func append(
    _ group: TableRows.Group, names: [String]?, _ reader: CSVReader
  ) throws(TableError) {
    let (columns, places) = try rows.grid(group, frequency, reader)
    let start = rows.time(group.rows[0].ticks)
    let steps = places.count
    let isObserved = { (step: Int) in
      columns.prefix(rows.valueCount).contains { !$0[step].isNaN }
    }
    // Rows without a value at the end say what is known of the future.
    var count = steps
    if knownCount > 0, let last = (0..<steps).last(where: isObserved) { count = last + 1 }
    if count < steps { seriesWithFuture.add { group.id.map(quotedForMessage) ?? "the series" } }

    let known = columns.dropFirst(rows.valueCount).prefix(knownCount)
    let past = columns.dropFirst(rows.valueCount + knownCount).map { Array($0.prefix(count)) }
    noteGaps(group, places.prefix(count))
    for source in 0..<rows.valueCount {
      let values = columns[source].prefix(count)
      // A series of a wide table begins where its values do.
      let first = names == nil ? 0 : values.firstIndex { !$0.isNaN } ?? 0
      let id = names?[source] ?? group.id
      noteMissing(values.dropFirst(first), id, group, places)
      series.append(
        TimeSeries(
          id: id, start: frequency.advanced(start, by: first), frequency: frequency,
          values: Array(values.dropFirst(first)),
          covariates: SeriesCovariates(
            known: known.map { Array($0.dropFirst(first)) },
            past: past.map { Array($0.dropFirst(first)) })))
    }
  }

  var notes: [String] {
    guard seriesWithFuture.count > 0 else { return [] }
    return [
      "rows without a value at the end are taken for the future: \(seriesWithFuture.text)"
    ]
  }

  private mutating func noteGaps(_ group: TableRows.Group, _ places: ArraySlice<Int?>) {
    var previous: Int?
    var gap = 0
    for place in places {
      guard let place else {
        gap += 1
        continue
      }
      if gap > 0, let previous {
        let row = group.rows[previous]
        self.places.gap(in: group.id, steps: gap, after: rows.time(row.ticks), line: row.line)
      }
      previous = place
      gap = 0
    }
  }

  private mutating func noteMissing(
    _ values: ArraySlice<Double>, _ id: String?, _ group: TableRows.Group, _ places: [Int?]
  ) {
    for step in values.indices where values[step].isNaN {
      guard let place = places[step] else { continue }
      let row = group.rows[place]
      self.places.missingValue(in: id, at: rows.time(row.ticks), line: row.line)
    }
    if values.last?.isNaN == true { self.places.missingEnd(of: id) }
  }
}

extension SeriesTable.Options {
  /// The columns beside the values that the table has to have: what a model wants, or what was named.
  var wantedColumns: [(name: String, role: Covariate.Role, option: String)] {
    if let schema {
      return (schema.known + schema.past).map { ($0.name, $0.role, "a column of the model") }
    }
    return known.map { ($0, .known, "--known") } + past.map { ($0, .past, "--past") }
  }
}

extension CSVReader {
  /// A sentence where fields are not separated by commas.
  var separatorNote: String? {
    switch separator {
    case UInt8(ascii: ";"): "fields are separated by semicolons" + decimalNote
    case UInt8(ascii: "\t"): "fields are separated by tabs" + decimalNote
    default: nil
    }
  }

  private var decimalNote: String { hasDecimalCommas ? ", and decimals by commas" : "" }
}
