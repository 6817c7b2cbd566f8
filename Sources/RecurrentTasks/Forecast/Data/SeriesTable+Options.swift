extension SeriesTable {
  /// How a table is read.
  public struct Options: Sendable {
    public var columns: SeriesColumns
    /// Whether each column is a series of its own, instead of one of ids saying what a row is of.
    public var isWide = false
    /// Whether each row is a series of its own: its id, then its values, oldest first.
    public var isByRows = false
    /// Columns whose values are known in the future too, such as prices or weather forecasts.
    public var known: [String] = []
    /// Columns known only in the past.
    public var past: [String] = []
    /// The known columns of the steps that follow the table.
    public var future: TableFile?
    /// A row for each series with what never changes about it.
    public var statics: TableFile?
    /// What the columns beside the values are; nil: what the table shows. A model's own, where the
    /// table is for that model.
    public var schema: CovariateSchema?
    /// Which features of the calendar a network reads.
    public var calendar = CalendarChoice.none
    /// Days that are not like others.
    public var holidays: TableFile?
    /// The calendar features of a model, where the table is for that model.
    public var modelCalendar: CalendarFeatures?
    /// How times are written; nil: found out.
    public var timePattern: TimePattern?
    public var fill = MissingFill.mask
    public var duplicates = DuplicateRows.refuse

    public init(columns: SeriesColumns = SeriesColumns()) { self.columns = columns }
  }
}

/// The bytes of a table and the name it has in errors.
public struct TableFile: Sendable {
  public var name: String
  public var bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// What is done where a series has no value.
public enum MissingFill: String, Sendable, CaseIterable {
  /// The table is refused.
  case none
  /// It was a zero, as sales of which there is no row: that is learnt, and scored.
  case zero
  /// A guess: the last value before it; before the first value it stays missing. Statistics are fitted
  /// to it as if it were a value; networks read it, but it is no target of theirs, and it is never
  /// scored.
  case ffill
  /// A guess, likewise: a straight line between its neighbours, and the nearest value before the first
  /// and after the last. Who forecasts from within a gap has no value behind it, and sees the last one
  /// before it.
  case interpolate
  /// It stays missing: nothing is learnt from it, and nothing is scored.
  case mask
}

/// What is done where a time stands twice in a series.
public enum DuplicateRows: String, Sendable, CaseIterable {
  /// The table is refused.
  case refuse
  case first, last, mean
}
