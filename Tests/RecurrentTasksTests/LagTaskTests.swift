import RecurrentCore
import RecurrentTasks
import Testing

/// That the examples of the long time-lag tasks are what the papers say.
@Suite struct LagTaskTests {
  private func keys(_ count: Int) -> [RandomKey] { RandomKey(seed: 5).split(count) }

  @Test(arguments: LagTasks.all.map { $0.name }) func anyTask(_ name: String) throws {
    let kind = try LagTasks.named(name)
    for lag in [kind.lags.lowerBound, kind.defaultLag] {
      let task = kind.init(lag: lag)
      let examples = keys(20).map(task.example)
      #expect(examples == keys(20).map(task.example))
      #expect(Set(examples).count > 1)
      for example in examples {
        #expect(example.inputs.allSatisfy { $0.count == task.inputSize })
        #expect(example.targets.allSatisfy { $0.count == task.outputSize })
        #expect(example.asked.count == example.targets.count)
        #expect(example.asked == example.asked.sorted())
        #expect(example.asked.allSatisfy(example.inputs.indices.contains))
        #expect(example.asked.indices.contains(example.decisive))
        if task.loss == .crossEntropy {
          #expect(example.targets.allSatisfy { $0.filter { $0 == 1 }.count == 1 })
          #expect(example.targets.allSatisfy { $0.reduce(0, +) == 1 })
        }
      }
    }
  }

  @Test func unknownTask() {
    let error = LagTaskError(name: "addign")
    #expect(throws: error) { try LagTasks.named("addign") }
    #expect("\(error)".contains("did you mean adding?"))
    #expect("\(error)".contains("temporal-order"))
  }

  @Test func adding() {
    var places: Set<Int> = []
    for example in keys(300).map(AddingTask(lag: 7).example) {
      let marked = example.inputs.indices.filter { example.inputs[$0][1] == 1 }
      places.formUnion(marked)
      #expect(example.inputs.count == 7 && marked.count == 2)
      #expect(example.inputs.allSatisfy { 0..<1 ~= $0[0] && ($0[1] == 0 || $0[1] == 1) })
      #expect(example.asked == [6])
      #expect(example.targets == [[example.inputs[marked[0]][0] + example.inputs[marked[1]][0]]])
    }
    #expect(places == Set(0..<7))
    let example = AddingTask(lag: 7).example(RandomKey(seed: 1))
    let wrong = [[example.targets[0][0] + 0.5]]
    #expect(AddingTask(lag: 7).error(of: example.targets, to: example) == 0)
    #expect(abs(AddingTask(lag: 7).error(of: wrong, to: example) - 0.25) < 1e-6)
    #expect(AddingTask.isSolved(meanError: 9.9e-4) && !AddingTask.isSolved(meanError: 1e-3))
  }

  @Test func temporalOrder() {
    let task = TemporalOrderTask(lag: 100)
    for example in keys(300).map(task.example) {
      let symbols = example.inputs.map { $0.firstIndex(of: 1)! }
      #expect(100...110 ~= symbols.count)
      #expect(symbols.first == 0 && symbols.last == 1)
      let found = symbols.indices.filter { symbols[$0] >= 6 }
      #expect(found.count == 2 && 10..<20 ~= found[0] && 50..<60 ~= found[1])
      #expect(symbols.dropFirst().dropLast().allSatisfy { $0 >= 2 })
      let order = 2 * (symbols[found[0]] - 6) + symbols[found[1]] - 6
      #expect(example.targets[0][order] == 1)
      var answer: [Float] = [0.1, 0.1, 0.1, 0.1]
      answer[order] = 0.69
      #expect(task.error(of: [answer], to: example) == 1)
      answer[order] = 0.71
      #expect(task.error(of: [answer], to: example) == 0)
    }
  }

