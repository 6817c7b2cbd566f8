import Foundation
import TestSupport
import Testing

/// A kept model and tables that have other columns than its own.
@Suite struct CovariateModelTests {
  private static let quick = ["--epochs", "1", "--members", "1", "--hidden", "3", "--quiet"]

  private static func table(_ days: Int, price: Bool = true) -> String {
    let rows = (0..<days).map { day in
      let value = 10 + day % 7 + (price ? 3 * (day % 5) : 0)
      let date =
        "2024-\(day / 28 + 1 < 10 ? "0" : "")\(day / 28 + 1)-"
        + "\(day % 28 + 1 < 10 ? "0" : "")\(day % 28 + 1)"
      return "\(date),\(value)" + (price ? ",\(day % 5)" : "")
    }
    return "ds,y" + (price ? ",price" : "") + "\n" + rows.joined(separator: "\n") + "\n"
  }

  @Test func whatTheModelReadsMustBeThere() throws {
    let tool = try Tool()
    try tool.write(Self.table(28), to: "known.csv")
    try tool.write(Self.table(28, price: false), to: "plain.csv")
    try tool.write("price\n", to: "empty.csv")
    try tool.write("ds\n2099-01-01\n", to: "holidays.csv")
    let train = ["train", "forecast", "plain.csv", "--horizon", "3"] + Self.quick
    #expect(try tool.run(train + ["--save", "plain.safetensors"]).status == 0)
    let known = ["train", "forecast", "known.csv", "--horizon", "3", "--past", "price"]
    #expect(try tool.run(known + Self.quick + ["--save", "past.safetensors"]).status == 0)

    #expect(try tool.run(["predict", "past.safetensors", "known.csv"]).status == 0)
    let lacking = try tool.run(["predict", "past.safetensors", "plain.csv", "--quiet"])
    #expect(lacking.status == 65 && lacking.errorLines.count == 1)
    let more = try tool.run(
      ["predict", "plain.safetensors", "plain.csv", "--holidays", "holidays.csv", "--quiet"])
    #expect(more.status == 65 && more.errorLines.count == 1)
    #expect(more.stderr.contains("not trained to read"))
  }

  /// A model trained without the calendar goes on without it when the table has grown.
  @Test func aTableThatGrew() throws {
    let tool = try Tool()
    try tool.write(Self.table(20, price: false), to: "short.csv")
    try tool.write(Self.table(300, price: false), to: "long.csv")
    let train = ["train", "forecast", "short.csv", "--horizon", "3"] + Self.quick
    #expect(try tool.run(train + ["--save", "model.safetensors"]).status == 0)
    let outcome = try tool.run(["predict", "model.safetensors", "long.csv", "--quiet"])
    #expect(outcome.status == 0, "\(outcome.stderr)")
  }

  @Test func goingOnFromAModelOfOtherSizes() throws {
    let tool = try Tool()
    try tool.write(Self.table(60, price: false), to: "table.csv")
    let train = ["train", "forecast", "table.csv", "--horizon", "3", "--epochs", "1", "--quiet"]
    let first = train + ["--members", "1", "--hidden", "3", "--save", "first.safetensors"]
    #expect(try tool.run(first).status == 0)
    let next = train + ["--members", "1", "--from", "first.safetensors"]
    let fits = try tool.run(next + ["--hidden", "3", "--save", "second.safetensors"])
    #expect(fits.status == 0, "\(fits.stderr)")
    let other = try tool.run(next + ["--hidden", "4", "--save", "third.safetensors"])
    #expect(other.status == 65 && other.errorLines.count == 1)
    #expect(other.stderr.contains("it has units 3, not 4"), "\(other.stderr)")
    let both = try tool.run(next + ["--tune", "--save", "third.safetensors"])
    #expect(both.status == 64)
    let third = tool.path("third.safetensors")
    #expect(!FileManager.default.fileExists(atPath: third))
    let own = try tool.run(next + ["--hidden", "3", "--save", "first.safetensors"])
    #expect(own.status == 64, "a model is not written over while it is read")
  }
}
