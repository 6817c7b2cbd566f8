import Foundation
import Testing

/// `lstm bench`: what it prints and what it refuses. How fast anything is, no test says.
@Suite struct BenchTests {
  private struct Speed: Decodable {
    var cell: String?
    var medianMs: Double
    var minMs: Double
    var gflops: Double

    func check() {
      #expect(minMs > 0)
      #expect(medianMs >= minMs)
      #expect(gflops > 0 && gflops.isFinite)
    }
  }

  private struct Report: Decodable {
    struct Configuration: Decodable, Equatable {
      var cell: String
      var mode: String
      var steps: Int
      var batch: Int
      var input: Int
      var hidden: Int
      var layers: Int
      var bidirectional: Bool
      var isa: String
      var threads: Int
      var `repeat`: Int
    }
    var configuration: Configuration
    var versus: Speed?
    var ratio: Double?
    var ratioPerFlop: Double?
  }

  private static let small = [
    "--steps", "3", "--batch", "2", "--input", "5", "--hidden", "8", "--threads", "1",
    "--repeat", "3",
  ]

  private func decode<Value: Decodable>(_ text: String, as _: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(text.utf8))
  }

  private func run(_ arguments: [String]) throws -> Tool.Outcome {
    try Tool().run(["bench"] + Self.small + arguments, environment: ["RECURRENT_ISA": "generic"])
  }

  @Test(arguments: ["forward", "train"]) func theDocumentOfOneCell(_ mode: String) throws {
    let outcome = try run(["--mode", mode, "--layers", "2", "--bidirectional", "--json"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    let report = try decode(outcome.stdout, as: Report.self)
    #expect(
      report.configuration
        == .init(
          cell: "lstm", mode: mode, steps: 3, batch: 2, input: 5, hidden: 8, layers: 2,
          bidirectional: true, isa: "generic", threads: 1, repeat: 3))
    try decode(outcome.stdout, as: Speed.self).check()
    #expect(report.versus == nil)
    #expect(report.ratio == nil)
  }

  @Test func theDocumentOfTwoCells() throws {
    let outcome = try run(["--cell", "lstm:projection=3", "--versus", "gru", "--json"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    let report = try decode(outcome.stdout, as: Report.self)
    #expect(report.configuration.cell == "lstm:projection=3")
    #expect(report.versus?.cell == "gru")
    report.versus?.check()
    let ratio = try #require(report.ratio)
    let perFlop = try #require(report.ratioPerFlop)
    // Multiplications of a training step: twice those of the input's matrix, three times the others.
    let projected = 2 * 4 * 8 * 5 + 3 * (4 * 8 * 3 + 3 * 8)
    let gru = 2 * 3 * 8 * 5 + 3 * 3 * 8 * 8
    #expect(abs(perFlop * Double(projected) / Double(gru) / ratio - 1) < 1e-9)
  }

  @Test func theTable() throws {
    let outcome = try run(["--versus", "rnn"])
    #expect(outcome.status == 0)
    for word in ["training step", "H 8", "generic", "1 thread", "lstm", "rnn", "GFLOP/s"] {
      #expect(outcome.stdout.contains(word), "no \"\(word)\" in \(outcome.stdout)")
    }
  }

  private static let refusals: [(words: [String], arguments: [String])] = [
    (["--cell", "gruu", "did you mean gru"], ["--cell", "gruu"]),
    (["--versus", "did you mean lstm"], ["--versus", "lstn"]),
    (["projection"], ["--cell", "lstm:projection=0"]),
    (["--mode", "step"], ["--mode", "step"]),
    (["--steps", "at least 1"], ["--steps", "0"]),
    (["--batch", "at least 1"], ["--batch=-3"]),
    (["--hidden", "many"], ["--hidden", "many"]),
    (["--layers", "at most 64"], ["--layers", "65"]),
    (["--repeat", "at least 1"], ["--repeat", "0"]),
    (["--threads"], ["--threads", "0"]),
    (["--steps", "numbers"], ["--steps", "10000000", "--batch", "65536"]),
    (["matrices", "numbers"], ["--hidden", "65536"]),
    (["Unexpected", "data.csv"], ["data.csv"]),
  ]

  @Test(arguments: refusals) func refuses(_ words: [String], _ arguments: [String]) throws {
    let outcome = try run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1)
    for word in words {
      #expect(outcome.stderr.contains(word), "no \"\(word)\" in \(outcome.stderr)")
    }
  }
}
