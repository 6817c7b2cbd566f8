import RecurrentFormats

extension SeriesTable {
  /// Reads a long table: a row per series and time, in any order.
  ///
  /// Empty, `NA` and `NaN` values and gaps in time become missing values, with a warning. Rows out
  /// of order are sorted, with a note.
  ///
  /// - Parameters:
  ///   - bytes: the file's content, CSV in UTF-8.
  ///   - file: its name, for errors.
  ///   - columns: the columns' names, where they are not `unique_id`, `ds` and `y`.
  /// - Throws: a ``TableError`` for a file, row or field that cannot be used.
  public init(
    parsing bytes: [UInt8], file: String, columns: SeriesColumns = SeriesColumns()
  ) throws(TableError) {
    var reader = try CSVReader(bytes, file: file)
    guard try reader.nextRow() else {
      throw TableError(file: file, line: reader.headerLine, message: "no rows below the header")
    }
    let positions = try ColumnPositions(columns, in: reader)
    var rows = SeriesRows(positions)
    repeat { try rows.append(reader) } while try reader.nextRow()

    try rows.unifyTimes(reader)
    try rows.sort(reader)
    let frequency = try rows.frequency(reader)
    var places = MissingPlaces()
    var series: [TimeSeries] = []
    series.reserveCapacity(rows.groups.count)
    for group in rows.groups {
      series.append(try group.regular(frequency, reader, positions, &places))
    }

    self.init(
      file: file,
      columns: Columns(
        id: positions.id.map { reader.header[$0] }, time: reader.header[positions.time],
        value: reader.header[positions.value]),
      frequency: frequency, series: series,
      notes: ([positions.note] + rows.notes).compactMap { $0 },
      warnings: places.warnings)
  }
}

/// The rows of a table while it is read, by series.
private struct SeriesRows {
  private(set) var groups: [SeriesGroup] = []
  private(set) var notes: [String] = []
  private let positions: ColumnPositions
  private var indices: [String: Int] = [:]
  /// Rows of one series mostly follow each other: the last id saves a look-up.
  private var lastID: [UInt8] = []
  private var lastIndex: Int?

  private var firstStyle: Timestamp.Style?
  private var finestStyle = Timestamp.Style(.integer)
  private var offsetsDiffer = false
  private var hasIntegers = false
  private var hasUnlikelyYears = false

  init(_ positions: ColumnPositions) { self.positions = positions }

  mutating func append(_ reader: CSVReader) throws(TableError) {
    let time = try self.time(reader)
    let value = try reader.number(at: positions.value)
    let group = groupIndex(reader)
    groups[group].rows.append(SeriesRow(time: time, value: value, line: reader.line))
  }

  private mutating func groupIndex(_ reader: CSVReader) -> Int {
    guard let column = positions.id else {
      if groups.isEmpty { groups.append(SeriesGroup(id: nil)) }
      return 0
    }
    if let lastIndex, reader.field(at: column, equals: lastID) { return lastIndex }
    let id = reader.text(at: column)
    let index = indices[id] ?? groups.count
    if index == groups.count {
      indices[id] = index
      groups.append(SeriesGroup(id: id))
    }
    lastID = Array(id.utf8)
    lastIndex = index
    return index
  }

  private mutating func time(_ reader: CSVReader) throws(TableError) -> Timestamp {
    let range = reader.trimmedRange(at: positions.time)
    guard let time = Timestamp(parsing: reader.bytes, in: range) else {
      let text = reader.text(at: positions.time)
      throw reader.error(
        column: positions.time,
        text.isEmpty
          ? "a time is missing"
          : "\(quotedForMessage(text)) is not a time; accepted are \(Timestamp.acceptedForms)")
    }
    let style = time.style
    guard let first = firstStyle else {
      firstStyle = style
      finestStyle = style
      note(time)
      return time
    }
    if style != first {
      let mismatch: (String, String)? =
        if (style.precision <= .year) != (first.precision <= .year) {
          (style.precision <= .year ? "a plain number" : "a date", "the first row's is not")
        } else if (style.offsetForm == .none) != (first.offsetForm == .none) {
          (
            style.offsetForm == .none ? "without an offset from UTC" : "with an offset from UTC",
            "the first row's is not"
          )
        } else {
          nil
        }
      if let mismatch {
        let text = quotedForMessage(reader.text(at: positions.time))
        throw reader.error(
          column: positions.time, "\(text) is \(mismatch.0), \(mismatch.1)")
      }
      if style.offset != first.offset { offsetsDiffer = true }
      if style.precision > finestStyle.precision { finestStyle = style }
    }
    note(time)
    return time
  }

