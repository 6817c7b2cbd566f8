import Foundation
import Testing

/// `lstm doctor`: what it prints and what it refuses. That it finds what is wrong, the tests of the
/// check itself say.
@Suite struct DoctorTests {
  private struct Report: Decodable {
    struct Machine: Decodable {
      var isa: String
      var isas: [String]
      var lanes: Int
      var threads: Int
    }
    struct Cell: Decodable {
      struct Errors: Decodable {
        var isa: String
        var values: Double
        var gradients: Double
        var steps: Double
        var padding: Double
        var threads: Double
      }
      var cell: String
      var ok: Bool
      var derivative: Double
      var isas: [Errors]
    }
    var machine: Machine
    var ok: Bool
    var tolerances: [String: Double]
    var cells: [Cell]
  }

  private func run(_ arguments: String...) throws -> Tool.Outcome {
    try Tool().run(["doctor"] + arguments, environment: ["RECURRENT_ISA": "generic"])
  }

  @Test func theDocument() throws {
    let outcome = try run(
      "--cell", "gru", "--cell", "lstm:projection=5", "--threads", "3", "--json")
    try #require(outcome.status == 0, "\(outcome.stderr)")
    #expect(outcome.stderr == "")
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.stdout.utf8))
    #expect(report.ok)
    #expect(report.machine.isa == "generic")
    #expect(report.machine.isas.contains("generic"))
    #expect(report.machine.lanes >= 1)
    #expect(report.machine.threads == 3)
    #expect(report.tolerances["derivative"] == 1e-7)
    #expect(report.tolerances["values"] == 1e-5)
    #expect(report.cells.map(\.cell) == ["gru", "lstm:projection=5"])
    for cell in report.cells {
      #expect(cell.ok)
      #expect(cell.derivative <= 1e-7)
      #expect(cell.isas.map(\.isa) == report.machine.isas)
      for errors in cell.isas {
        let close = [errors.values, errors.gradients, errors.steps, errors.padding]
        #expect(close.allSatisfy { $0 <= 1e-5 })
        #expect(errors.threads == 0)
      }
    }
  }

  @Test func aLineForEveryCell() throws {
    let outcome = try run()
    #expect(outcome.status == 0, "\(outcome.stdout)")
    let lines = outcome.stdout.split(separator: "\n")
    for cell in ["lstm ", "gru ", "gru-reset-before ", "rnn ", "rnn-relu "] {
      let found = lines.filter { $0.hasPrefix(cell) }
      #expect(found.count == 1)
      #expect(found.allSatisfy { $0.hasSuffix("  ok") })
    }
    for word in ["generic", "derivative", "values", "gradients", "steps", "padding", "threads"] {
      #expect(outcome.stdout.contains(word))
    }
  }

  private static let refusals: [(words: [String], arguments: [String])] = [
    (["--cell", "did you mean gru"], ["--cell", "gruu"]),
    (["projection"], ["--cell", "lstm:projection=0"]),
    (["--threads"], ["--threads", "0"]),
    (["Unexpected", "lstm"], ["lstm"]),
  ]

  @Test(arguments: refusals) func refuses(_ words: [String], _ arguments: [String]) throws {
    let outcome = try Tool().run(["doctor"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1)
    for word in words {
      #expect(outcome.stderr.contains(word), "no \"\(word)\" in \(outcome.stderr)")
    }
  }
}
