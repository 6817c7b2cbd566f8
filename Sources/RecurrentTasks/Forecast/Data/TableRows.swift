import RecurrentFormats

/// The rows of a table while it is read, by series: for each a time and as many numbers as there are
/// sources.
struct TableRows {
  /// The rows of one series, or of a whole table without ids.
  struct Group {
    var id: String?
    var rows: [Row] = []
    /// [row, source]
    var cells: [Double] = []
  }

  struct Row {
    var ticks: Int
    var line: Int
    /// Minutes east of UTC.
    var offset: Int16
    var precision: Timestamp.Style.Precision

    var instant: Int { ticks - Int(offset) * 60 * Timestamp.ticksPerSecond }
  }

  private(set) var groups: [Group] = []
  private(set) var notes: [String] = []
  private(set) var unseen = UnseenLevels()
  /// How all times are written, once they are unified.
  private(set) var style = Timestamp.Style(.integer)
  let times: TimeSource
  /// What the cells of a row are; the first so many are values of series.
  let sources: [CellSource]
  let valueCount: Int

  private let id: Int?
  private var indices: [String: Int] = [:]
  /// Rows of one series mostly follow each other: the last id saves a look-up.
  private var lastID: [UInt8] = []
  private var lastIndex: Int?

  private var firstStyle: Timestamp.Style?
  private var firstText = ""
  private var finestStyle = Timestamp.Style(.integer)
  private var offsetsDiffer = false
  private var hasIntegers = false
  private var hasUnlikelyYears = false

  init(id: Int?, times: TimeSource, sources: [CellSource], valueCount: Int) {
    self.id = id
    self.times = times
    self.sources = sources
    self.valueCount = valueCount
  }

  /// Reads the current row and all that follow.
  mutating func read(_ reader: inout CSVReader) throws(TableError) {
    repeat { try append(&reader) } while try reader.nextRow()
  }

  private mutating func append(_ reader: inout CSVReader) throws(TableError) {
    let row = try self.row(reader)
    let group = try groupIndex(reader)
    groups[group].rows.append(row)
    for source in sources {
      groups[group].cells.append(try source.value(&reader, &unseen))
    }
  }

  private mutating func groupIndex(_ reader: CSVReader) throws(TableError) -> Int {
    guard let column = id else {
      if groups.isEmpty { groups.append(Group(id: nil)) }
      return 0
    }
    if let lastIndex, reader.field(at: column, equals: lastID) { return lastIndex }
    let id = reader.text(at: column)
    if id.isEmpty { throw reader.error(column: column, "the id of a series is missing") }
    let index = indices[id] ?? groups.count
    if index == groups.count {
      indices[id] = index
      groups.append(Group(id: id))
    }
    lastID = Array(id.utf8)
    lastIndex = index
    return index
  }

  private mutating func row(_ reader: CSVReader) throws(TableError) -> Row {
    guard let time = times.time(reader) else {
      let text = times.text(reader)
      throw reader.error(
        column: times.columns[0],
        text.isEmpty
          ? "a time is missing"
          : "\(quotedForMessage(text)) is " + refusal(reader))
    }
    let style = time.style
    if let first = firstStyle {
      if style != first { try compare(style, first, reader) }
    } else {
      firstStyle = style
      firstText = times.text(reader)
      finestStyle = style
    }
    switch style.precision {
    case .integer: hasIntegers = true
    case .year: if !(1500...2500 ~= time.date.year) { hasUnlikelyYears = true }
    default: break
    }
    return Row(
      ticks: time.ticks, line: reader.line, offset: style.offset, precision: style.precision)
  }

  /// Why the current row's time is none; one that could stand in a column of its own is only written
  /// in another way.
  private func refusal(_ reader: CSVReader) -> String {
    let range = reader.trimmedRange(at: times.columns[0])
    if firstStyle != nil, times.columns.count == 1, times.pattern == nil,
      TimePattern.Detector(first: reader.bytes, in: range) != nil
    {
      return "not written as the first row's time is, \(quotedForMessage(firstText))"
    }
    return "not a time; accepted are \(times.acceptedForms)"
  }

