import RecurrentFormats

/// Which columns of a file hold what.
public struct SeriesColumns: Sendable, Hashable {
  /// The column of the series' ids; nil: `unique_id` or `item_id` if there is one, otherwise one
  /// series.
  public var id: String?
  /// The column of times, or several with commas between them: year, month, day, hour, minute; nil:
  /// `ds` or `timestamp`, or the one that holds times.
  public var time: String?
  /// The column of values; nil: `y` or `target`, or the one that is left.
  public var value: String?

  public init(id: String? = nil, time: String? = nil, value: String? = nil) {
    self.id = id
    self.time = time
    self.value = value
  }
}

/// The positions of the columns in a file, and how they were found.
struct ColumnPositions {
  private(set) var id: Int?
  /// The column of times, or those of year, month, day, …
  private(set) var times: [Int] = []
  /// The column of values, or one for each series.
  private(set) var values: [Int] = []
  /// The columns wanted beside these, in the order in which they were named.
  private(set) var covariates: [Int] = []
  private(set) var notes: [String] = []

  /// What the values of a table are.
  enum Values { case one, all, none }

  private let reader: CSVReader
  private var header: [String] { reader.header }

  /// Finds the columns by name; where nothing is said and the usual names are absent, by what they
  /// hold, if that leaves no choice.
  ///
  /// - Parameters:
  ///   - covariates: further columns that have to be there, and the options that named them.
  ///   - reader: stands on the first row.
  init(
    _ names: SeriesColumns, values: Values,
    covariates wanted: [(name: String, option: String)] = [],
    in reader: CSVReader
  ) throws(TableError) {
    self.reader = reader
    try requireHeader()
    for (name, option) in wanted {
      guard let found = header.firstIndex(of: name) else { throw missing(name, "\(option)") }
      covariates.append(found)
    }
    if values != .all { id = try column(names.id, ["unique_id", "item_id"], "series ids") }
    if let name = names.time { times = try timeColumns(name) }
    if values == .one, let value = try column(names.value, ["y", "target"], "values") {
      self.values = [value]
    }
    if times.isEmpty { times = try foundTimes(isWide: values == .all) }
    switch values {
    case .one: if self.values.isEmpty { self.values = [try foundValue()] }
    case .all:
      self.values = open
      if self.values.isEmpty {
        throw error("no column is left for a series; " + listing)
      }
    case .none: break
    }
    try refuseTwoRoles(wanted.map(\.name))
  }

  /// A first line of nothing but times and numbers is a row.
  private func requireHeader() throws(TableError) {
    let isRow = header.allSatisfy { name in
      !name.isEmpty && (Double(name) != nil || Timestamp(name) != nil)
    }
    if isRow {
      throw error(
        "the first line holds values, such as \(quotedForMessage(header[0])); a line of names, such "
          + "as ds,y, is expected above the rows")
    }
    // With an id before them, one time and a number or more.
    let dates = header.indices.filter { isDate(header[$0]) && precision($0) != nil }
    let hasNumber = header.indices.contains { Double(header[$0]) != nil && reader.isNumber(at: $0) }
    if dates.count == 1, hasNumber {
      throw error(
        "the first line holds values, such as \(quotedForMessage(header[dates[0]])); a line of names, "
          + "such as unique_id,ds,y, is expected above the rows")
    }
  }

  private func isDate(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    if let time = Timestamp(parsing: bytes, in: bytes.indices) {
      return time.style.precision >= .month
    }
    return TimePattern.Detector(first: bytes, in: bytes.indices) != nil
  }

  // MARK: Named columns

  private func column(
    _ name: String?, _ usual: [String], _ role: String
  ) throws(TableError) -> Int? {
    guard let name else { return usual.lazy.compactMap { header.firstIndex(of: $0) }.first }
    guard let found = header.firstIndex(of: name) else { throw missing(name, "the \(role)") }
    return found
  }

  /// One column, or the parts of a time in several.
  private func timeColumns(_ name: String) throws(TableError) -> [Int] {
    if let found = header.firstIndex(of: name) { return [found] }
    let parts = name.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    var columns: [Int] = []
    for part in parts {
      guard let found = header.firstIndex(of: part) else { throw missing(part, "the times") }
      columns.append(found)
    }
    guard (2...6).contains(columns.count) else { throw missing(name, "the times") }
    return columns
  }

  // MARK: Columns by what they hold

  /// The columns that have no role yet; a first column without a name that counts the rows has none.
  private var open: [Int] {
    let taken = Set([id].compactMap { $0 } + times + values + covariates)
    return header.indices.filter { !taken.contains($0) && !($0 == 0 && isIndex && times != [0]) }
  }

