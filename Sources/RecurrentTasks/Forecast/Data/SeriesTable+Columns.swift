import RecurrentFormats

/// Which columns of a file hold what.
public struct SeriesColumns: Sendable, Hashable {
  /// The column of the series' ids; nil: `unique_id` if there is one, otherwise one series.
  public var id: String?
  /// The column of times; nil: `ds`.
  public var time: String?
  /// The column of values; nil: `y`.
  public var value: String?

  public init(id: String? = nil, time: String? = nil, value: String? = nil) {
    self.id = id
    self.time = time
    self.value = value
  }
}

/// The positions of the columns in a file, and how they were found.
struct ColumnPositions {
  var id: Int?
  var time: Int
  var value: Int
  var note: String?

  /// Finds the columns by name.
  ///
  /// Where nothing is said and the default names are absent, a file of exactly two columns explains
  /// itself if one of them is a time.
  ///
  /// - Parameter reader: stands on the first row.
  init(_ names: SeriesColumns, in reader: CSVReader) throws(TableError) {
    let header = reader.header
    let missing = { (name: String, role: String) in
      TableError(
        file: reader.file, line: reader.headerLine,
        message: "no column \(quotedForMessage(name)) for the \(role); " + Self.listing(header))
    }

    if let name = names.id {
      guard let found = header.firstIndex(of: name) else { throw missing(name, "series ids") }
      id = found
    } else {
      id = header.firstIndex(of: "unique_id")
    }
    var time = header.firstIndex(of: names.time ?? "ds")
    var value = header.firstIndex(of: names.value ?? "y")
    if time == nil, let name = names.time { throw missing(name, "times") }
    if value == nil, let name = names.value { throw missing(name, "values") }

    if header.count == 2, id == nil, time == nil, value == nil,
      let dated = Self.timeColumn(in: reader)
    {
      (time, value) = (dated, 1 - dated)
      note =
        "times are read from column \(quotedForMessage(header[dated])), "
        + "values from column \(quotedForMessage(header[1 - dated]))"
    }
    guard let time else { throw missing("ds", "times") }
    guard let value else { throw missing("y", "values") }
    self.time = time
    self.value = value

    let roles = [("series ids", id), ("times", time), ("values", value)]
    for (index, role) in roles.enumerated() {
      for other in roles[..<index] where other.1 == role.1 && role.1 != nil {
        throw TableError(
          file: reader.file, line: reader.headerLine, column: header[role.1 ?? 0],
          message: "cannot hold both the \(other.0) and the \(role.0)")
      }
    }
  }

  /// The first column whose first value is a calendar time, or else an integer.
  private static func timeColumn(in reader: CSVReader) -> Int? {
    let times = reader.header.indices.map { column in
      (column, Timestamp(parsing: reader.bytes, in: reader.trimmedRange(at: column)))
    }
    let dated = times.first { $0.1.map { !$0.isInteger } ?? false }
    return (dated ?? times.first { $0.1 != nil })?.0
  }

  private static func listing(_ header: [String]) -> String {
    if header.count == 1, let separator = [";", "\t"].first(where: header[0].contains) {
      let name = separator == ";" ? "semicolons" : "tabs"
      return "the file seems to be separated by \(name), commas are expected"
    }
    let names = header.prefix(20).map(quotedForMessage).joined(separator: ", ")
    return "the columns are \(names)" + (header.count > 20 ? " and \(header.count - 20) more" : "")
  }
}