  private mutating func compare(
    _ style: Timestamp.Style, _ first: Timestamp.Style, _ reader: CSVReader
  ) throws(TableError) {
    if let mismatch = Self.mismatch(style, first) {
      let text = quotedForMessage(times.text(reader))
      throw reader.error(
        column: times.columns[0], "\(text) is \(mismatch), the first row's is not")
    }
    if style.offset != first.offset { offsetsDiffer = true }
    // All are printed with as many digits as any of them has.
    if (style.precision, style.fractionDigits)
      > (finestStyle.precision, finestStyle.fractionDigits)
    {
      finestStyle = style
    }
  }

  /// What a style is that another is not, where times of the two cannot be compared.
  static func mismatch(_ style: Timestamp.Style, _ other: Timestamp.Style) -> String? {
    if (style.precision <= .year) != (other.precision <= .year) {
      return style.precision <= .year ? "a plain number" : "a date"
    }
    if (style.offsetForm == .none) != (other.offsetForm == .none) {
      return style.offsetForm == .none ? "without an offset from UTC" : "with an offset from UTC"
    }
    return nil
  }
}

// MARK: - Making the times comparable

extension TableRows {
  /// Gives all times one style and one offset from UTC.
  mutating func unifyTimes() {
    style = finestStyle
    if style.precision <= .year {
      // Four digits are a year only where every time is one.
      if hasIntegers || hasUnlikelyYears {
        style = Timestamp.Style(.integer)
        rewriteTimes { row in
          row.precision == .year
            ? CivilDate(daysSinceEpoch: floorDivide(row.ticks, Timestamp.ticksPerDay)).year
            : row.ticks
        }
      }
      return
    }
    if offsetsDiffer {
      unifyOffsets()
    } else if style.precision >= .minute {
      followDaylightSaving()
    }
  }

  private mutating func unifyOffsets() {
    let latest = groups.lazy.flatMap(\.rows).max { $0.instant < $1.instant }
    style.offset = latest?.offset ?? 0
    // An offset of its own for each row says nothing as `Z` or `UTC`.
    if style.offset != 0, [.zulu, .utc].contains(style.offsetForm) { style.offsetForm = .colon }
    let isDaily = timesOfDay(limit: 1).count == 1
    notes.append(
      "offsets from UTC differ between rows; "
        + (isDaily ? "days are taken as written" : "times are compared in UTC")
        + " and printed with the last row's offset")
    guard !isDaily else { return }
    let shift = Int(style.offset) * 60 * Timestamp.ticksPerSecond
    rewriteTimes { $0.instant + shift }
  }

  /// Days that begin at midnight of some place, written in UTC or another place's time, begin an
  /// hour earlier in summer: they are days all the same.
  private mutating func followDaylightSaving() {
    let hour = 3600 * Timestamp.ticksPerSecond
    let found = timesOfDay(limit: 2).sorted()
    guard found.count == 2 else { return }
    let isNight = found[1] - found[0] == Timestamp.ticksPerDay - hour
    guard isNight || found[1] - found[0] == hour else { return }
    // The earlier hour is summer's; where it is the evening before, it belongs to the day that begins.
    let summer = isNight ? found[1] : found[0]
    let isSummer = { (row: Row) in floorRemainder(row.ticks, Timestamp.ticksPerDay) == summer }
    var isFound = false
    for index in groups.indices {
      let rows = groups[index].rows
      // A series that is always early is no matter of the time of year.
      let early = rows.count(where: isSummer)
      guard early > 0, early < rows.count, rows.count > 2 else { continue }
      let moved = rows.map { isSummer($0) ? $0.ticks + hour : $0.ticks }
      // Two rows of one day are no days.
      guard Set(moved).count == rows.count else { return }
      let last = rows.max { $0.ticks < $1.ticks }
      let shift = last.map(isSummer) == true ? -hour : 0
      for row in rows.indices { groups[index].rows[row].ticks = moved[row] + shift }
      isFound = true
    }
    guard isFound else { return }
    notes.append(
      "times of day differ by an hour, as with daylight saving: they are taken as days, and printed "
        + "with the last row's time of day")
  }

