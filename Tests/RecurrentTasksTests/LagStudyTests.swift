import Foundation
import RecurrentCells
import RecurrentCore
import RecurrentTasks
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct LagStudyTests {
  private func settings(
    of task: any LagTask.Type, _ change: (inout LagSettings) -> Void
  ) -> LagSettings {
    var settings = task.settings
    change(&settings)
    return settings
  }

  @Test func whatIsSolvedAndWhatIsNot() throws {
    let easy = try LagStudy.run(NoisySequenceTask.self, cells: ["lstm"], lags: [20], seeds: [1, 2])
    #expect(easy.runs.allSatisfy { $0.isSolved && $0.score == 0 })
    #expect(easy.runs.allSatisfy { $0.examples < easy.settings.budget })
    #expect(easy.summaries.map(\.solved) == [2])

    let poor = settings(of: AddingTask.self) { $0.budget = 1_000 }
    let hard = try LagStudy.run(
      AddingTask.self, cells: ["lstm"], lags: [60], seeds: [1], settings: poor)
    #expect(!hard.runs[0].isSolved)
    #expect(hard.runs[0].examples == 992)  // whole batches of 16
    #expect(hard.runs[0].score ?? 0 > 0.05)
    #expect(hard.summaries.map(\.medianExamples) == [nil])
  }

  /// A run is a function of its cell, lag and seed.
  @Test func runsKnowNothingOfEachOther() throws {
    let few = settings(of: CopyTask.self) {
      $0.budget = 320
      $0.checkInterval = 160
      $0.testCount = 8
    }
    func study(_ cells: [String], _ lags: [Int], _ seeds: [Int], threads: Int) throws -> LagStudy {
      try .run(
        CopyTask.self, cells: cells, lags: lags, seeds: seeds, settings: few,
        on: ComputeContext(threadCount: threads))
    }
    let all = try study(["lstm", "rnn", "gru"], [3, 5], [1, 2], threads: 3)
    #expect(all.runs.map(\.cell) == ["lstm", "rnn", "gru"].flatMap { [$0, $0, $0, $0] })
    #expect(all.runs.prefix(4).map(\.lag) == [3, 3, 5, 5])
    #expect(all.runs.prefix(4).map(\.seed) == [1, 2, 1, 2])
    let again = try study(["lstm", "rnn", "gru"], [3, 5], [1, 2], threads: 1)
    #expect(all.runs == again.runs && all.gradients == again.gradients)
    let alone = try study(["rnn"], [5], [2], threads: 2)
    #expect(alone.runs[0] == all.runs[7])
    #expect(Set(all.gradients.map(\.atEnd)).count == 6)
  }

  /// A run that diverges is not solved, and its numbers are those of the last good step.
  @Test func aRunThatDiverges() throws {
    let wild = settings(of: AddingTask.self) { $0.learningRate = 1e37 }
    let study = try LagStudy.run(
      AddingTask.self, cells: ["rnn-relu"], lags: [5], seeds: [1], settings: wild)
    #expect(!study.runs[0].isSolved && study.runs[0].score == nil)
    #expect(study.runs[0].examples < 100)
    #expect(study.summaries[0].medianScore == nil)
    #expect(study.csv.hasSuffix(",false,\(study.runs[0].examples),\n"))
  }

  @Test func cellsThatCannotBe() {
    #expect(throws: CellError.self) {
      try LagStudy.run(AddingTask.self, cells: ["lstm", "lstn"], lags: [5], seeds: [1])
    }
  }

  // MARK: Gradients

  /// Against gradients of whole stretches of the sequence with respect to the state they start from.
  @Test(arguments: ["lstm", "rnn", "gru"]) func gradientDecay(_ cell: String) throws {
    let task = TemporalOrderTask(lag: 13)
    let network = try LagNetwork(
      .named(cell), for: task, hiddenSize: 7, key: RandomKey(seed: 3), on: .default)
    let batch = LagBatch(RandomKey(seed: 4).split(3).map(task.example), on: .default)
    let found = network.gradientDecay(on: task, batch)
    #expect(found.count == batch.lengths.min()! - 1)
    let norms = found.indices.map { distance in
      (0..<3).reduce(0.0) { sum, row in
        let steps = batch.lengths[row]
        let sequence = batch.input.slice(axis: 1, range: row..<row + 1)
        let before = sequence.slice(axis: 0, range: 0..<steps - 1 - distance)
        let after = sequence.slice(axis: 0, range: steps - 1 - distance..<steps)
        let state = network.recurrent(before).state
        let gradient = valueAndGradient(of: state) { state in
          let output = network.recurrent(after, state: state).output
          let last = output.slice(axis: 0, range: distance..<distance + 1)
          let target = Tensor(batch.examples[row].targets[0], shape: [1, 4])
          return task.loss(network.head(last.reshaped([1, 7])), target)
        }.gradient
        let squares = gradient.tensors.flatMap(\.elements).map { Double($0) * Double($0) }
        return sum + squares.reduce(0, +).squareRoot()
      }
    }
    for (distance, norm) in found.enumerated() {
      #expect(abs(norm - norms[distance] / norms[0]) < 1e-4 * norm, "at distance \(distance)")
    }
  }

  @Test func thePicture() throws {
    let gradients = (0..<8).map { index in
      GradientDecay(
        cell: index == 0 ? "a<&\"b" : "cell \(index)", lag: 30,
        atStart: (0..<30).map { step in (0..<step).reduce(1.0) { norm, _ in norm * 0.3 } },
        atEnd: [1, 0, .nan, 1e300, .infinity, 0.5, 2e-12] + [Double](repeating: 3, count: 23))
    }
    for shown in [gradients, Array(gradients.prefix(1)), []] {
      let svg = GradientPlot(title: "T & t", subtitle: "<s>", gradients: shown).svg
      #expect(svg == GradientPlot(title: "T & t", subtitle: "<s>", gradients: shown).svg)
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(String(describing: parser.parserError))")
      #expect(!svg.contains("nan") && !svg.contains("inf"))
      // A line in each panel, and one in the legend.
      #expect(svg.components(separatedBy: "class=\"line ").count - 1 == 3 * shown.count)
    }
  }
}
