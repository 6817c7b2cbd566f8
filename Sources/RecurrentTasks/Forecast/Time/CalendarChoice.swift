import RecurrentFormats

/// Which features of the calendar are wanted.
public enum CalendarChoice: Sendable, Hashable {
  case none
  /// Those that make sense for the data.
  case auto
  case parts([CalendarFeatures.Part])

  /// Reads `none`, `auto` or names of parts with commas between them; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "auto": self = .auto
    default:
      let names = text.split(separator: ",", omittingEmptySubsequences: false)
      let parts = names.compactMap { CalendarFeatures.Part(rawValue: String($0)) }
      guard parts.count == names.count else { return nil }
      self = .parts(parts)
    }
  }
}

extension SeriesTable {
  /// Settles which features of the calendar the table has.
  mutating func setCalendar(_ options: Options) throws(TableError) {
    var holidays = options.modelCalendar?.holidays
    if let file = options.holidays {
      holidays = try Holidays(
        parsing: file, names: holidays?.names, patterns: dayPatterns(options.timePattern))
    }
    let parts: [CalendarFeatures.Part]
    if let model = options.modelCalendar {
      parts = model.parts
    } else {
      parts = try self.parts(options.calendar)
    }
    if holidays != nil, frequency.unit == .step {
      throw TableError(file: file, message: "integers are no days, and have no holidays")
    }
    if parts.isEmpty, holidays == nil { return }
    calendar = CalendarFeatures(parts: parts, holidays: holidays)
    noteLastHoliday(options)
  }

  private func parts(_ choice: CalendarChoice) throws(TableError) -> [CalendarFeatures.Part] {
    switch choice {
    case .none: return []
    case .auto:
      let steps = series.lazy.map(\.values.count).max() ?? 0
      return CalendarFeatures.sensibleParts(frequency, steps: steps)
    case .parts(let parts):
      for part in parts where !CalendarFeatures.tellsApart(part, frequency) {
        throw TableError(
          file: file,
          message: frequency.unit == .step
            ? "the times are integers, which have no \(part.rawValue)"
            : "the times are \(frequency), and all have the same \(part.rawValue)")
      }
      return parts
    }
  }

  /// A list of holidays that ends with the data says nothing of the future.
  private mutating func noteLastHoliday(_ options: Options) {
    guard let last = calendar?.holidays?.lastDay,
      let end = series.lazy.map({ $0.time(at: $0.values.count - 1).day }).max(), last <= end
    else { return }
    let name = options.holidays.map { wordForMessage($0.name) } ?? "the model"
    let date = Timestamp(ticks: last * Timestamp.ticksPerDay, style: Timestamp.Style(.date))
    warnings.append("the last holiday of \(name) is \(date), and none lies in the horizon")
  }
}
