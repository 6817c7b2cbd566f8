import ArgumentParser
import Recurrent

/// What a table of series is, and what goes with it.
struct ColumnOptions: ParsableArguments {
  @Option(help: "The column of the series' ids. Default: unique_id or item_id, if there is one.")
  var idColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of times, or several: year,month,day,hour. Default: ds, timestamp, or the one "
        + "that holds times."))
  var timeColumn: String?

  @Option(help: "The column of values. Default: y, target, or the only one that is left.")
  var valueColumn: String?

  @Flag(help: "Take each column as a series, beside the one of times.")
  var wide = false

  @Flag(help: "Take each row as a series: its id, then its values, oldest first.")
  var rows = false

  @Option(help: "How times are written, in --holidays too, as %d/%m/%Y. Default: found out.")
  var dateFormat: String?

  @Option(
    help: ArgumentHelp(
      "Where values are missing: mask learns nothing from them, none refuses the table, zero says "
        + "that they were zeros; ffill and interpolate guess, by what is known before a forecast, "
        + "and guesses are not scored.",
      valueName: "how"))
  var fill = MissingFill.mask

  @Option(
    help: ArgumentHelp(
      "Which value counts where a series has a time twice, in --future too.", valueName: "which"))
  var duplicates = DuplicateRows.refuse

  @Option(
    help: ArgumentHelp(
      "Columns known in the future too, repeatable or with commas.", valueName: "columns"))
  var known: [String] = []

  @Option(
    help: ArgumentHelp("Columns known only in the past, likewise.", valueName: "columns"))
  var past: [String] = []

  @Option(
    help: ArgumentHelp(
      "The known columns of the steps to forecast, CSV; lstm future writes what it has to hold.",
      valueName: "file"))
  var future: String?

  @Option(
    name: .customLong("static"),
    help: ArgumentHelp("A row for each series of what never changes, CSV.", valueName: "file"))
  var statics: String?

  @Option(
    help: ArgumentHelp(
      "What is read of the calendar: auto (what the seasons do not say), none, or of "
        + "\(CalendarFeatures.Part.allCases.map(\.rawValue).joined(separator: ",")). Default: auto.",
      valueName: "parts"))
  var calendar: String?

  @Option(
    help: ArgumentHelp(
      "Days that are not like others, CSV: a column ds or date, and perhaps one of names.",
      valueName: "file"))
  var holidays: String?

  func validate() throws {
    if let calendar, CalendarChoice(calendar) == nil {
      let parts = CalendarFeatures.Part.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError(
        "--calendar is auto, none, or some of \(parts) with commas between them, "
          + "found \"\(calendar)\"")
    }
    if let dateFormat, TimePattern(dateFormat) == nil {
      throw ValidationError(
        "--date-format has a year and, as far as there are, month, day, hour and minute, as "
          + "%d/%m/%Y %H:%M, found \"\(dateFormat)\"")
    }
    if wide, idColumn != nil || valueColumn != nil {
      throw ValidationError("--wide has no columns of ids and values to be named")
    }
    if rows, wide || timeColumn != nil || valueColumn != nil {
      throw ValidationError("--rows has no columns of times and values to be named")
    }
  }

  private func names(_ texts: [String]) -> [String] {
    texts.flatMap { $0.split(separator: ",").map(String.init) }
  }

  /// What is read beside the table.
  var read: [String] { [future, statics, holidays].compactMap { $0 } }

  /// Reads the table and says what there is to say about it.
  ///
  /// - Parameters:
  ///   - schema: The columns beside the values that a model reads; nil: those that are named.
  ///   - calendar: The calendar features of a model; nil: those that are wanted.
  ///   - horizon: The steps whose known values have to be there.
  func table(
    _ path: String, _ console: Console, schema: CovariateSchema? = nil,
    calendar: CalendarFeatures? = nil, horizon: Int = 0
  ) throws -> SeriesTable {
    let table = try SeriesTable(
      parsing: readFile(path), file: path, options: options(schema, calendar))
    // Of a table that is refused, the reason is all there is to say.
    let usable = try table.forecastable(minimum: ForecastConfiguration.minimumHistory)
    try table.requireTimes(horizon: horizon, of: usable)
    try table.requireKnown(horizon: horizon, of: usable)
    for note in table.notes { console.note(note) }
    for warning in table.warnings { console.warn(warning) }
    return table
  }

  /// What a model was trained to read, it says itself.
  private func refuseWhatModelsDecide() throws {
    for (name, isGiven) in [
      ("--known", !known.isEmpty), ("--past", !past.isEmpty), ("--calendar", calendar != nil),
    ] where isGiven {
      throw ValidationError("\(name) says what a model is trained to read; a kept model knows that")
    }
  }

  /// Reads the table by what a model reads of one.
  func table(
    _ path: String, _ console: Console, for model: Forecaster, horizon: Int = 0
  ) throws -> SeriesTable {
    try refuseWhatModelsDecide()
    let covariates = model.configuration.covariates
    var exactly = self
    if covariates.calendar == nil { exactly.calendar = "none" }
    return try exactly.table(
      path, console, schema: covariates.schema, calendar: covariates.calendar, horizon: horizon)
  }

  private func options(
    _ schema: CovariateSchema?, _ modelCalendar: CalendarFeatures?
  ) throws -> SeriesTable.Options {
    var options = SeriesTable.Options(
      columns: SeriesColumns(id: idColumn, time: timeColumn, value: valueColumn))
    options.isWide = wide
    options.isByRows = rows
    options.known = names(known)
    options.past = names(past)
    options.future = try future.map(file)
    options.statics = try statics.map(file)
    options.schema = schema
    options.calendar = calendar.map { CalendarChoice($0) ?? .none } ?? .auto
    options.holidays = try holidays.map(file)
    options.modelCalendar = modelCalendar
    options.timePattern = dateFormat.flatMap(TimePattern.init)
    options.fill = fill
    options.duplicates = duplicates
    return options
  }

  private func file(_ path: String) throws -> TableFile {
    TableFile(name: path, bytes: try readFile(path))
  }
}

extension MissingFill: ExpressibleByArgument {}
extension DuplicateRows: ExpressibleByArgument {}
