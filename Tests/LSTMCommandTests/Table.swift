/// Tables for the tool, small enough to be trained on in no time.
struct Table {
  var header = "ds,y"
  var rows: [String]

  init(_ header: String = "ds,y", rows: [String]) {
    self.header = header
    self.rows = rows
  }

  /// A value for each month from January 2000 on, and before it, where there is one, the series' id.
  init(months count: Int, id: String? = nil, _ value: (Int) -> Double = Self.seasonal) {
    rows = (0..<count).map { index in
      (id.map { $0 + "," } ?? "") + "\(Self.month(index)),\(value(index))"
    }
    if id != nil { header = "unique_id,ds,y" }
  }

  /// A trend, a season of 12 that shows and, from a fixed rule, something like noise.
  static func seasonal(_ index: Int) -> Double {
    let season: [Double] = [0, 3, -2, 8, 1, 5, -4, 12, 2, -6, 4, 30]
    return 100 + Double(index) / 2 + season[index % 12] + Double(index * index % 7) / 4
  }

  static func month(_ index: Int) -> String {
    let month = index % 12 + 1
    return "\(2000 + index / 12)-\(month < 10 ? "0" : "")\(month)-01"
  }

  var csv: String { ([header] + rows).map { $0 + "\n" }.joined() }

  /// The table with one row, counted from 0, changed.
  func with(row: Int, _ text: String) -> Table {
    var table = self
    table.rows[row] = text
    return table
  }
}

/// Options of a run that is about files and words, not about the forecast's worth.
let quick = [
  "--horizon", "3", "--epochs", "1", "--windows", "1", "--hidden", "4", "--threads", "1",
]