  /// The times of day there are, or one more than a limit.
  private func timesOfDay(limit: Int) -> Set<Int> {
    var found: Set<Int> = []
    var last: Int?
    for group in groups {
      for row in group.rows {
        let time = floorRemainder(row.ticks, Timestamp.ticksPerDay)
        if time == last { continue }
        last = time
        found.insert(time)
        if found.count > limit { return found }
      }
    }
    return found
  }

  private mutating func rewriteTimes(_ transform: (Row) -> Int) {
    for group in groups.indices {
      for row in groups[group].rows.indices {
        groups[group].rows[row].ticks = transform(groups[group].rows[row])
      }
    }
  }

  /// A time of these rows, in the style of all.
  func time(_ ticks: Int) -> Timestamp { Timestamp(ticks: ticks, style: style) }
}

// MARK: - Order

extension TableRows {
  /// Puts each series in time order.
  mutating func sort() {
    var firstUnsortedLine: Int?
    for group in groups.indices {
      let rows = groups[group].rows
      let neighbours = zip(rows, rows.dropFirst())
      guard let unsorted = neighbours.first(where: { $0.ticks > $1.ticks }) else { continue }
      firstUnsortedLine = min(firstUnsortedLine ?? .max, unsorted.1.line)
      let order = rows.indices.sorted {
        (rows[$0].ticks, rows[$0].line) < (rows[$1].ticks, rows[$1].line)
      }
      let cells = groups[group].cells
      let width = sources.count
      groups[group].rows = order.map { rows[$0] }
      groups[group].cells = order.flatMap { cells[($0 * width)..<(($0 + 1) * width)] }
    }
    if let firstUnsortedLine {
      notes.append("rows were not in time order (first at line \(firstUnsortedLine)): sorted")
    }
  }

  /// Leaves one row for each time of a series.
  ///
  /// - Throws: If a time stands twice and that is to be refused.
  mutating func resolveDuplicates(
    _ policy: DuplicateRows, _ reader: CSVReader
  ) throws(TableError) {
    var duplicates: [(left: Row, right: Row, id: String?)] = []
    for group in groups {
      for (left, right) in zip(group.rows, group.rows.dropFirst()) where left.ticks == right.ticks {
        duplicates.append((left, right, group.id))
      }
    }
    if duplicates.isEmpty { return }
    guard policy == .refuse else {
      for group in groups.indices { groups[group] = merged(groups[group], policy) }
      let noun = duplicates.count == 1 ? "1 row has" : "\(duplicates.count) rows have"
      let kept =
        policy == .mean
        ? "the mean of their numbers is taken" : "the \(policy.rawValue) is taken"
      notes.append("\(noun) the time of another row of the series: \(kept)")
      return
    }
    duplicates.sort { $0.right.line < $1.right.line }
    let first = duplicates[0]
    var more = PlaceList()
    for (_, right, id) in duplicates.dropFirst() {
      more.add {
        "line \(right.line) (" + (id.map { quotedForMessage($0) + ", " } ?? "")
          + "\(time(right.ticks)))"
      }
    }
    let series = first.id.map { " in series \(quotedForMessage($0))" } ?? ""
    throw TableError(
      file: reader.file, line: first.right.line, column: reader.header[times.columns[0]],
      message: "\(time(first.right.ticks)) stands twice\(series), first at line \(first.left.line)"
        + (more.count > 0 ? "; more that stand twice: \(more.text)" : "")
        + hint(duplicates.map(\.right.ticks), reader))
  }