  @Test func noisySequences() {
    var noise: [Float] = []
    for example in keys(200).map(NoisySequenceTask(lag: 100).example) {
      #expect(100...110 ~= example.inputs.count)
      let first: Float = example.targets[0][0] == 1 ? 1 : -1
      #expect(example.inputs.prefix(3) == [[first], [first], [first]])
      noise += example.inputs.dropFirst(3).joined()
    }
    let variance = noise.reduce(0) { $0 + $1 * $1 } / Float(noise.count)
    #expect(abs(variance - 0.2) < 0.01)
  }

  @Test func copy() {
    for example in keys(50).map(CopyTask(lag: 9).example) {
      let symbols = example.inputs.map { $0.firstIndex(of: 1)! }
      #expect(symbols.count == 5 + 9 + 5)
      #expect(symbols.prefix(5).allSatisfy { $0 < 8 })
      #expect(symbols.dropFirst(5) == [8, 8, 8, 8, 8, 8, 8, 8, 9, 8, 8, 8, 8, 8])
      #expect(example.asked == Array(14..<19))
      #expect(example.targets.map { $0.firstIndex(of: 1)! } == Array(symbols.prefix(5)))
    }
  }
}

/// The strings of the embedded Reber grammar, against a regular expression and against themselves.
@Suite struct EmbeddedReberTests {
  private func strings(_ count: Int, lag: Int) -> [String] {
    let task = EmbeddedReberTask(lag: lag)
    return RandomKey(seed: 8).split(count).map(task.string)
  }

  @Test func theyAreLegal() {
    let inner = /B(?:(?:TS*X|PT*VP)(?:XT*VP)*(?:S|XT*VV)|PT*VV)E/
    for lag in [9, 12, 30] {
      for string in strings(500, lag: lag) {
        let frame = String(string.dropFirst().first!)
        #expect(string.count >= lag)
        #expect(string.hasPrefix("B" + frame) && string.hasSuffix(frame + "E"))
        #expect(frame == "T" || frame == "P")
        #expect(string.dropFirst(2).dropLast(2).wholeMatch(of: inner) != nil, "\(string)")
      }
    }
  }

  /// Both ways out of every state are as likely.
  @Test func theyComeAsOften() {
    let all = strings(4_000, lag: 9)
    for (start, share) in [("BT", 0.5), ("BTBT", 0.25), ("BPBPVV", 0.0625), ("BTBTSS", 0.0625)] {
      let found = Double(all.count { $0.hasPrefix(start) }) / 4_000
      #expect(abs(found - share) < 0.03, "\(start) \(found)")
    }
    let short = Double(all.count { $0.count == 9 }) / 4_000
    #expect(abs(short - 0.25) < 0.03)
  }

  /// A prediction is right if exactly what comes next in some string is strongest.
  @Test(arguments: [9, 11]) func whatIsPredicted(lag: Int) {
    let task = EmbeddedReberTask(lag: lag)
    let symbols = Array("BTPSXVE")
    var next: [String: Set<Character>] = [:]
    let all = strings(10_000, lag: lag)
    for string in all {
      for (place, symbol) in string.enumerated() {
        next[String(string.prefix(place)), default: []].insert(symbol)
      }
    }
    for key in RandomKey(seed: 8).split(10_000) where task.string(key).count <= lag + 1 {
      let string = task.string(key)
      let example = task.example(key)
      let legal = (1..<string.count).map { next[String(string.prefix($0))]! }
      let answers = legal.map { legal in
        symbols.map { Float(legal.contains($0) ? 0.4 : 0.1) }
      }
      guard task.error(of: answers, to: example) == 0 else {
        Issue.record("\(string) is predicted legally")
        return
      }
      var wrong = answers
      // Not knowing the frame: T and P alike at the last but one symbol.
      wrong[example.decisive][1] = 0.4
      wrong[example.decisive][2] = 0.4
      guard task.error(of: wrong, to: example) == 1 else {
        Issue.record("\(string) is predicted with the wrong frame")
        return
      }
    }
  }
}
