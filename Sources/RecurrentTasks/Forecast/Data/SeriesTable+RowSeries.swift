import RecurrentFormats

extension SeriesTable {
  /// Reads a table with a series in each row: its id, then its values, oldest first, as in the files
  /// of the M competitions. Where the header names times, these are the values' own; otherwise they
  /// are counted from 1. A series ends with its last value that is not missing.
  init(rowsOf bytes: [UInt8], _ file: String, _ options: Options) throws(TableError) {
    guard options.known.isEmpty, options.past.isEmpty else {
      throw TableError(file: file, message: "with a series in each row there are no other columns")
    }
    var reader = try CSVReader(bytes, file: file)
    guard try reader.nextRow() else {
      throw TableError(file: file, line: reader.headerLine, message: "no rows below the header")
    }
    let id: Int
    if let name = options.columns.id {
      guard let found = reader.header.firstIndex(of: name) else {
        throw TableError(
          file: file, line: reader.headerLine,
          message: "no column \(quotedForMessage(name)) for the series ids")
      }
      id = found
    } else {
      id = 0
    }
    let columns = reader.header.indices.filter { $0 != id }
    guard !columns.isEmpty else {
      throw TableError(
        file: file, line: reader.headerLine, message: "no columns of values behind that of ids")
    }
    let names = columns.map { reader.header[$0] }
    let times = HeaderTimes(names, options.timePattern)
    if let pattern = options.timePattern, !times.areNamed {
      let other = columns.first { pattern.time(reader.header[$0]) == nil }
      throw TableError(
        file: file, line: reader.headerLine, column: other.map { reader.header[$0] },
        message: other == nil
          ? "the times of the header are not regular, one step after the other"
          : "is not a time that is \(pattern.text), as --date-format says; without it, columns that "
            + "are not named by times are counted from 1")
    }

    var places = MissingPlaces()
    var series: [TimeSeries] = []
    var lines: [String: Int] = [:]
    repeat {
      let name = reader.text(at: id)
      if name.isEmpty { throw reader.error(column: id, "the id of a series is missing") }
      if let first = lines.updateValue(reader.line, forKey: name) {
        throw reader.error(
          column: id,
          "a second row for \(quotedForMessage(name)), the first is at line \(first)")
      }
      var values: [Double] = []
      for column in columns { values.append(try reader.number(at: column)) }
      let end = (values.lastIndex { !$0.isNaN } ?? 0) + 1
      let first = values.firstIndex { !$0.isNaN } ?? 0
      let one = TimeSeries(
        id: name, start: times.frequency.advanced(times.start, by: first),
        frequency: times.frequency, values: Array(values[first..<max(end, first)]))
      for step in one.values.indices where one.values[step].isNaN {
        places.missingValue(in: name, at: one.time(at: step), line: reader.line)
      }
      series.append(one.filledByFact(options.fill))
    } while try reader.nextRow()
    if options.fill == .none { try places.refuse(file) }

    self.init(
      file: file, columns: Columns(id: "unique_id"), frequency: times.frequency, series: series,
      notes: [reader.separatorNote].compactMap { $0 }, warnings: places.warnings(options.fill))
  }
}

/// The times that the columns of a header are named after.
private struct HeaderTimes {
  let start: Timestamp
  let frequency: Frequency
  /// Whether the names are times.
  let areNamed: Bool

  /// Integers from 1, unless the names are times without a gap.
  init(_ names: [String], _ given: TimePattern?) {
    let times = Self.times(names, given) ?? []
    let isAscending = zip(times, times.dropFirst()).allSatisfy { $0.ticks < $1.ticks }
    guard times.count == names.count, times.count > 1, isAscending, let first = times.first,
      let frequency = Frequency(inferring: times),
      frequency.steps(from: first, to: times[times.count - 1]) == times.count - 1
    else {
      start = Timestamp(ticks: 1, style: Timestamp.Style(.integer))
      frequency = Frequency(.step)
      areNamed = false
      return
    }
    areNamed = true
    start = first
    self.frequency = frequency
  }

  private static func times(_ names: [String], _ given: TimePattern?) -> [Timestamp]? {
    if let given { return names.compactMap(given.time) }
    let times = names.compactMap { Timestamp($0) }
    if times.count == names.count { return times }
    let texts = names.map { Array($0.utf8) }
    guard let first = texts.first,
      var detector = TimePattern.Detector(first: first, in: first.indices)
    else { return nil }
    for text in texts.dropFirst() where !detector.take(text, text.indices) { return nil }
    guard case .pattern(let pattern) = detector.detection else { return nil }
    return names.compactMap(pattern.time)
  }
}
