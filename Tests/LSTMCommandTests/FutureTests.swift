import Foundation
import Testing

/// `lstm future`, and what it is for.
@Suite struct Future {
  /// Forty months of two shops with a price.
  private static let table: String = {
    let rows = ["north", "south"].flatMap { shop in
      (0..<40).map { index in
        "\(shop),\(Table.month(index)),\(Table.seasonal(index)),\(index % 5),\(index)\n"
      }
    }
    return "unique_id,ds,y,price,note\n" + rows.joined()
  }()

  private func tool() throws -> Tool {
    let tool = try Tool()
    try tool.write(Self.table, to: "table.csv")
    return tool
  }

  @Test func theTableToFillIn() throws {
    let tool = try tool()
    let outcome = try tool.run(
      ["future", "table.csv", "--horizon", "2", "--known", "price"])
    #expect(outcome.status == 0 && outcome.stderr == "", "\(outcome.stderr)")
    #expect(outcome.stdout == "Written: future.csv, 4 rows, to fill in: price\n")
    #expect(
      try tool.text("future.csv") == """
        unique_id,ds,price
        north,2003-05-01,
        north,2003-06-01,
        south,2003-05-01,
        south,2003-06-01,

        """)
  }

  @Test func onStandardOutput() throws {
    let tool = try tool()
    let plain = try tool.run(["future", "-", "--horizon", "1", "--output", "-"], stdin: Self.table)
    #expect(plain.stdout == "unique_id,ds\nnorth,2003-05-01\nsouth,2003-05-01\n")
    let json = try tool.run(["future", "table.csv", "--horizon", "1", "--json"])
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(json.stdout.utf8)) as? [String: Any])
    #expect(document["rows"] as? Int == 2 && document["frequency"] as? String == "monthly")
    #expect(try tool.files == ["future.csv", "table.csv"])
  }

  /// The error of a forecast tells a command; that command and what is filled in lead to a forecast.
  @Test func fromTheErrorToAForecast() throws {
    let tool = try tool()
    let forecast = ["forecast", "table.csv", "--known", "price"] + quick
    let refused = try tool.run(forecast)
    #expect(refused.status == 65)
    let command = try #require(refused.stderr.split(separator: "\"lstm ").last).prefix {
      $0 != "\""
    }
    #expect(command == "future table.csv --horizon 3 --known price")
    #expect(try tool.run(command.split(separator: " ").map(String.init)).status == 0)

    // As it is, nothing is known yet.
    let empty = try tool.run(forecast + ["--future", "future.csv"])
    #expect(empty.status == 65)
    #expect(empty.stderr.contains("future.csv: values of price are missing in 6 rows"))

    let filled = try tool.text("future.csv").replacingOccurrences(of: ",\n", with: ",2.5\n")
    try tool.write(filled, to: "future.csv")
    let outcome = try tool.run(forecast + ["--future", "future.csv"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
    #expect(
      try tool.files == ["forecast.csv", "forecast.svg", "future.csv", "table.csv"])
  }

  @Test(arguments: [
    (["--horizon", "0"], 64, "--horizon"), (["--horizon", "2", "--known", "x"], 65, "\"x\""),
    (["--horizon", "2", "--output", "table.csv"], 64, "table.csv"),
    (["--horizon", "2", "--output", "no/where"], 73, "no/where"),
  ])
  func refused(options: [String], status: Int32, word: String) throws {
    let tool = try tool()
    let outcome = try tool.run(["future", "table.csv"] + options)
    #expect(outcome.status == status)
    #expect(outcome.errorLines.count == 1 && outcome.stderr.contains(word), "\(outcome.stderr)")
    #expect(try tool.files == ["table.csv"])
  }
}
