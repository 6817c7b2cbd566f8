import RecurrentFormats

/// How the times of a table's rows are read.
struct TimeSource {
  let columns: [Int]
  /// How they are written; nil: as ISO 8601 has it, years or integers.
  private(set) var pattern: TimePattern?
  private(set) var note: String?
  private let patternStyle: Timestamp.Style?

  /// Finds out how the times of a column are written.
  ///
  /// - Parameters:
  ///   - given: How, if that is known.
  ///   - usual: How they were in a table that this one belongs to.
  ///   - reader: stands on the first row.
  init(
    _ columns: [Int], given: TimePattern? = nil, usual: TimePattern? = nil, in reader: CSVReader
  ) throws(TableError) {
    self.columns = columns
    if let given {
      guard columns.count == 1 else {
        throw TableError(
          file: reader.file, line: reader.headerLine, column: reader.header[columns[0]],
          message: "--date-format says nothing of times in several columns, which are numbers")
      }
      pattern = given
    } else if columns.count == 1 {
      (pattern, note) = try Self.found(columns[0], usual, in: reader)
    }
    patternStyle = pattern?.style
  }

  private static func found(
    _ column: Int, _ usual: TimePattern?, in reader: CSVReader
  ) throws(TableError) -> (TimePattern?, String?) {
    if let usual, usual.match(reader.bytes, in: reader.trimmedRange(at: column)) != nil {
      return (usual, nil)
    }
    let example = quotedForMessage(reader.text(at: column))
    var reader = reader
    guard
      var detector = TimePattern.Detector(
        first: reader.bytes, in: reader.trimmedRange(at: column))
    else { return (nil, nil) }
    while !detector.isSettled, try reader.nextRow() {
      let range = reader.trimmedRange(at: column)
      // An empty time is refused where rows are read.
      if range.isEmpty || detector.take(reader.bytes, range) { continue }
      if detector.couldBeIntegers { return (nil, nil) }
      throw reader.error(
        column: column,
        "\(quotedForMessage(reader.text(at: column))) is not \(detector.likely.text) as the times "
          + "before it are; --date-format says how they are written")
    }
    switch detector.detection {
    case .pattern(let pattern):
      let needsNote = detector.couldBeIntegers || !pattern.isPlain
      return (pattern, needsNote ? "times such as \(example) are read as \(pattern.text)" : nil)
    case .ambiguous(let patterns):
      let readings = patterns.map { "--date-format \(quotedForMessage($0.text))" }
      throw TableError(
        file: reader.file, column: reader.header[column],
        message: "\(example) and the others can be read in more than one way; say "
          + readings.joined(separator: " or "))
    }
  }

  /// The time of the current row; nil if it is none.
  func time(_ reader: CSVReader) -> Timestamp? {
    if columns.count > 1 { return assembled(reader) }
    let range = reader.trimmedRange(at: columns[0])
    guard let patternStyle, let pattern else { return Timestamp(parsing: reader.bytes, in: range) }
    return pattern.match(reader.bytes, in: range).map {
      Timestamp(ticks: $0.ticks, style: patternStyle)
    }
  }

  /// Year, month, day, hour, minute and second from a column each, as far as there are columns.
  private func assembled(_ reader: CSVReader) -> Timestamp? {
    var parts = [0, 1, 1, 0, 0, 0]
    for (place, column) in columns.enumerated() {
      guard let number = Int(reader.trimmedText(at: column)) else { return nil }
      parts[place] = number
    }
    let date = CivilDate(year: parts[0], month: parts[1], day: parts[2])
    guard date.isValid, 0...9999 ~= parts[0], 0..<24 ~= parts[3], 0..<60 ~= parts[4],
      0..<60 ~= parts[5]
    else { return nil }
    let precisions: [Timestamp.Style.Precision] = [.month, .date, .minute, .minute, .second]
    let seconds = parts[3] * 3600 + parts[4] * 60 + parts[5]
    return Timestamp(
      ticks: date.daysSinceEpoch * Timestamp.ticksPerDay + seconds * Timestamp.ticksPerSecond,
      style: Timestamp.Style(precisions[columns.count - 2]))
  }

  /// The text of the current row's time, for messages.
  func text(_ reader: CSVReader) -> String {
    columns.map(reader.text).joined(separator: " ")
  }

  /// What is expected of a text, for messages.
  var acceptedForms: String {
    if columns.count > 1 { return "numbers of year, month, day, hour, minute and second" }
    return pattern.map { "those that are \($0.text)" } ?? Timestamp.acceptedForms
  }
}
