import RecurrentFormats
import RecurrentTasks

extension FuzzReader {
  /// Tables of series in all forms, with columns and files beside them, and all that is made of them.
  static var tables: FuzzReader {
    FuzzReader(name: "tables", corpus: tableTexts.map { Array($0.utf8) }) { bytes in
      var isRead = false
      var fault: TableError?
      for options in tableOptions {
        do throws(TableError) {
          try use(SeriesTable(parsing: bytes, file: "t.csv", options: options))
          isRead = true
        } catch {
          fault = error
        }
      }
      // What stands beside a table may be as broken as the table.
      var beside = SeriesTable.Options()
      beside.known = ["x"]
      let file = TableFile(name: "f.csv", bytes: bytes)
      (beside.future, beside.statics, beside.holidays) = (file, file, file)
      for change in 0..<3 {
        var options = beside
        if change != 0 { options.future = nil }
        if change != 1 { options.statics = nil }
        if change != 2 { options.holidays = nil }
        do throws(TableError) {
          try use(SeriesTable(parsing: Array(tableTexts[0].utf8), file: "t.csv", options: options))
        } catch {
          fault = error
        }
      }
      if !isRead, let fault { throw fault }
    }
  }

  /// Whatever a user of a table may ask of it.
  private static func use(_ table: SeriesTable) {
    _ = try? table.requireKnown(horizon: 3)
    for series in table.series {
      _ = table.features(of: series, horizon: 3)
      _ = table.features(of: series.prefix(1), horizon: 2)
    }
    let template = table.futureTemplate(horizon: 2)
    precondition(
      template.split(separator: "\n").count > 2 * table.series.count, "A row is missing")
    precondition(CovariateSchema(json: table.schema.json) == table.schema, "Another schema")
    _ = (table.fingerprint, table.season())
  }

  private static var tableOptions: [SeriesTable.Options] {
    var long = SeriesTable.Options()
    long.calendar = .auto
    long.duplicates = .mean
    var covariates = long
    (covariates.known, covariates.past) = (["x", "e"], ["p"])
    covariates.fill = .ffill
    var wide = long
    wide.isWide = true
    wide.fill = .interpolate
    var byRows = long
    byRows.isByRows = true
    var dates = long
    dates.timePattern = TimePattern("%d/%m/%Y")
    return [long, covariates, wide, byRows, dates]
  }

  private static let tableTexts = [
    """
    unique_id,ds,y,x,e,p
    A,2024-01-01,1,2,a,1
    A,2024-01-02,2,3,,2
    B,2024-01-04,1,,b,3
    B,2024-01-05,1,7,b,NA
    """,
    "ds;y\n31.12.2020;1,5\n01.01.2021;2,5\n", "date,y\n31/12/2020,1\n01/01/2021,2\n",
    "ds,y\n2024-10-25T22:00Z,1\n2024-10-26T22:00Z,2\n2024-10-27T23:00Z,3\n",
    "ds,y\n2024-10-27T02:00+02:00,1\n2024-10-27T02:00+01:00,3\n2024-10-27T03:00+01:00,3\n",
    """
    # A file of the archive
    @relation x
    @attribute series_name string
    @attribute start_timestamp date
    @frequency 10_minutes
    @data
    A:2020-01-01 00-00-00:1,2,?
    B:2020-01-01 00-10-00:1.5
    """,
    ",Quarter,a,b\n0,1970 Q1,1,2\n1,1970 Q2,3,4\n", "V1,V2,V3\nH1,2,\nH2,3,4\n",
    "id;Q1 2020;Q2 2020\nA;1,5;2\n", "year,month,day,hour,y\n2020,1,1,0,5\n2020,1,1,1,5\n",
    "Month,Sales\n1-11,1\n1-12,2\n2-01,3\n", "ds,y\n2020-W52,1\n2020-W53,2\n",
    "ds,y\n12/31/2020 11:00 PM,1\n1/1/2021 12:00 AM,1\n", "ds,y\n20201231,1\n20210101,1\n",
    "ds,y\n1821,269\n1822,321\n1823,585\n", "ds\ty\n31-Dec-2020\t1\n1-Jan-2021\t2\n",
  ]
}
