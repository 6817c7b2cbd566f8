import RecurrentFormats

extension CovariateSchema {
  /// Finds out what some columns of a file hold: numbers where every field is one, or else texts.
  ///
  /// - Parameter reader: stands on the first row.
  static func columns(
    _ wanted: [(name: String, role: Covariate.Role, column: Int)], in reader: CSVReader
  ) throws(TableError) -> [Covariate] {
    if wanted.isEmpty { return [] }
    var reader = reader
    var kinds = wanted.map { _ in ColumnKind() }
    repeat {
      for (place, one) in wanted.enumerated() {
        kinds[place].take(reader, one.column)
        if kinds[place].levels.count > Covariate.levelLimit, !kinds[place].areNumbers {
          throw reader.error(
            column: one.column,
            "more than \(Covariate.levelLimit) different texts are no category; leave the column out"
          )
        }
      }
    } while try reader.nextRow()
    return zip(wanted, kinds).map { one, kind in
      Covariate(name: one.name, role: one.role, kind: kind.kind)
    }
  }
}

/// What the fields of a column are, as far as they were read.
private struct ColumnKind {
  private(set) var areNumbers = true
  private(set) var levels: Set<String> = []
  private var hasBlanks = false

  mutating func take(_ reader: CSVReader, _ column: Int) {
    if areNumbers, !reader.isNumber(at: column) { areNumbers = false }
    if reader.isMissing(at: column) {
      hasBlanks = true
    } else if !areNumbers || levels.count <= Covariate.levelLimit {
      // A number too may turn out to be one of several texts.
      levels.insert(reader.trimmedText(at: column))
    }
  }

  var kind: Covariate.Kind {
    areNumbers ? .number : .category(levels: levels.sorted(), mayBeBlank: hasBlanks)
  }
}

/// How the fields of one column become numbers.
struct CellSource: Sendable {
  let column: Int
  /// The codes of a category's levels; nil for numbers.
  private let codes: [String: Double]?
  private let blank: Double

  /// A column of numbers.
  init(numbers column: Int) {
    self.column = column
    codes = nil
    blank = .nan
  }

  init(_ covariate: Covariate, at column: Int) {
    self.column = column
    switch covariate.kind {
    case .number:
      codes = nil
      blank = .nan
    case .category(let levels, let mayBeBlank):
      codes = Dictionary(uniqueKeysWithValues: zip(levels, levels.indices.map(Double.init)))
      blank = mayBeBlank ? Covariate.noLevel : .nan
    }
  }

  /// The current row's field as a number or a code.
  ///
  /// - Parameter unseen: takes a text that is no level.
  func value(
    _ reader: inout CSVReader, _ unseen: inout UnseenLevels
  ) throws(TableError) -> Double {
    guard let codes else { return try reader.number(at: column) }
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
