import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `lstm cells` and `lstm explain`: what they print, write and refuse.
@Suite struct ExplainTests {
  private struct List: Decodable {
    struct Cell: Decodable {
      struct Option: Decodable {
        var name: String
        var takes: String
      }
      var name: String
      var summary: String
      var source: String
      var options: [Option]
      var states: [String]
      var parameters: [String]
    }
    var cells: [Cell]
  }

  private struct Explanation: Decodable {
    struct Equation: Decodable {
      var name: String
      var text: String
      var latex: String
      var shape: [String]
    }
    struct Parameter: Decodable {
      var name: String
      var symbol: String
      var sections: [String]
      var shape: [Int]
      var count: Int
      var structure: String
    }
    struct State: Decodable {
      var name: String
      var shape: [Int]
    }
    var name: String
    var source: String
    var equations: [Equation]
    var output: String
    var states: [State]
    var parameters: [Parameter]
    var parameterCount: Int
    var freeParameterCount: Int
  }

  private func list() throws -> List {
    let outcome = try Tool().run(["cells", "--json"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    return try JSONDecoder().decode(List.self, from: Data(outcome.stdout.utf8))
  }

  private func explanation(_ arguments: String...) throws -> Explanation {
    let outcome = try Tool().run(["explain"] + arguments + ["--json"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Explanation.self, from: Data(outcome.stdout.utf8))
  }

  // MARK: Cells

  @Test func aLineForEveryCell() throws {
    let cells = try list().cells
    #expect(cells.count >= 25)
    let outcome = try Tool().run(["cells"])
    #expect(outcome.status == 0)
    #expect(outcome.stderr == "")
    let lines = outcome.stdout.split(separator: "\n")
    for (cell, line) in zip(cells, lines) {
      #expect(line.hasPrefix("\(cell.name) "))
      #expect(line.contains("  \(cell.summary)  "))
      #expect(line.contains("  \(cell.source)"))
    }
    for option in cells.flatMap(\.options) {
      #expect(outcome.stdout.contains("  \(option.name) "))
      #expect(outcome.stdout.contains("  \(option.takes)\n"))
    }
  }

  @Test func theListAsADocument() throws {
    let lstm = try #require(try list().cells.first { $0.name == "lstm" })
    #expect(lstm.states == ["h", "c"])
    #expect(lstm.parameters == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
    #expect(lstm.options.contains { $0.name == "peepholes" && $0.takes.contains("i+f+o") })
  }

  // MARK: Explaining

  @Test func theText() throws {
    let outcome = try Tool().run(["explain", "lstm", "--input", "7", "--hidden", "11"])
    #expect(outcome.status == 0)
    #expect(outcome.stderr == "")
    #expect(outcome.stdout.hasPrefix("lstm: long short-term memory\nHochreiter"))
    #expect(outcome.stdout.contains("  c = f ⊙ c₋₁ + i ⊙ g\n"))
    #expect(outcome.stdout.contains("  W_ih  weight_ih  [44, 7]   308  rows of i, f, g, o\n"))
    #expect(outcome.stdout.hasSuffix("\n880 parameters\n"))
  }

  @Test func everyCellIsExplained() throws {
    for cell in try list().cells {
      let outcome = try Tool().run(["explain", cell.name])
      #expect(outcome.status == 0, "\(cell.name): \(outcome.stderr)")
      #expect(outcome.stdout.contains(cell.summary))
      #expect(outcome.stdout.contains(cell.source))
      for parameter in cell.parameters { #expect(outcome.stdout.contains(" \(parameter) ")) }
      for state in cell.states { #expect(outcome.stdout.contains("  state  \(state) ")) }
    }
  }

  @Test func theDocument() throws {
    let explanation = try explanation(
      "lstm:peepholes=o,projection=5", "--input", "7", "--hidden", "11")
    #expect(explanation.name == "lstm:peepholes=o,projection=5")
    #expect(explanation.output == "h")
    #expect(explanation.equations.map(\.name) == ["i", "f", "g", "c", "o", "h"])
    let last = try #require(explanation.equations.last)
    #expect(last.text == "W_hr (o ⊙ tanh(c))")
    #expect(last.latex == "W_{\\mathrm{hr}} \\, (o_t \\odot \\tanh(c_t))")
    #expect(last.shape == ["5"])
    #expect(explanation.states.map(\.name) == ["h", "c"])
    #expect(explanation.states.map(\.shape) == [[5], [11]])
    let recurrent = try #require(explanation.parameters.first { $0.name == "weight_hh" })
    #expect(recurrent.shape == [44, 5])
    #expect(recurrent.symbol == "W_hh")
    #expect(recurrent.sections == ["i", "f", "g", "o"])
    #expect(explanation.parameterCount == 4 * 11 * (7 + 5 + 2) + 5 * 11 + 11)
    #expect(explanation.freeParameterCount == explanation.parameterCount)
  }

  @Test func whatIsAlwaysZeroIsSaid() throws {
    let clockwork = try explanation("clockwork:modules=4", "--hidden", "8")
    #expect(clockwork.parameterCount - clockwork.freeParameterCount == 6 * 4)
    #expect(clockwork.parameters.contains { $0.structure == "block upper triangular, 4 blocks" })
  }

  @Test func theLowestLayer() throws {
    let outcome = try Tool().run(["explain", "lstm-depth-gated"])
    #expect(outcome.stdout.contains("\nIn the lowest layer:\n"))
  }

  @Test func theLaTeX() throws {
    let outcome = try Tool().run(["explain", "gru", "--latex"])
    #expect(outcome.status == 0)
    #expect(outcome.stdout.hasPrefix("\\begin{align*}\n"))
    #expect(outcome.stdout.hasSuffix("\\end{align*}\n"))
    #expect(outcome.stdout.contains("h_t &= n_t + z_t \\odot (h_{t-1} - n_t)"))
  }

  @Test func theDrawing() throws {
    let tool = try Tool()
    let outcome = try tool.run(["explain", "lstm-peephole", "--svg", "cell.svg"])
    #expect(outcome.status == 0)
    #expect(outcome.stdout.hasSuffix("\nWritten: cell.svg\n"))
    #expect(try tool.files == ["cell.svg"])
    #expect(XMLParser(data: try tool.data("cell.svg")).parse())
    let printed = try tool.run(["explain", "lstm-peephole", "--svg", "-"])
    #expect(try printed.stdout == tool.text("cell.svg"))
  }

  // MARK: Refusals

  private static let refusals: [(words: [String], arguments: [String])] = [
    (["lsmt", "did you mean lstm?"], ["lsmt"]),
    (["peephole", "did you mean peepholes?"], ["lstm:peephole=i"]),
    (["mlstm", "33", "4 equal parts"], ["mlstm", "--hidden", "33"]),
    (["--hidden"], ["lstm", "--hidden", "0"]),
    (["--latex", "--json"], ["lstm", "--latex", "--json"]),
    (["--latex", "-"], ["lstm", "--latex", "--svg", "-"]),
    (["--json"], ["lstm", "--json", "--svg", "-"]),
    (["name"], []),
  ]

  @Test(arguments: refusals) func refuses(_ words: [String], _ arguments: [String]) throws {
    let tool = try Tool()
    let outcome = try tool.run(["explain"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1)
    #expect(try tool.files == [])
    for word in words {
      #expect(outcome.stderr.contains(word), "no \"\(word)\" in \(outcome.stderr)")
    }
  }

  @Test func aFileThatCannotBeWritten() throws {
    let tool = try Tool()
    let outcome = try tool.run(["explain", "lstm", "--svg", "missing/cell.svg"])
    #expect(outcome.status == 73)
    #expect(outcome.stdout == "")
  }
}
