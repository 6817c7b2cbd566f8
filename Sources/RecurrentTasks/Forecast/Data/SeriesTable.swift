import RecurrentFormats

/// One or many series of one frequency, as a table holds them.
public struct SeriesTable: Sendable {
  /// The names of the columns the series were read from.
  public struct Columns: Sendable, Hashable {
    /// nil if the table holds one series and no id.
    public var id: String?
    public var time: String
    public var value: String

    public init(id: String? = nil, time: String = "ds", value: String = "y") {
      self.id = id
      self.time = time
      self.value = value
    }
  }

  /// The file as the user named it.
  public var file: String
  public var columns: Columns
  public var frequency: Frequency
  /// The series, in the order in which they first appear.
  public var series: [TimeSeries]
  /// What the columns beside the values are.
  public var schema = CovariateSchema()
  /// How a forecaster guesses at values that are missing, in ``series`` as everywhere; by default not
  /// at all.
  public var fill = MissingFill.mask
  /// The features of the calendar that a network reads; nil for none.
  public var calendar: CalendarFeatures?
  /// What was done to the data that nobody need worry about, a sentence each.
  public var notes: [String]
  /// What may be wrong with the data, a sentence each, naming the first five places.
  public var warnings: [String]
  /// The file that says what is known of the future, if there is one.
  var futureFile: String?

  public init(
    file: String = "-", columns: Columns = Columns(), frequency: Frequency, series: [TimeSeries],
    notes: [String] = [], warnings: [String] = []
  ) {
    self.file = file
    self.columns = columns
    self.frequency = frequency
    self.series = series
    self.notes = notes
    self.warnings = warnings
  }
}
