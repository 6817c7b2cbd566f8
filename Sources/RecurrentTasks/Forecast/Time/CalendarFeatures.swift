import RecurrentFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the calendar says of times, as numbers for a network: known for the future too.
///
/// Hours, days of a month, months and weeks of a year come round without a seam, and what follows
/// them mostly does so smoothly: they are sines and cosines of the position in the cycle, the hours
/// with a second harmonic, for a day that has two peaks. Weekdays are a 0 or 1 each, for a Sunday is
/// not between Saturday and Monday in what happens on it.
public struct CalendarFeatures: Sendable, Hashable {
  public enum Part: String, Sendable, CaseIterable {
    /// The position in the day.
    case hour
    /// The day of the week.
    case weekday
    /// The position in the month.
    case monthday
    /// The month of the year.
    case month
    /// The position in the year.
    case week
  }

  public let parts: [Part]
  /// Days that are not like others; nil for none.
  public var holidays: Holidays?

  public init(parts: [Part], holidays: Holidays? = nil) {
    self.parts = Part.allCases.filter(parts.contains)
    self.holidays = holidays
  }

  /// The parts that tell times of a frequency apart, come round at least twice in a span, and are not
  /// said by the seasons that such data usually have.
  public static func sensibleParts(_ frequency: Frequency, steps: Int) -> [Part] {
    let season = frequency.usualSeason ?? 1
    let longest = ForecastConfiguration.secondSeason(after: season) ?? season
    let seasonDays = longest > 1 ? frequency.days * Double(longest) : 0
    return Part.allCases.filter { part in
      guard tellsApart(part, frequency), !part.isSaid(bySeasonOf: seasonDays) else { return false }
      // Finer than months, the position in the year says more than the month.
      if part == .month, frequency.unit != .month { return false }
      return frequency.days * Double(steps) >= part.leastDays
    }
  }

  /// Whether times of a frequency differ in a part.
  public static func tellsApart(_ part: Part, _ frequency: Frequency) -> Bool {
    switch (part, frequency.unit) {
    case (_, .step): false
    case (.hour, .month), (.hour, .businessDay): false
    case (.hour, _): frequency.days != frequency.days.rounded()
    case (.weekday, .week), (.weekday, .month): false
    case (.weekday, .businessDay): frequency.count % 5 != 0
    case (.weekday, _): frequency.days < 7 || frequency.days.remainder(dividingBy: 7) != 0
    case (.monthday, .month): false
    case (.monthday, _): frequency.days < 28
    case (.month, .month): frequency.count % 12 != 0
    case (.week, .month): false
    case (.month, _), (.week, _): frequency.days < 300
    }
  }

  /// The names of the features.
  public var names: [String] { parts.flatMap(\.names) + (holidays?.names ?? []) }

  /// The features of some steps of a series, which may lie behind its end: for each feature a value
  /// per step.
  public func features(of series: TimeSeries, steps: Range<Int>) -> [[Float]] {
    var features = names.map { _ in [Float]() }
    for feature in features.indices { features[feature].reserveCapacity(steps.count) }
    var ticks = series.frequency.advanced(ticks: series.start.ticks, by: steps.lowerBound)
    for step in steps {
      let next = series.frequency.advanced(ticks: series.start.ticks, by: step + 1)
      var place = 0
      for part in parts {
        for value in part.values(ticks) {
          features[place].append(value)
          place += 1
        }
      }
      if let holidays {
        for value in holidays.values(from: ticks, to: next) {
          features[place].append(value)
          place += 1
        }
      }
      ticks = next
    }
    return features
  }
}

extension CalendarFeatures.Part {
  fileprivate var names: [String] {
    switch self {
    case .hour: ["sin(hour)", "cos(hour)", "sin(2 hour)", "cos(2 hour)"]
    case .weekday: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    case .monthday, .month, .week: ["sin(\(rawValue))", "cos(\(rawValue))"]
    }
  }

  /// Two cycles, and for days of a month enough to see that they matter.
  fileprivate var leastDays: Double {
    switch self {
    case .hour: 2
    case .weekday: 14
    case .monthday: 180
    case .month, .week: 2 * 365
    }
  }

  /// Whether a season of so many days repeats with the part.
  fileprivate func isSaid(bySeasonOf days: Double) -> Bool {
    switch self {
    case .hour: days >= 1
    case .weekday: days >= 7 && days.remainder(dividingBy: 7) == 0
    case .monthday: false
    case .month, .week: days >= 364
    }
  }

  fileprivate func values(_ ticks: Int) -> [Float] {
    let day = floorDivide(ticks, Timestamp.ticksPerDay)
    let fraction = Double(ticks - day * Timestamp.ticksPerDay) / Double(Timestamp.ticksPerDay)
    switch self {
    case .hour: return wave(fraction) + wave(2 * fraction)
    case .weekday:
      let weekday = CivilDate.weekday(daysSinceEpoch: day)
      return (0..<7).map { $0 == weekday ? 1 : 0 }
    case .monthday:
      let date = CivilDate(daysSinceEpoch: day)
      let days = CivilDate.daysInMonth(date.month, year: date.year)
      return wave((Double(date.day - 1) + fraction) / Double(days))
    case .month: return wave(Double(CivilDate(daysSinceEpoch: day).month - 1) / 12)
    case .week:
      let year = CivilDate(daysSinceEpoch: day).year
      let first = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
      let next = CivilDate(year: year + 1, month: 1, day: 1).daysSinceEpoch
      return wave((Double(day - first) + fraction) / Double(next - first))
    }
  }
}

/// The sine and cosine of a part of a whole turn.
private func wave(_ turn: Double) -> [Float] {
  [Float(sin(2 * .pi * turn)), Float(cos(2 * .pi * turn))]
}

extension Frequency {
  /// The length of a step, in days, of a month's or a business day's on average; 0 for integers.
  fileprivate var days: Double {
    switch unit {
    case .step: 0
    case .businessDay: 1.4 * Double(count)
    case .month: 30.436_875 * Double(count)
    default: Double(advanced(ticks: 0, by: 1)) / Double(Timestamp.ticksPerDay)
    }
  }
}

// MARK: - JSON

extension CalendarFeatures {
  public var json: JSONObject {
    [
      "parts": .array(parts.map { .string($0.rawValue) }),
      "holidays": holidays.map { .object($0.json) } ?? .null,
    ]
  }

  /// Nil where the document is not that of calendar features.
  public init?(json: JSONValue) {
    guard let texts = json["parts"]?.array, let holidays = json["holidays"] else { return nil }
    let parts = texts.compactMap { $0.string.flatMap(Part.init) }
    guard parts.count == texts.count else { return nil }
    if holidays == .null {
      self.init(parts: parts)
    } else {
      guard let holidays = Holidays(json: holidays) else { return nil }
      self.init(parts: parts, holidays: holidays)
    }
  }
}
