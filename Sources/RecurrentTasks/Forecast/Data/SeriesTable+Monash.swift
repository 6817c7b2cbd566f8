import RecurrentFormats

extension SeriesTable {
  /// The series of a Monash file: ids are its `series_name`, times begin at its `start_timestamp`.
  init(_ monash: MonashFile, _ options: Options) throws(TableError) {
    guard options.known.isEmpty, options.past.isEmpty else {
      throw monash.error(nil, "a .tsf file has no columns beside the values")
    }
    guard options.columns == SeriesColumns(), !options.isWide, !options.isByRows else {
      throw monash.error(nil, "a .tsf file has a series in each line, and no columns to be named")
    }
    guard options.timePattern == nil else {
      throw monash.error(
        nil, "--date-format says nothing of a .tsf file, whose times are 2001-01-31 00-00-00")
    }
    let names = monash.attributes.map(\.name)
    let name =
      names.firstIndex(of: "series_name") ?? monash.attributes.firstIndex { $0.type == "string" }
    let start =
      names.firstIndex(of: "start_timestamp") ?? monash.attributes.firstIndex { $0.type == "date" }
    let step = try Self.step(monash)
    let isDated = start != nil && step.unit != .step

    var starts: [Timestamp] = []
    for line in monash.lines {
      guard isDated, let start else {
        starts.append(Timestamp(ticks: 1, style: Timestamp.Style(.integer)))
        continue
      }
      let text = line.attributes[start]
      guard let time = Self.time(text, every: step) else {
        throw monash.error(
          line.number, "\(quotedForMessage(text)) is not a time, such as 2001-01-31 00-00-00")
      }
      starts.append(time)
    }
    let frequency = isDated ? Self.placed(step, &starts) : Frequency(.step)

    var places = MissingPlaces()
    var series: [TimeSeries] = []
    var lines: [String: Int] = [:]
    for (line, start) in zip(monash.lines, starts) {
      let id = name.map { line.attributes[$0] } ?? "T\(series.count + 1)"
      if let first = lines.updateValue(line.number, forKey: id) {
        throw monash.error(
          line.number, "a second series \(quotedForMessage(id)), the first is at line \(first)")
      }
      let one = TimeSeries(id: id, start: start, frequency: frequency, values: line.values)
      for step in one.values.indices where one.values[step].isNaN {
        places.missingValue(in: id, at: one.time(at: step), line: line.number)
      }
      if one.values.last?.isNaN == true { places.missingEnd(of: id) }
      series.append(one.filledByFact(options.fill))
    }
    if options.fill == .none { try places.refuse(monash.file) }

    var notes: [String] = []
    if start != nil, !isDated {
      notes.append("without a line \"@frequency\" values are counted from 1, whatever their times")
    }
    if let horizon = monash.horizon { notes.append("the file's own horizon is \(horizon)") }
    let others = names.indices.filter { $0 != name && $0 != start }.map { names[$0] }
    if !others.isEmpty {
      notes.append(
        "attributes that are not read: " + others.map(wordForMessage).joined(separator: ", "))
    }
    self.init(
      file: monash.file, columns: Columns(id: "unique_id"), frequency: frequency, series: series,
      notes: notes, warnings: places.warnings(options.fill))
  }

  /// `10_minutes`, `half_hourly`, `weekly`, …; integers where nothing is said.
  private static func step(_ monash: MonashFile) throws(TableError) -> Frequency {
    guard let text = monash.frequency else { return Frequency(.step) }
    switch text {
    case "yearly": return Frequency(.month, count: 12)
    case "quarterly": return Frequency(.month, count: 3)
    case "monthly": return Frequency(.month)
    case "weekly": return Frequency(.week)
    case "daily": return Frequency(.day)
    case "hourly": return Frequency(.hour)
    case "half_hourly": return Frequency(.minute, count: 30)
    case "minutely": return Frequency(.minute)
    case "secondly": return Frequency(.second)
    default: break
    }
    let parts = text.split(separator: "_")
    let units: [Substring: Frequency.Unit] = [
      "second": .second, "minute": .minute, "hour": .hour, "day": .day, "week": .week,
      "month": .month,
    ]
    if parts.count == 2, let count = Int(parts[0]), 1...100_000 ~= count,
      let unit = units[parts[1].hasSuffix("s") ? parts[1].dropLast() : parts[1]]
    {
      return Frequency(unit, count: count)
    }
    throw monash.error(nil, "no frequency is known as \(quotedForMessage(text))")
  }

  /// `2001-01-31 00-00-00`, or the same as ISO 8601 has it.
  private static func time(_ text: String, every step: Frequency) -> Timestamp? {
    let parts = text.split(separator: " ", maxSplits: 1)
    var iso = text
    if parts.count == 2 {
      iso = "\(parts[0]) " + String(parts[1].map { $0 == "-" ? ":" : $0 })
    }
    guard var time = Timestamp(iso), time.style.precision >= .date else { return nil }
    // A step may lead away from midnight or from a whole minute, wherever a series begins.
    let next = step.advanced(ticks: 0, by: 1)
    let minute = 60 * Timestamp.ticksPerSecond
    let isFine = next % Timestamp.ticksPerDay != 0
    let hasSeconds = time.ticksOfDay % minute != 0 || next % minute != 0
    time.style = Timestamp.Style(!isFine ? .date : hasSeconds ? .second : .minute)
    time.style.separator = UInt8(ascii: " ")
    return time
  }

  /// The frequency on the day of the month that the series begin on; where they begin on different
  /// ones, months count from the first.
  private static func placed(_ step: Frequency, _ starts: inout [Timestamp]) -> Frequency {
    guard step.unit == .month else { return step }
    let days = Set(starts.map { $0.date.isLastOfMonth ? 31 : $0.date.day })
    if days.count == 1, let day = days.first {
      return Frequency(.month, count: step.count, dayOfMonth: day)
    }
    for index in starts.indices {
      let date = starts[index].date
      starts[index].ticks =
        CivilDate(year: date.year, month: date.month, day: 1).daysSinceEpoch * Timestamp.ticksPerDay
    }
    return step
  }
}
