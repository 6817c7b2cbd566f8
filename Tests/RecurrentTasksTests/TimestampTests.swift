import RecurrentTasks
import Testing

@Suite struct CivilCalendar {
  @Test func knownDays() {
    let days: [(Int, Int, Int, Int)] = [
      (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017),
      (1900, 3, 1, -25_508), (2024, 2, 29, 19_782), (1, 1, 1, -719_162), (0, 2, 29, -719_469),
      (9999, 12, 31, 2_932_896),
    ]
    for (year, month, day, number) in days {
      let date = CivilDate(year: year, month: month, day: day)
      #expect(date.daysSinceEpoch == number)
      #expect(CivilDate(daysSinceEpoch: number) == date)
    }
  }

  /// Walks four centuries day by day with nothing but the lengths of months.
  @Test func everyDayOfFourCenturies() {
    var date = CivilDate(year: 1799, month: 12, day: 31)
    var failures = 0
    let first = date.daysSinceEpoch
    for number in first..<(first + 146_097) {
      if CivilDate(daysSinceEpoch: number) != date || date.daysSinceEpoch != number {
        failures += 1
      }
      date.day += 1
      if !date.isValid { (date.month, date.day) = (date.month + 1, 1) }
      if !date.isValid { (date.year, date.month) = (date.year + 1, 1) }
    }
    #expect(failures == 0)
    #expect(date == CivilDate(year: 2199, month: 12, day: 31))
  }

  @Test func weekdays() {
    #expect(CivilDate.weekday(daysSinceEpoch: 0) == 3)
    #expect(CivilDate.weekday(daysSinceEpoch: -3) == 0)
    // 2024-02-29 was a Thursday, 1600-01-01 a Saturday.
    #expect(CivilDate.weekday(daysSinceEpoch: 19_782) == 3)
    #expect(
      CivilDate.weekday(
        daysSinceEpoch: CivilDate(year: 1600, month: 1, day: 1).daysSinceEpoch) == 5)
  }

  @Test func leapYears() {
    for (year, days) in [(2024, 29), (2023, 28), (1900, 28), (2000, 29), (2100, 28), (0, 29)] {
      #expect(CivilDate.daysInMonth(2, year: year) == days)
    }
  }
}

@Suite struct TimestampTexts {
  @Test(arguments: [
    "2024-02-29", "1749-01", "1821", "0001-01-01", "2024-02-29T00:00", "2024-02-29 23:59",
    "2024-02-29T23:59:59", "2024-02-29 10:00:00.5", "2024-02-29T10:00:00.123456",
    "2024-02-29T10:00:00.123456000", "2024-02-29T10:00:00Z", "2021-05-01 00:30:00+00:00",
    "2024-02-29 10:00:00 UTC", "2024-02-29T10:00 +0000", "2024-02-29 10:00:00.25 -05:30",
    "2024-02-29 10:00:00 Z", "2024-02-29T10:00-05:30", "2024-02-29T10:00+0100",
    "2024-02-29T10:00+01", "1600-12-31 01:02:03",
    "0", "-17", "999", "12345", "123456789012345",
  ])
  func printAsTheyWereRead(text: String) throws {
    #expect(try #require(Timestamp(text)).description == text)
  }

  @Test(arguments: [
    "", "abc", "2023-02-29", "2024-13", "2024-00-01", "2024-04-31", "2024-1-1", "24-01-01", "1-01",
    "2024/01/01", "01-02-2024", "2024-01-01T", "2024-01-01T10", "2024-01-01T24:00",
    "2024-01-01T10:60", "2024-01-01T10:00:60", "2024-01-01T10:00:00.",
    "2024-01-01T10:00:00.1234567",
    "2024-01-01T10:00+", "2024-01-01T10:00+1", "2024-01-01T10:00+25:00", "2024-01-01T10:00Z1",
    "2024-01-01x10:00", "1970 Q1", "12.5", "1e3", "1234567890123456", "2024-01-01 ", "--5",
    "2024-01-01 10:00 ", "2024-01-01 10:00UTC", "2024-01-01 10:00 UTC+1", "2024-01-01 UTC",
  ])
  func refused(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func offsetsAndFractions() throws {
    let west = try #require(Timestamp("2024-01-01T00:00:00.25-01:30"))
    let utc = try #require(Timestamp("2024-01-01T01:30:00.25Z"))
    #expect(west.instant == utc.instant)
    #expect(utc.instant == 1_704_072_600_250_000)
  }
}
