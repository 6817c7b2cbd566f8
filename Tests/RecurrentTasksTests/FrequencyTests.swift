import RecurrentTasks
import Testing

private func inferred(_ times: [String]) -> Frequency? {
  Frequency(inferring: times.compactMap { Timestamp($0) })
}

private func every(_ step: Frequency, from start: String, _ count: Int) -> [Timestamp] {
  let start = Timestamp(start)!
  return (0..<count).map { step.advanced(start, by: $0) }
}

@Suite struct FrequencyInferred {
  @Test(
    arguments: [
      (["1", "2", "3"], "integer steps", nil), (["10", "20", "40"], "integer steps of 10", nil),
      (["-3", "-2", "0"], "integer steps", nil),
      (["1821", "1822", "1823"], "yearly", 1), (["1950", "1955", "1960"], "every 5 years", 1),
      (["1949-01", "1949-02", "1949-04"], "monthly", 12),
      (["1949-12-01", "1950-01-01", "1950-02-01"], "monthly", 12),
      (["2023-01-31", "2023-02-28", "2023-03-31"], "monthly", 12),
      (["2024-01-30", "2024-02-29", "2024-03-30"], "monthly", 12),
      (["2024-01-15", "2024-02-15", "2024-03-15"], "monthly", 12),
      (["1970-01-01", "1970-04-01", "1970-07-01"], "quarterly", 4),
      (["1970-03-31", "1970-06-30", "1970-09-30"], "quarterly", 4),
      (["2020-01-01", "2020-07-01", "2021-01-01"], "every 6 months", 2),
      (["2020-02-29", "2021-02-28", "2022-02-28"], "yearly", 1),
      (["1981-01-01", "1981-01-02", "1981-01-04"], "daily", 7),
      (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "daily", 7),
      (
        ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"], "business-daily", 5
      ),
      (["2024-01-07", "2024-01-14", "2024-01-28"], "weekly", 52),
      (["2024-01-07", "2024-01-21", "2024-02-04"], "every 2 weeks", 26),
      (["2024-01-01", "2024-01-29", "2024-02-26", "2024-03-25"], "every 4 weeks", 13),
      (["2016-07-01 00:00:00", "2016-07-01 01:00:00", "2016-07-01 02:00:00"], "hourly", 24),
      (["2024-01-01T00:00", "2024-01-01T06:00", "2024-01-01T12:00"], "every 6 hours", 4),
      (["2021-05-01T00:00+00:00", "2021-05-01T00:30+00:00"], "every 30 minutes", 48),
      (["2024-01-01T00:00", "2024-01-01T00:15", "2024-01-01T00:45"], "every 15 minutes", 96),
      (["2024-01-01T00:00", "2024-01-01T00:10", "2024-01-01T00:20"], "every 10 minutes", 144),
      (["2024-01-01T00:00:00", "2024-01-01T00:00:05"], "every 5 seconds", nil),
      (["2024-01-01T00:00:00.0", "2024-01-01T00:00:00.5"], "every 500000 microseconds", nil),
      (["2024-01-01T09:00", "2024-01-02T09:00", "2024-01-03T09:00"], "daily", 7),
    ] as [([String], String, Int?)])
  func shapes(times: [String], name: String, season: Int?) throws {
    let frequency = try #require(inferred(times))
    #expect(frequency.description == name)
    #expect(frequency.usualSeason == season)
  }

  @Test func nothingToInfer() {
    #expect(inferred([]) == nil)
    #expect(inferred(["2024-01-01"]) == nil)
  }

  @Test func irregularTimes() {
    #expect(
      inferred([
        "2024-01-01T00:00:00", "2024-01-01T01:00:00", "2024-01-01T02:00:00", "2024-01-01T02:17:00",
      ]) == nil)
  }

  @Test func halfTheTimesAreEnoughForACommonDivisor() {
    #expect(inferred(["1", "3", "5", "6", "8"])?.description == "integer steps")
    #expect(inferred(["1", "11", "21", "22"]) == nil)
  }

  @Test func stockExchangeWithHolidays() throws {
    // 2024-12-25 and 2025-01-01 were Wednesdays without trading.
    var times = every(Frequency(.businessDay), from: "2024-12-02", 40)
    times.removeAll { ["2024-12-25", "2025-01-01"].contains($0.description) }
    #expect(Frequency(inferring: times) == Frequency(.businessDay))
  }
}

@Suite struct FrequencyStepping {
  @Test(arguments: [
    (["2023-11-30", "2023-12-31"], ["2024-01-31", "2024-02-29", "2024-03-31"]),
    (["2023-12-30", "2024-01-30"], ["2024-02-29", "2024-03-30"]),
    (["1949-11", "1949-12"], ["1950-01", "1950-02"]),
    (["1958-12-01", "1959-01-01"], ["1959-02-01"]),
    (["1999", "2000"], ["2001", "2002"]),
    (["2024-02-27", "2024-02-28"], ["2024-02-29", "2024-03-01"]),
    (["2023-02-27", "2023-02-28"], ["2023-03-01"]),
    (["2024-01-04", "2024-01-05", "2024-01-08"], ["2024-01-09"]),
    (["2023-12-28", "2023-12-29", "2024-01-01", "2024-01-05"], ["2024-01-08", "2024-01-09"]),
    (["2024-03-30T22:00+01:00", "2024-03-30T23:00+01:00"], ["2024-03-31T00:00+01:00"]),
    (["2024-12-31 23:30", "2024-12-31 23:45"], ["2025-01-01 00:00"]),
    (["7", "14"], ["21", "28"]),
    (["1600-02-28", "1600-02-29"], ["1600-03-01"]),
    (["1900-02-28", "1900-03-01"], ["1900-03-02"]),
  ])
  func nextTimesLookLikeTheOthers(times: [String], next: [String]) throws {
    let frequency = try #require(inferred(times))
    let last = try #require(Timestamp(times.last!))
    #expect(next.indices.map { frequency.advanced(last, by: $0 + 1).description } == next)
  }

  @Test(arguments: [
    (Frequency(.businessDay), "2024-02-29"), (Frequency(.month, dayOfMonth: 31), "2023-01-31"),
    (Frequency(.month, count: 3, dayOfMonth: 30), "2023-11-30"), (Frequency(.week), "1969-12-29"),
    (Frequency(.hour, count: 6), "1969-12-31T18:00"), (Frequency(.step, count: 7), "-20"),
  ])
  func stepsAndBack(frequency: Frequency, start: String) throws {
    let start = try #require(Timestamp(start))
    for count in -40...40 {
      let time = frequency.advanced(start, by: count)
      #expect(frequency.steps(from: start, to: time) == count)
      #expect(frequency.advanced(time, by: -count) == start)
    }
  }

  @Test func farTimesDoNotOverflow() throws {
    let time = try #require(Timestamp("9999-12-31"))
    #expect(!Frequency(.month, count: 1200).advanced(time, by: 1_000_000).description.isEmpty)
    let number = try #require(Timestamp("999999999999999"))
    let wide = Frequency(.step, count: 999_999_999_999_999)
    #expect(wide.advanced(number, by: 1_000_000).isInteger)
  }
}
