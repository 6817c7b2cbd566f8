import Foundation
import Testing

/// Forecasts that are worth having: what everyone may expect, at default settings.
@Suite struct Accuracy {
  private func forecast(_ csv: String, _ options: [String]) throws -> Document {
    let tool = try Tool()
    try tool.write(csv, to: "table.csv")
    let outcome = try tool.run(
      ["forecast", "table.csv", "--horizon", "12", "--json", "--quiet"] + options)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    return try Document(outcome.stdout)
  }

  /// The example of the README.
  @Test(arguments: [1, 2, 3]) func airPassengers(seed: Int) throws {
    let path = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let csv = try String(contentsOfFile: path + "/Examples/air-passengers.csv", encoding: .utf8)
    let document = try forecast(csv, ["--seed", "\(seed)"])
    #expect(document.configuration.season == 12)
    let ratio = try #require(document.ratio(to: "seasonal-naive"))
    #expect(ratio <= 0.70)
  }

  /// Every step of the continuation is within 2 % of the range of what is known.
  private func expectContinued(_ table: (Int) -> Double, from count: Int) throws {
    let known = (0..<count).map(table)
    let tolerance = 0.02 * (known.max()! - known.min()!)
    let values = try forecast(Table(months: count, table).csv, ["--windows", "0"]).values()
    #expect(values.count == 12)
    for (step, value) in values.enumerated() {
      let expected = table(count + step)
      #expect(abs(value - expected) <= tolerance, "step \(step + 1): \(value), not \(expected)")
    }
  }

  @Test func aRamp() throws { try expectContinued({ 3 * Double($0) - 50 }, from: 100) }

  @Test func aSine() throws { try expectContinued({ sin(Double($0) * .pi / 6) }, from: 144) }

  @Test func aConstant() throws {
    let document = try forecast(Table(months: 60) { _ in 0.1 }.csv, [])
    #expect(document.values() == Array(repeating: 0.1, count: 12))
    #expect(document.model?.mae == 0 && document.model?.rmse == 0)
  }
}