  private mutating func note(_ time: Timestamp) {
    switch time.style.precision {
    case .integer: hasIntegers = true
    case .year: if !(1500...2500 ~= time.date.year) { hasUnlikelyYears = true }
    default: break
    }
  }
}

// MARK: - Making the times comparable

extension SeriesRows {
  /// Gives all times one style and one offset from UTC.
  mutating func unifyTimes(_ reader: CSVReader) throws(TableError) {
    if finestStyle.precision <= .year {
      // Four digits are a year only where every time is one.
      if hasIntegers || hasUnlikelyYears {
        rewriteTimes { time in
          let number = time.style.precision == .year ? time.date.year : time.ticks
          return Timestamp(ticks: number, style: Timestamp.Style(.integer))
        }
      }
      return
    }
    var style = finestStyle
    if offsetsDiffer {
      let latest = groups.lazy.flatMap(\.rows).map(\.time).max { $0.instant < $1.instant }
      style.offsetForm = latest?.style.offsetForm ?? .none
      style.offset = latest?.style.offset ?? 0
      let timesOfDay = Set(groups.lazy.flatMap(\.rows).map(\.time.ticksOfDay).prefix(1000))
      let isDaily =
        timesOfDay.count == 1
        && groups.allSatisfy { $0.rows.allSatisfy { $0.time.ticksOfDay == timesOfDay.first } }
      notes.append(
        "offsets from UTC differ between rows; "
          + (isDaily ? "days are taken as written" : "times are compared in UTC")
          + " and printed with the last row's offset")
      if !isDaily {
        let shift = Int(style.offset) * 60 * Timestamp.ticksPerSecond
        rewriteTimes { Timestamp(ticks: $0.instant + shift, style: style) }
        return
      }
    }
    rewriteTimes { Timestamp(ticks: $0.ticks, style: style) }
  }

  private mutating func rewriteTimes(_ transform: (Timestamp) -> Timestamp) {
    for group in groups.indices {
      for row in groups[group].rows.indices {
        groups[group].rows[row].time = transform(groups[group].rows[row].time)
      }
    }
  }

  /// Puts each series in time order and refuses a time that stands twice in one.
  mutating func sort(_ reader: CSVReader) throws(TableError) {
    var firstUnsortedLine: Int?
    for group in groups.indices {
      let rows = groups[group].rows
      let neighbours = zip(rows, rows.dropFirst())
      if let unsorted = neighbours.first(where: { $0.time.ticks > $1.time.ticks }) {
        firstUnsortedLine = min(firstUnsortedLine ?? .max, unsorted.1.line)
        groups[group].rows.sort { ($0.time.ticks, $0.line) < ($1.time.ticks, $1.line) }
      }
    }
    if let firstUnsortedLine {
      notes.append("rows were not in time order (first at line \(firstUnsortedLine)): sorted")
    }

    var duplicate: (SeriesRow, SeriesRow, String?)?
    for group in groups {
      for (left, right) in zip(group.rows, group.rows.dropFirst())
      where left.time.ticks == right.time.ticks && right.line < duplicate?.1.line ?? .max {
        duplicate = (left, right, group.id)
      }
    }
    if let (left, right, id) = duplicate {
      let series = id.map { " in series \(quotedForMessage($0))" } ?? ""
      let hint =
        positions.id == nil && reader.header.count > 2
        ? "; if the file holds several series, name the column of their ids" : ""
      throw TableError(
        file: reader.file, line: right.line, column: reader.header[positions.time],
        message: "\(right.time) stands twice\(series), first at line \(left.line)\(hint)")
    }
  }

