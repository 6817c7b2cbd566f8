import RecurrentFormats

/// Days that are not like others, by name.
public struct Holidays: Sendable, Hashable {
  /// The names of the features, one for each kind of holiday.
  public let names: [String]
  /// For each name its days from 1970-01-01, ascending.
  private let days: [[Int]]

  /// The most kinds of holidays: each is a feature.
  static let nameLimit = 100

  /// The last day of all.
  var lastDay: Int? { days.compactMap(\.last).max() }

  /// For each name how many of its days lie in a span of time.
  ///
  /// A span shorter than a day counts the day it lies in.
  func values(from start: Int, to end: Int) -> [Float] {
    let first = floorDivide(start, Timestamp.ticksPerDay)
    let last = max(first + 1, floorDivide(end, Timestamp.ticksPerDay))
    return days.map { days in
      Float(lowerBound(last, in: days) - lowerBound(first, in: days))
    }
  }

  /// How many of the ascending numbers lie below one.
  private func lowerBound(_ number: Int, in numbers: [Int]) -> Int {
    var range = 0..<numbers.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range =
        numbers[middle] < number ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }
}

extension Holidays {
  /// Reads a CSV with a column of days, `ds` or `date`, and perhaps one of names: `holiday`, `name`
  /// or `event`.
  ///
  /// - Parameters:
  ///   - known: The names a model knows; others are left out.
  ///   - patterns: How days may be written, the likeliest first: the first that reads them all is
  ///     taken. Where none does it is found out.
  init(
    parsing file: TableFile, names known: [String]? = nil, patterns: [TimePattern] = []
  ) throws(TableError) {
    var reader = try CSVReader(file.bytes, file: file.name)
    guard try reader.nextRow() else {
      throw TableError(
        file: file.name, line: reader.headerLine, message: "no rows below the header")
    }
    let header = reader.header.map { $0.lowercased() }
    let date = ["ds", "date"].lazy.compactMap { header.firstIndex(of: $0) }.first
    guard let date = date ?? (header.count == 1 ? 0 : nil) else {
      throw TableError(
        file: file.name, line: reader.headerLine,
        message: "no column \"ds\" or \"date\" for the days")
    }
    let name = ["holiday", "name", "event"].lazy.compactMap { header.firstIndex(of: $0) }.first
    var given: TimePattern?
    for pattern in patterns where given == nil {
      if try pattern.readsAll(of: date, in: reader) { given = pattern }
    }
    let times = try TimeSource([date], given: given, in: reader)
    var found: [String: Set<Int>] = [:]
    repeat {
      guard let time = times.time(reader), time.style.precision >= .date else {
        throw reader.error(
          column: date, "\(quotedForMessage(times.text(reader))) is not a day, such as 2024-12-25")
      }
      let text = name.map { reader.trimmedText(at: $0) } ?? ""
      found[text.isEmpty ? "holiday" : text, default: []].insert(time.day)
      guard known != nil || found.count <= Self.nameLimit else {
        throw reader.error(
          column: name, "more than \(Self.nameLimit) different names of holidays")
      }
    } while try reader.nextRow()
    names = known ?? found.keys.sorted()
    days = names.map { (found[$0] ?? []).sorted() }
  }
}

extension TimePattern {
  /// Whether every field of a column is of this pattern, from the current row on.
  fileprivate func readsAll(of column: Int, in reader: CSVReader) throws(TableError) -> Bool {
    var reader = reader
    repeat {
      if match(reader.bytes, in: reader.trimmedRange(at: column)) == nil { return false }
    } while try reader.nextRow()
    return true
  }

  /// The pattern of the day alone, where the time of day stands behind it; nil where it does not.
  fileprivate var day: TimePattern? {
    guard precision > .date,
      let end = ["%H", "%-H", "%I", "%-I"].compactMap({ text.firstRange(of: $0)?.lowerBound }).min()
    else { return nil }
    return TimePattern(String(text[..<end].reversed().drop { " T,".contains($0) }.reversed()))
  }
}

extension SeriesTable {
  /// How the days of a file that goes with this table may be written, as they do not say themselves.
  func dayPatterns(_ given: TimePattern?) -> [TimePattern] {
    [given, series.first?.start.style.pattern].compactMap { $0 }.flatMap { pattern in
      [pattern, pattern.day].compactMap { $0 }
    }
  }
}

// MARK: - JSON

extension Holidays {
  /// The days of each name, as `{"Christmas": ["2023-12-25", "2024-12-25"]}`.
  public var json: JSONObject {
    var object = JSONObject()
    for (name, days) in zip(names, days) {
      object[name] = .array(
        days.map { day in
          let time = Timestamp(ticks: day * Timestamp.ticksPerDay, style: Timestamp.Style(.date))
          return .string("\(time)")
        })
    }
    return object
  }

  /// Nil where the document is not that of holidays.
  public init?(json: JSONValue) {
    guard let members = json.object?.members, members.count <= Self.nameLimit else { return nil }
    var days: [[Int]] = []
    for (_, value) in members {
      guard let texts = value.array else { return nil }
      let times = texts.compactMap { $0.string.flatMap { Timestamp($0) } }
      guard times.count == texts.count, times.allSatisfy({ $0.style.precision == .date })
      else { return nil }
      days.append(times.map(\.day).sorted())
    }
    names = members.map(\.key)
    self.days = days
  }
}
