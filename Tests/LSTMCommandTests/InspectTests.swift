import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `lstm inspect`: what is in a model, and what its gates do.
@Suite struct InspectTests {
  /// A folder with a table of two series and a model of them.
  private func tool(_ options: [String] = []) throws -> Tool {
    let tool = try Tool()
    let rows = Table(months: 60, id: "a").rows + Table(months: 48, id: "b").rows
    try tool.write(Table("unique_id,ds,y", rows: rows).csv, to: "table.csv")
    let made = try tool.run(["forecast", "table.csv", "--save", "m"] + quick + options)
    try #require(made.status == 0, "\(made.stderr)")
    return tool
  }

  @Test func whatIsInAModel() throws {
    let tool = try tool()
    let before = try tool.files
    let outcome = try tool.run(["inspect", "m"])
    #expect(outcome.status == 0 && outcome.stderr == "")
    for words in ["m: a model for the task forecast", "cell", "monthly", "seasonal-naive"] {
      #expect(outcome.stdout.contains(words), "\(words)")
    }
    #expect(outcome.stdout.contains("network.0.recurrent.weight_ih_l0  16 × 24"))
    let minimum = outcome.stdout.split(separator: "\n").first { $0.hasPrefix("minimum") }
    #expect(minimum?.hasSuffix(" none") == true)
    #expect(try tool.files == before)

    let json = try tool.run(["inspect", "m", "--json"]).stdout
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    let counts = tensors.compactMap { $0["parameters"] as? Int }
    #expect(tensors.count == 18 && counts.reduce(0, +) == object["parameters"] as? Int)
    #expect((object["configuration"] as? [String: Any])?["task"] as? String == "forecast")
  }

  @Test func gatesOverASeries() throws {
    let tool = try tool()
    let files = ["--svg", "g.svg", "--csv", "g.csv"]
    let outcome = try tool.run(["inspect", "m", "--gates", "table.csv"] + files)
    #expect(outcome.status == 0 && outcome.stderr == "")
    #expect(outcome.stdout.contains("time constant"))
    #expect(outcome.stdout.hasSuffix("\nWritten: g.svg, g.csv\n"))
    let rows = try tool.text("g.csv").split(separator: "\n")
    #expect(rows[0] == "time,layer,unit,gate,value")
    // All months but the first 23, four units, and what is kept, i, g, o.
    #expect(rows.count == 1 + 37 * 4 * 4)
    #expect(rows[1].hasPrefix("2001-12-01,0,0,keep_c,0."))
    let svg = try tool.data("g.svg")
    #expect(XMLParser(data: svg).parse())

    // The same bytes again, for any number of threads; another series has others.
    let again = try tool.run(
      ["inspect", "m", "--gates", "-", "--threads", "3"] + files,
      stdin: try tool.text("table.csv"))
    #expect(again.stdout == outcome.stdout)
    #expect(try tool.data("g.svg") == svg)
    let other = try tool.run(
      ["inspect", "m", "--gates", "table.csv", "--series", "b", "--gate", "f", "--gate", "c"]
        + ["--network", "2", "--csv", "-"])
    #expect(other.status == 0)
    #expect(other.stdout.split(separator: "\n").count == 1 + 25 * 4 * 2)
  }

  @Test func oneDocument() throws {
    let outcome = try tool(["--cell", "lstm-no-forget-gate"]).run(
      ["inspect", "m", "--gates", "table.csv", "--json"])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.stdout.utf8)) as? [String: Any])
    let gates = try #require(object["gates"] as? [String: Any])
    let units = try #require(gates["units"] as? [[String: Any]])
    #expect(units.count == 4 && units.allSatisfy { $0["time_constant"] is NSNull })
  }

  @Test(arguments: [
    (66, ["inspect", "absent"], "absent"),
    (65, ["inspect", "table.csv"], "table.csv"),
    (65, ["inspect", "m", "--gates", "table.csv", "--value-column", "price"], "\"price\""),
    (65, ["inspect", "m", "--gates", "table.csv", "--series", "z"], "\"a\", \"b\""),
    (66, ["inspect", "m", "--gates", "absent.csv"], "absent.csv"),
    (64, ["inspect", "m", "--gates", "table.csv", "--gate", "r"], "h, c, i, f, g, o, keep_c"),
    (64, ["inspect", "m", "--gates", "table.csv", "--network", "4"], "at most 3"),
    (64, ["inspect", "m", "--svg", "g.svg"], "--svg needs --gates"),
    (64, ["inspect", "m", "--gates", "table.csv", "--csv", "m"], "cannot be written"),
    (
      73, ["inspect", "m", "--gates", "table.csv", "--svg", "a.svg", "--csv", "no/g.csv"],
      "no/g.csv"
    ),
    (
      74, ["inspect", "m", "--gates", "table.csv", "--svg", "a.svg", "--csv", "/dev/full"],
      "/dev/full"
    ),
  ])
  func refusals(_ status: Int32, _ arguments: [String], _ words: String) throws {
    let tool = try tool()
    let before = try tool.files
    let outcome = try tool.run(arguments)
    #expect(outcome.status == status, "\(outcome.stderr)")
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1 && outcome.stderr.contains(words), "\(outcome.stderr)")
    #expect(try tool.files == before)
  }
}
