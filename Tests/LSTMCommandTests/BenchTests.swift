import Foundation
import Testing

/// `lstm bench`: what it prints and what it refuses. How fast anything is, no test says.
@Suite struct BenchTests {
  private struct Speed: Decodable {
    var cell: String?
    var medianMs: Double
    var minMs: Double
    var iterations: Int
    var gflops: Double
    var fractionOfPeak: Double
    var allocationsPerIteration: Double?

    func check() {
      #expect(minMs > 0)
      #expect(medianMs >= minMs)
      #expect(iterations >= 1)
      #expect(gflops > 0 && gflops.isFinite)
      #expect(fractionOfPeak > 0 && fractionOfPeak.isFinite)
      #if canImport(Glibc)
        #expect(allocationsPerIteration != nil)
      #endif
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
      var precision: String
      var isa: String
      var threads: Int
      var `repeat`: Int
    }
    var configuration: Configuration
    var gflops: Double
    var fractionOfPeak: Double
    var peakGflops: Double
    var peakRssMb: Double
    var versus: Speed?
    var ratio: Double?
    var ratioPerFlop: Double?
  }

  private static let small = [
    "--batch", "2", "--input", "5", "--hidden", "8", "--threads", "1",
    "--repeat", "3",
  ]

  private func decode<Value: Decodable>(_ text: String, as _: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(text.utf8))
  }

  private func run(_ arguments: [String], steps: [String] = ["--steps", "3"]) throws
    -> Tool.Outcome
  {
    try Tool().run(
      ["bench"] + Self.small + steps + arguments, environment: ["RECURRENT_ISA": "generic"])
  }

  @Test(arguments: ["forward", "train"]) func theDocumentOfOneCell(_ mode: String) throws {
    let outcome = try run(["--mode", mode, "--layers", "2", "--bidirectional", "--json"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    let report = try decode(outcome.stdout, as: Report.self)
    #expect(
      report.configuration
        == .init(
          cell: "lstm", mode: mode, steps: 3, batch: 2, input: 5, hidden: 8, layers: 2,
          bidirectional: true, precision: "float32", isa: "generic", threads: 1, repeat: 3))
    try decode(outcome.stdout, as: Speed.self).check()
    #expect(abs(report.fractionOfPeak * report.peakGflops / report.gflops - 1) < 1e-9)
    #expect(report.versus == nil)
    #expect(report.ratio == nil)
  }

  @Test func theDocumentOfOneStep() throws {
    let outcome = try run(["--mode", "step", "--layers", "2", "--json"], steps: [])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    let report = try decode(outcome.stdout, as: Report.self)
    #expect(report.configuration.mode == "step")
    #expect(report.configuration.steps == 1)
    try decode(outcome.stdout, as: Speed.self).check()
    // Saying that a step is one is no mistake.
    #expect(try run(["--mode", "step"], steps: ["--steps", "1"]).status == 0)
  }

  /// The input of many steps is memory that few steps do not need.
  @Test func memoryGrowsWithTheWork() throws {
    let sizes = ["--batch", "64", "--input", "64", "--mode", "forward", "--json"]
    let reports = try [["--steps", "1"], ["--steps", "2048"]].map {
      try decode(run(sizes, steps: $0).stdout, as: Report.self)
    }
    let inputMegabytes = 2047.0 * 64 * 64 * 4 / 1_048_576
    #expect(reports[0].peakRssMb > 1)
    #expect(reports[1].peakRssMb - reports[0].peakRssMb > inputMegabytes)
    #expect(reports[1].peakRssMb < 20 * inputMegabytes)
  }

  #if canImport(Glibc)
    /// What a training step asks for shows that the counter counts; a step asks for nothing.
    @Test func allocationsAreCounted() throws {
      let train = try decode(run(["--json"]).stdout, as: Speed.self)
      let allocations = try #require(train.allocationsPerIteration)
      #expect(allocations > 1)
      #expect(allocations < 10_000)
      let step = try decode(
        run(["--mode", "step", "--layers", "2", "--json"], steps: []).stdout, as: Speed.self)
      #expect(step.allocationsPerIteration == 0)
    }
  #endif

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
    for word in [
      "training step", "H 8", "generic", "1 thread", "float32", "lstm", "rnn", "GFLOP/s", "of peak",
      "allocations", " MB",
    ] {
      #expect(outcome.stdout.contains(word), "no \"\(word)\" in \(outcome.stdout)")
    }
  }

  private static let refusals: [(words: [String], arguments: [String])] = [
    (["--cell", "gruu", "did you mean gru"], ["--cell", "gruu"]),
    (["--versus", "did you mean lstm"], ["--versus", "lstn"]),
    (["projection"], ["--cell", "lstm:projection=0"]),
    (["--mode", "stride"], ["--mode", "stride"]),
    (["--mode step", "1 step", "--steps 3"], ["--mode", "step"]),
    (["--mode step", "--bidirectional"], ["--mode", "step", "--steps", "1", "--bidirectional"]),
    (["--precision", "float16"], ["--precision", "float16"]),
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
