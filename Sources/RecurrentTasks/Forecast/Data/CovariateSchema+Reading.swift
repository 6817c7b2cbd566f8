import RecurrentFormats

extension CovariateSchema {
  /// Finds out what some columns of a file hold: numbers where every field is one, or else texts.
  ///
  /// - Parameter reader: stands on the first row.
  static func columns(
    _ wanted: [(name: String, role: Covariate.Role, column: Int)], in reader: CSVReader
  ) throws(TableError) -> [Covariate] {
    var texts = Set(wanted.indices)
    var rows = reader
    var areNumbers = wanted.map { _ in true }
    // A column of texts may begin with numbers, so that its levels are found in a second pass.
    while texts.contains(where: { areNumbers[$0] }) {
      for place in texts where areNumbers[place] {
        areNumbers[place] = rows.isNumber(at: wanted[place].column)
      }
      guard try rows.nextRow() else { break }
    }
    texts = texts.filter { !areNumbers[$0] }
    var levels = wanted.map { _ in Levels() }
    rows = reader
    while !texts.isEmpty {
      for place in texts {
        let column = wanted[place].column
        levels[place].take(rows, column)
        if levels[place].texts.count > Covariate.levelLimit {
          throw rows.error(
            column: column,
            "more than \(Covariate.levelLimit) different texts are no category; leave the column "
              + "out")
        }
      }
      guard try rows.nextRow() else { break }
    }
    return wanted.indices.map { place in
      Covariate(
        name: wanted[place].name, role: wanted[place].role,
        kind: areNumbers[place] ? .number : levels[place].kind)
    }
  }
}

/// The texts of a column.
private struct Levels {
  private(set) var texts: Set<String> = []
  private var hasBlanks = false
  /// Neighbours are often the same.
  private var last: [UInt8]?

  mutating func take(_ reader: CSVReader, _ column: Int) {
    if let last, reader.field(at: column, equals: last) { return }
    last = reader.rawBytes(at: column)
    if reader.isMissing(at: column) {
      hasBlanks = true
    } else {
      texts.insert(reader.trimmedText(at: column))
    }
  }

  var kind: Covariate.Kind { .category(levels: texts.sorted(), mayBeBlank: hasBlanks) }
}

/// How the fields of one column become numbers.
struct CellSource: Sendable {
  let column: Int
  /// The codes of a category's levels; nil for numbers.
  private let codes: [String: Double]?
  private let blank: Double
  /// The largest magnitude of a number.
  private let limit: Double

  /// A column of numbers.
  init(numbers column: Int) {
    self.column = column
    codes = nil
    blank = .nan
    limit = .greatestFiniteMagnitude
  }

  /// A covariate: what a network reads is no larger than a `Float` can be.
  init(_ covariate: Covariate, at column: Int) {
    self.column = column
    limit = Double(Float.greatestFiniteMagnitude)
    switch covariate.kind {
    case .number:
      codes = nil
      blank = .nan
    case .category(let levels, let mayBeBlank):
      codes = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices.map(Double.init)))
      blank = mayBeBlank ? Covariate.noLevel : .nan
    }
  }

  /// Whether its fields are numbers, of which there is a mean.
  var isNumber: Bool { codes == nil }

  /// The current row's field as a number or a code.
  ///
  /// - Parameter unseen: takes a text that is no level.
  func value(
    _ reader: inout CSVReader, _ unseen: inout UnseenLevels
  ) throws(TableError) -> Double {
    guard let codes else {
      let number = try reader.number(at: column)
      guard !(number.magnitude > limit) else {
        throw reader.error(
          column: column,
          "\(quotedForMessage(reader.trimmedText(at: column))) is too large: numbers beside the "
            + "values are at most 3.4e38")
      }
      return number
    }
    if reader.isMissing(at: column) { return blank }
    let text = reader.trimmedText(at: column)
    if let code = codes[text] { return code }
    unseen.add(text, column: reader.header[column], line: reader.line)
    return Covariate.noLevel
  }
}

/// Texts that a category does not have, for a warning.
struct UnseenLevels {
  private var order: [String] = []
  private var places: [String: PlaceList] = [:]

  mutating func add(_ text: String, column: String, line: Int) {
    if places[column] == nil { order.append(column) }
    places[column, default: PlaceList()].add { "\(quotedForMessage(text)) at line \(line)" }
  }

  func warnings(_ file: String) -> [String] {
    order.map { column in
      "\(wordForMessage(file)): column \(quotedForMessage(column)) has texts that are new, and count "
        + "as none: \(places[column]?.text ?? "")"
    }
  }
}
