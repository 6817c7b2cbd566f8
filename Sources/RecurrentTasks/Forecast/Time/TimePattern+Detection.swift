extension TimePattern {
  /// What a column of times was found to be.
  enum Detection {
    case pattern(TimePattern)
    /// More than one reading is possible.
    case ambiguous([TimePattern])
  }

  /// Narrows the patterns that a column's texts can be of.
  struct Detector {
    private var candidates: [Candidate] = []

    private struct Candidate {
      var pattern: TimePattern
      var isShort: Bool
      var isPadded: Bool
      /// Whether it read some text differently from the first candidate.
      var differs = false
    }

    /// Nil where the first text is read as it stands, or by no pattern.
    init?(first bytes: [UInt8], in range: Range<Int>) {
      if let time = Timestamp(parsing: bytes, in: range) {
        // 20240131 may be an integer or a day, 202401 an integer or a month.
        guard time.isInteger else { return nil }
        add(compactPatterns, bytes, range)
      } else {
        add(usualPatterns, bytes, range)
        // A year of two digits seldom comes first.
        if candidates.isEmpty { add(unusualPatterns, bytes, range) }
      }
      if candidates.isEmpty { return nil }
    }

    private mutating func add(_ patterns: [TimePattern], _ bytes: [UInt8], _ range: Range<Int>) {
      for pattern in patterns {
        guard let match = Self.match(pattern, bytes, range) else { continue }
        candidates.append(
          Candidate(
            pattern: pattern, isShort: match.isShort, isPadded: match.isPadded))
      }
    }

    /// Takes the next text; false where no pattern is left that reads it.
    mutating func take(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
      var left: [Candidate] = []
      var ticks: Int?
      for var candidate in candidates {
        guard let match = Self.match(candidate.pattern, bytes, range) else { continue }
        candidate.isShort = candidate.isShort || match.isShort
        candidate.isPadded = candidate.isPadded || match.isPadded
        if let ticks { candidate.differs = candidate.differs || ticks != match.ticks }
        ticks = ticks ?? match.ticks
        left.append(candidate)
      }
      if left.isEmpty { return false }
      candidates = left
      return true
    }

    private static func match(
      _ pattern: TimePattern, _ bytes: [UInt8], _ range: Range<Int>
    ) -> Match? {
      guard let match = pattern.match(bytes, in: range) else { return nil }
      guard isCompact(pattern) else { return match }
      let year = CivilDate(daysSinceEpoch: floorDivide(match.ticks, Timestamp.ticksPerDay)).year
      return 1900...2100 ~= year && !match.isShort ? match : nil
    }

    private static func isCompact(_ pattern: TimePattern) -> Bool {
      compactPatterns.contains(pattern)
    }

    /// One pattern of those before the last text, for a message.
    var likely: TimePattern { candidates[0].pattern }

    /// Whether further texts change nothing, unless they are of no pattern.
    var isSettled: Bool {
      candidates.count == 1 && !couldBeIntegers
        && (candidates[0].isShort || candidates[0].isPadded)
    }

    /// Whether the texts could be plain integers as well.
    var couldBeIntegers: Bool { Self.isCompact(likely) }

    var detection: Detection {
      let different = [candidates[0]] + candidates.dropFirst().filter(\.differs)
      if different.count > 1 {
        return .ambiguous(different.map(\.pattern))
      }
      let only = candidates[0]
      return .pattern(only.isShort ? only.pattern.unpadded : only.pattern)
    }
  }
}

extension TimePattern {
  /// Whether nobody could read it in another way: the year comes first with all its digits, or the
  /// month has its name.
  var isPlain: Bool {
    let isNamed = parts.contains { part in
      if case .field(let field, _) = part {
        return [.monthName, .longMonthName, .quarter, .week].contains(field)
      }
      return false
    }
    return isNamed || text.hasPrefix("%Y")
  }
}

private let compactPatterns = ["%Y%m%d", "%Y%m"].compactMap(TimePattern.init)

private let clocks = [
  "", "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p",
]

/// Days with all the clocks that can stand behind them.
private func withClocks(_ days: [String]) -> [String] {
  days.flatMap { day in
    clocks.flatMap { clock in clock.isEmpty ? [day] : [day + " " + clock, day + "T" + clock] }
  }
}

private let usualPatterns =
  (withClocks([
    "%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y",
    "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%y", "%d %b %y",
  ]) + [
    "%Y Q%q", "%YQ%q", "%Y-Q%q", "%Y:Q%q", "%YQ0%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y",
    "%G-W%V", "%GW%V", "%G W%V", "%G-W%V-%u", "%YM%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y",
    "%b %Y", "%b-%Y", "%B %Y", "%B-%Y", "%Y %b", "%Y-%b", "%Y %B", "%b-%y", "%b %y", "%-Y-%m",
  ]).compactMap(TimePattern.init)

private let unusualPatterns = withClocks(["%y-%m-%d", "%y/%m/%d", "%y.%m.%d"])
  .compactMap(TimePattern.init)