  func frequency(_ reader: CSVReader) throws(TableError) -> Frequency {
    guard let inferred = FrequencyInference(groups: groups.map { $0.rows.map(\.time) }) else {
      throw TableError(
        file: reader.file,
        message: "no series has more than one time: at least two are needed to tell the frequency")
    }
    if inferred.isRegular { return inferred.frequency }
    var misfit: (row: SeriesRow, first: SeriesRow)?
    for group in groups {
      guard let first = group.rows.first else { continue }
      for row in group.rows
      where inferred.frequency.steps(from: first.time, to: row.time) == nil
        && row.line < misfit?.row.line ?? .max
      {
        misfit = (row, first)
      }
    }
    let place = misfit.map {
      "\($0.row.time) does not fit times that are mostly \(inferred.frequency) and begin with "
        + "\($0.first.time) at line \($0.first.line)"
    }
    throw TableError(
      file: reader.file, line: misfit?.row.line, column: reader.header[positions.time],
      message: place ?? "the times are not regular")
  }
}

// MARK: - One series

private struct SeriesRow {
  var time: Timestamp
  var value: Double
  var line: Int
}

private struct SeriesGroup {
  var id: String?
  var rows: [SeriesRow] = []

  /// The rows on the grid of the frequency.
  func regular(
    _ frequency: Frequency, _ reader: CSVReader, _ positions: ColumnPositions,
    _ places: inout MissingPlaces
  ) throws(TableError) -> TimeSeries {
    let start = rows[0].time
    var values: [Double] = []
    values.reserveCapacity(rows.count)
    // A date typed wrong must not ask for a grid of millions of steps.
    let longest = 20 * rows.count + 10_000
    var previous = rows[0]
    for row in rows {
      let step = frequency.steps(from: start, to: row.time) ?? values.count
      if step > values.count {
        guard step < longest else {
          throw TableError(
            file: reader.file, line: row.line, column: reader.header[positions.time],
            message: "\(row.time) comes \(step - values.count + 1) steps after \(previous.time) "
              + "at line \(previous.line), and the times are \(frequency)")
        }
        places.gap(in: id, steps: step - values.count, after: previous.time, line: previous.line)
        values.append(contentsOf: repeatElement(.nan, count: step - values.count))
      }
      if row.value.isNaN { places.missingValue(in: id, at: row.time, line: row.line) }
      values.append(row.value)
      previous = row
    }
    if previous.value.isNaN { places.missingEnd(of: id) }
    return TimeSeries(id: id, start: start, frequency: frequency, values: values)
  }
}

/// Where values are missing, counted, with the first five places in words.
private struct MissingPlaces {
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

  var warnings: [String] {
    var warnings: [String] = []
    if values.count > 0 {
      let noun = values.count == 1 ? "1 value is" : "\(values.count) values are"
      warnings.append("\(noun) missing: \(values.text)")
    }
    if gaps.count > 0 {
      let noun = gaps.count == 1 ? "1 gap" : "\(gaps.count) gaps"
      let steps = gapSteps == 1 ? "1 step" : "\(gapSteps) steps"
      warnings.append("\(noun) in time (\(steps)): \(gaps.text)")
    }
    if ends.count > 0 {
      warnings.append(
        "the last values are missing, and forecasts begin after them: \(ends.text)")
    }
    return warnings
  }

  private static func name(_ id: String?) -> String { id.map { quotedForMessage($0) + ", " } ?? "" }
}

private struct PlaceList {
  private(set) var count = 0
  private var first: [String] = []

  mutating func add(_ place: () -> String) {
    count += 1
    if first.count < 5 { first.append(place()) }
  }

  var text: String {
    first.joined(separator: ", ") + (count > 5 ? " and \(count - 5) more" : "")
  }
}
