import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// `lstm study`: what it prints, what it writes and what it refuses.
@Suite struct StudyTests {
  private struct Document: Decodable, Equatable {
    struct Settings: Decodable, Equatable {
      var hidden: Int
      var budget: Int
      var mixedLags: Bool
    }
    struct Summary: Decodable, Equatable {
      var cell: String
      var lag: Int
      var solved: Int
      var runs: Int
      var medianExamples: Double?
      var medianScore: Double?
    }
    struct Run: Decodable, Equatable {
      var cell: String
      var lag: Int
      var seed: Int
      var solved: Bool
      var examples: Int
      var score: Double?
    }
    struct Gradient: Decodable, Equatable {
      var cell: String
      var lag: Int
      var atStart: [Double]
      var atEnd: [Double]
    }
    var task: String
    var criterion: String
    var settings: Settings
    var summary: [Summary]
    var runs: [Run]
    var gradients: [Gradient]
  }

  private let small = ["--hidden", "8", "--seeds", "2", "--budget", "1600"]

  @Test func theDocument() throws {
    let outcome = try Tool().run(
      ["study", "noisy", "--lag", "12", "--lag", "8", "--seed", "7", "--json"] + small)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    #expect(outcome.stderr == "")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let document = try decoder.decode(Document.self, from: Data(outcome.stdout.utf8))
    #expect(document.task == "noisy")
    #expect(document.settings == .init(hidden: 8, budget: 1600, mixedLags: true))
    #expect(document.summary.map(\.cell) == ["lstm", "lstm", "rnn", "rnn"])
    #expect(document.summary.map(\.lag) == [12, 8, 12, 8])
    #expect(document.runs.map(\.seed) == [7, 8, 7, 8, 7, 8, 7, 8])
    for summary in document.summary {
      let runs = document.runs.filter { $0.cell == summary.cell && $0.lag == summary.lag }
      #expect(summary.runs == 2 && summary.solved == runs.count { $0.solved })
      #expect((summary.medianExamples == nil) == (summary.solved == 0))
      #expect(runs.allSatisfy { $0.examples <= 1600 && $0.solved == ($0.score == 0) })
    }
    for gradient in document.gradients {
      for norms in [gradient.atStart, gradient.atEnd] {
        #expect(norms.count >= gradient.lag - 1 && norms.first == 1)
      }
    }
  }

  @Test func filesAndTable() throws {
    let tool = try Tool()
    let words =
      ["study", "reber", "--cell", "lstm:forget-bias=1", "--cell", "gru"] + small
      + ["--svg", "a.svg", "--csv", "a.csv"]
    let outcome = try tool.run(words + ["--threads", "1"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    #expect(try tool.files == ["a.csv", "a.svg"])
    for word in ["reber", "solved", "lstm:forget-bias=1", "gru", "of 2", "Written: a.svg, a.csv"] {
      #expect(outcome.stdout.contains(word), "no \(word) in \(outcome.stdout)")
    }
    let lines = try tool.text("a.csv").split(separator: "\n")
    #expect(lines[0] == "task,cell,lag,seed,solved,examples,score")
    #expect(lines.count == 5 && lines[1].hasPrefix("reber,lstm:forget-bias=1,9,1,"))
    let svg = try tool.data("a.svg")
    let parser = XMLParser(data: svg)
    #expect(parser.parse(), "\(String(describing: parser.parserError))")

    let other = try Tool()
    #expect(try other.run(words + ["--threads", "3"]).stdout == outcome.stdout)
    #expect(try other.data("a.svg") == svg)
    #expect(try other.text("a.csv") == tool.text("a.csv"))
    let printed = try other.run(words.dropLast() + ["-"])
    #expect(try printed.stdout == other.text("a.csv"))
  }

  @Test(
    arguments: [
      (64, ["\"addign\"", "did you mean adding?"], ["addign"]),
      (64, ["--lag of adding", "2000", "found 1"], ["adding", "--lag", "1"]),
      (64, ["--lag of reber", "9"], ["reber", "--lag", "8"]),
      (64, ["--seeds", "0"], ["adding", "--seeds", "0"]),
      (64, ["--budget"], ["adding", "--budget", "0"]),
      (64, ["--hidden"], ["adding", "--hidden", "0"]),
      (64, ["--learning-rate", "0.0"], ["adding", "--learning-rate", "0"]),
      (64, ["--learning-rate"], ["adding", "--learning-rate", "nan"]),
      (64, ["--cell", "lstn", "did you mean lstm?"], ["adding", "--cell", "lstn"]),
      (64, ["standard output"], ["adding", "--json", "--csv", "-"]),
      (64, ["same"], ["adding", "--svg", "a", "--csv", "./a"]),
      (64, ["task"], []),
      (73, ["nowhere/a.svg"], ["adding", "--csv", "a.csv", "--svg", "nowhere/a.svg"]),
    ] as [(Int32, [String], [String])])
  func refused(_ status: Int32, _ words: [String], _ arguments: [String]) throws {
    let tool = try Tool()
    let outcome = try tool.run(["study"] + arguments)
    #expect(outcome.status == status)
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1, "\(outcome.stderr)")
    for word in words { #expect(outcome.stderr.contains(word), "\(outcome.stderr)") }
    #expect(try tool.files == [])
  }
}
