import RecurrentFormats
import RecurrentTasks
import Testing

/// A table with a value for each of some times.
private func table(
  _ times: [String], _ pattern: TimePattern? = nil
) throws(TableError) -> SeriesTable {
  let rows = times.enumerated().map { "\"\($1)\",\($0)\n" }
  var options = SeriesTable.Options()
  options.timePattern = pattern
  return try SeriesTable(
    parsing: Array(("ds,y\n" + rows.joined()).utf8), file: "t.csv", options: options)
}

private func fault(_ times: [String], _ pattern: TimePattern? = nil) -> String? {
  do {
    _ = try table(times, pattern)
    return nil
  } catch {
    return error.description
  }
}

@Suite struct TimePatternTexts {
  /// As Python's `datetime.strptime` reads them.
  @Test(arguments: [
    ("%d/%m/%Y", "31/12/2020", "2020-12-31T00:00:00"),
    ("%m/%d/%Y %I:%M %p", "2/29/2024 12:05 AM", "2024-02-29T00:05:00"),
    ("%m/%d/%Y %I:%M %p", "02/29/2024 12:05 PM", "2024-02-29T12:05:00"),
    ("%d.%m.%y", "01.02.69", "1969-02-01T00:00:00"),
    ("%d.%m.%y", "01.02.68", "2068-02-01T00:00:00"),
    ("%d %B %Y", "5 September 1999", "1999-09-05T00:00:00"),
    ("%b-%y", "Jan-20", "2020-01-01T00:00:00"),
    ("%Y%m%d", "20240229", "2024-02-29T00:00:00"),
    ("%G-W%V-%u", "2020-W53-7", "2021-01-03T00:00:00"),
    ("%G-W%V-%u", "2009-W01-1", "2008-12-29T00:00:00"),
    ("%G-W%V-%u", "2021-W01-3", "2021-01-06T00:00:00"),
    ("%d-%b-%Y %H:%M:%S", "01-mar-2001 23:59:58", "2001-03-01T23:59:58"),
  ])
  func readAsElsewhere(pattern: String, text: String, time: String) throws {
    let read = try #require(TimePattern(pattern)?.time(text))
    #expect(read.ticks == Timestamp(time)?.ticks)
  }

  @Test(arguments: [
    "", "%d/%m", "%Y %y", "%Y-%d", "%Y-%m-%d %H", "%Y-%m-%d %I:%M", "%Y %H:%M", "%Y-W%V", "%G",
    "%G-W%V %H:%M", "%Y-%m-%d %x", "%Y-%m-%Q", "%", "%Y-%m-%", "%Y-%m-%b", "%Y Q%q %m", "ds",
  ])
  func thatAreNoTimes(text: String) { #expect(TimePattern(text) == nil) }
}

@Suite struct TimesFoundOut {
  @Test(
    arguments: [
      (["31/12/2020", "01/01/2021", "02/01/2021"], "daily", "03/01/2021"),
      (["12/31/2020", "01/01/2021", "01/02/2021"], "daily", "01/03/2021"),
      (["1/1/2021", "1/2/2021", "1/13/2021"], "daily", "1/14/2021"),
      (["7.8.21", "8.8.21", "31.8.21"], "daily", "1.9.21"),
      (["31.12.2020", "01.01.2021"], "daily", "02.01.2021"),
      (["31-12-20", "01-01-21"], "daily", "02-01-21"),
      (["99-12-31", "00-01-01"], "daily", "00-01-02"),
      (["31/12/2020 22:00", "31/12/2020 23:00"], "hourly", "01/01/2021 00:00"),
      (["12/31/2020 11:30 PM", "1/1/2021 12:00 AM"], "every 30 minutes", "1/1/2021 12:30 AM"),
      (["2020/12/31", "2021/01/01"], "daily", "2021/01/02"),
      (["2020-1-31", "2020-2-29", "2020-3-31"], "monthly", "2020-4-30"),
      (["1970 Q1", "1970 Q2", "1970 Q3"], "quarterly", "1970 Q4"),
      (["1970Q3", "1970Q4"], "quarterly", "1971Q1"),
      (["Q4 1970", "Q1 1971"], "quarterly", "Q2 1971"),
      (["2020-W52", "2020-W53"], "weekly", "2021-W01"),
      (["2019W51", "2019W52"], "weekly", "2020W01"),
      (["Nov 2020", "Dec 2020"], "monthly", "Jan 2021"),
      (["May 2020", "June 2020", "July 2020"], "monthly", "August 2020"),
      (["Dec-20", "Jan-21"], "monthly", "Feb-21"),
      (["31-Dec-2020", "1-Jan-2021"], "daily", "2-Jan-2021"),
      (["Dec 31, 2020", "Jan 1, 2021"], "daily", "Jan 2, 2021"),
      (["1990M12", "1991M01"], "monthly", "1991M02"),
      (["12/2020", "01/2021"], "monthly", "02/2021"),
      (["20201231", "20210101"], "daily", "20210102"),
      (["202012", "202101"], "monthly", "202102"),
      // The third year of something.
      (["1-11", "1-12", "2-01"], "monthly", "2-02"),
      // No day has 32, so these count something.
      (["20201230", "20201231", "20201232"], "integer steps", "20201233"),
    ])
  func theyGoOnAsTheyWereWritten(times: [String], frequency: String, next: String) throws {
    let table = try table(times)
    #expect(table.frequency.description == frequency)
    #expect(table.series[0].futureTimes(1)[0].description == next)
    #expect(table.series[0].start.description == times[0])
  }

  @Test func whatCanBeReadInTwoWaysIsRefused() {
    #expect(
      fault(["01/02/2020", "02/02/2020", "03/02/2020"])
        == "t.csv: column \"ds\": \"01/02/2020\" and the others can be read in more than one way; "
        + "say --date-format \"%d/%m/%Y\" or --date-format \"%m/%d/%Y\"")
    #expect(
      fault(["01/02/2020", "13/02/2020", "02/13/2020"])
        == "t.csv:4: column \"ds\": \"02/13/2020\" is not a time; accepted are those that are "
        + "%d/%m/%Y")
    #expect(
      fault(["01/02/2020", "02/01/2020", "soon"])
        == "t.csv:4: column \"ds\": \"soon\" is not %d/%m/%Y as the times before it are; "
        + "--date-format says how they are written")
  }

  @Test func thePatternThatIsSaidCounts() throws {
    let times = ["01/02/2020", "02/02/2020", "03/02/2020"]
    let days = try table(times, TimePattern("%d/%m/%Y"))
    #expect(days.frequency.description == "daily")
    #expect(days.series[0].futureTimes(1)[0].description == "04/02/2020")
    let months = try table(times, TimePattern("%m/%d/%Y"))
    #expect(months.frequency.description == "monthly")
    #expect(
      fault(["2020-02-01"], TimePattern("%d/%m/%Y"))
        == "t.csv:2: column \"ds\": \"2020-02-01\" is not a time; accepted are those that are "
        + "%d/%m/%Y")
  }
}