  /// Whether the first column is the index that a data frame was written with.
  private var isIndex: Bool {
    guard let name = header.first, name.isEmpty || name.hasPrefix("Unnamed:"), header.count > 2
    else { return false }
    return ["0", "1"].contains(reader.trimmedText(at: 0))
  }

  private mutating func foundTimes(isWide: Bool) throws(TableError) -> [Int] {
    if let usual = try column(nil, ["ds", "timestamp"], "times") { return [usual] }
    let candidates = open.compactMap { column in
      precision(column).map { (column: column, precision: $0) }
    }
    let dated = candidates.filter { $0.precision > .year }
    let parts = dateParts
    if dated.isEmpty, parts.count > 1 {
      for part in parts { note("times", part) }
      return parts
    }
    let called = candidates.filter { Self.timeNames.contains(header[$0.column].lowercased()) }
    let years = candidates.filter { $0.precision == .year }
    let only = [dated, called, years].first { $0.count == 1 }?[0].column
    // Where one column is left, it is the times, if it can be; of two columns the first that can, of
    // a wide table the first of all.
    let isClear = open.count == 1 || (header.count == 2 && !isWide)
    let first = (dated + years + candidates).first {
      isClear || (isWide && $0.column == open.first)
    }?
    .column
    guard let found = dated.count > 1 ? called.count == 1 ? only : nil : only ?? first else {
      throw error(
        "no column \"ds\" for the times (--time-column names another\(rowsHint)); " + listing)
    }
    note("times", found)
    return [found]
  }

  /// The columns of year, month, day, … as far as each has one.
  private var dateParts: [Int] {
    let names = header.map { $0.lowercased() }
    var parts: [Int] = []
    for part in ["year", "month", "day", "hour", "minute", "second"] {
      guard let column = names.firstIndex(of: part), open.contains(column) else { break }
      parts.append(column)
    }
    return parts
  }

  private mutating func foundValue() throws(TableError) -> Int {
    let open = open
    let candidates = open.filter { reader.isNumber(at: $0) }
    guard candidates.count == 1 else {
      throw error(
        "no column \"y\" for the values (--value-column names another"
          + (candidates.count > 1 ? ", --wide takes each as a series" : "") + "); " + listing)
    }
    note("values", candidates[0])
    return candidates[0]
  }

  private static let timeNames: Set = [
    "date", "datetime", "date_time", "time", "timestamp", "day", "week", "month", "quarter", "year",
    "period", "step", "t",
  ]

  /// What the field of the first row is as a time; nil if it is none.
  private func precision(_ column: Int) -> Timestamp.Style.Precision? {
    let range = reader.trimmedRange(at: column)
    if let time = Timestamp(parsing: reader.bytes, in: range) { return time.style.precision }
    return TimePattern.Detector(first: reader.bytes, in: range)?.likely.precision
  }

  // MARK: Messages

  private mutating func note(_ role: String, _ column: Int) {
    let name = quotedForMessage(header[column])
    guard let last = notes.popLast() else {
      return notes.append("\(role) are read from column \(name)")
    }
    notes.append(last + (last.hasPrefix(role) ? ", \(name)" : ", \(role) from column \(name)"))
  }

  private func refuseTwoRoles(_ covariateNames: [String]) throws(TableError) {
    let roles =
      [("series ids", id)] + times.map { ("times", $0) } + values.map { ("values", $0) }
      + covariates.map { ("covariates", $0) }
    var taken: [Int: String] = [:]
    for (role, column) in roles {
      guard let column else { continue }
      guard let other = taken[column] else {
        taken[column] = role
        continue
      }
      throw TableError(
        file: reader.file, line: reader.headerLine, column: header[column],
        message: other == role
          ? "is named twice for the \(role)" : "cannot hold both the \(other) and the \(role)")
    }
  }

  /// - Parameter use: what the column was wanted for.
  private func missing(_ name: String, _ use: String) -> TableError {
    error("no column \(quotedForMessage(name)) for \(use); " + listing)
  }

  private func error(_ message: String) -> TableError {
    TableError(file: reader.file, line: reader.headerLine, message: message)
  }

  /// A text and then nothing but numbers may be a series.
  private var rowsHint: String {
    let isSeries =
      header.count > 3 && !reader.isNumber(at: 0)
      && header.indices.dropFirst().allSatisfy(reader.isNumber)
    return isSeries ? ", --rows takes each row as a series" : ""
  }

  private var listing: String {
    let names = header.prefix(20).map(quotedForMessage).joined(separator: ", ")
    return "the columns are \(names)"
      + (header.count > 20 ? " and \(header.count - 20) more" : "")
  }
}