  /// What to do about rows of one time.
  private func hint(_ ticks: [Int], _ reader: CSVReader) -> String {
    let isHours = style.precision >= .minute && style.offsetForm == .none
    let isClockChange =
      isHours
      && ticks.allSatisfy { ticks in
        let time = time(ticks)
        return CivilDate.weekday(daysSinceEpoch: time.day) == 6
          && time.ticksOfDay < 4 * 3600 * Timestamp.ticksPerSecond
      }
    if isClockChange {
      return "; where clocks were set back, --duplicates mean takes the mean of the two hours"
    }
    if id == nil, reader.header.count > 2 {
      return "; if the file holds several series, --id-column names the column of their ids"
    }
    return "; --duplicates first, last or mean takes one value"
  }

  private func merged(_ group: Group, _ policy: DuplicateRows) -> Group {
    var result = Group(id: group.id)
    let width = sources.count
    var index = 0
    while index < group.rows.count {
      var end = index + 1
      while end < group.rows.count, group.rows[end].ticks == group.rows[index].ticks { end += 1 }
      let kept = policy == .last ? end - 1 : index
      result.rows.append(group.rows[kept])
      for source in 0..<width {
        var cell = group.cells[kept * width + source]
        if policy == .mean, sources[source].isNumber {
          let values = (index..<end).map { group.cells[$0 * width + source] }.filter { !$0.isNaN }
          cell = values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
        }
        result.cells.append(cell)
      }
      index = end
    }
    return result
  }
}

// MARK: - Steps

extension TableRows {
  /// The frequency of all series.
  ///
  /// - Throws: Where there is none, naming a row that does not fit.
  func frequency(_ reader: CSVReader) throws(TableError) -> Frequency {
    let ticks = groups.map { $0.rows.map(\.ticks) }
    guard
      let inferred = FrequencyInference(groups: ticks, areIntegers: style.precision == .integer)
    else {
      throw TableError(
        file: reader.file,
        message: "no series has more than one time: at least two are needed to tell the frequency")
    }
    if inferred.isRegular { return inferred.frequency }
    var misfit: (row: Row, first: Row)?
    for group in groups {
      guard let first = group.rows.first else { continue }
      for row in group.rows
      where inferred.frequency.steps(fromTicks: first.ticks, toTicks: row.ticks) == nil
        && row.line < misfit?.row.line ?? .max
      {
        misfit = (row, first)
      }
    }
    let place = misfit.map {
      "\(time($0.row.ticks)) does not fit times that are mostly \(inferred.frequency) and begin "
        + "with \(time($0.first.ticks)) at line \($0.first.line)"
    }
    throw TableError(
      file: reader.file, line: misfit?.row.line, column: reader.header[times.columns[0]],
      message: place ?? "the times are not regular")
  }

  /// The rows of a group on the grid of a frequency.
  ///
  /// - Returns: For each source a value per step, and for each step its row, or nil in a gap.
  func grid(
    _ group: Group, _ frequency: Frequency, _ reader: CSVReader
  ) throws(TableError) -> (columns: [[Double]], rows: [Int?]) {
    let width = sources.count
    let start = group.rows[0].ticks
    var columns = [[Double]](repeating: [], count: width)
    for source in columns.indices { columns[source].reserveCapacity(group.rows.count) }
    var rows: [Int?] = []
    rows.reserveCapacity(group.rows.count)
    // A date typed wrong must not ask for a grid of millions of steps.
    let longest = 20 * group.rows.count + 10_000
    for (index, row) in group.rows.enumerated() {
      let step = frequency.steps(fromTicks: start, toTicks: row.ticks) ?? rows.count
      let gap = step - rows.count
      if gap > 0 {
        guard step < longest else {
          let previous = group.rows[index - 1]
          throw TableError(
            file: reader.file, line: row.line, column: reader.header[times.columns[0]],
            message: "\(time(row.ticks)) comes \(gap + 1) steps after \(time(previous.ticks)) "
              + "at line \(previous.line), and the times are \(frequency)")
        }
        rows += repeatElement(nil, count: gap)
        for source in columns.indices { columns[source] += repeatElement(.nan, count: gap) }
      }
      rows.append(index)
      for source in 0..<width { columns[source].append(group.cells[index * width + source]) }
    }
    return (columns, rows)
  }
}
