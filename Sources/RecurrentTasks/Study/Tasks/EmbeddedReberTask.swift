import RecurrentCore

/// The embedded Reber grammar: say at each step which symbols can come next.
///
/// A step is one of seven symbols, one-hot, and so is the answer: the symbol that comes next. What
/// has to be remembered through a whole inner string is whether its frame is T or P.
///
/// A string is predicted correctly if at every step the symbols that can come next are the most
/// active outputs.
///
/// Source: Hochreiter & Schmidhuber (1997), experiment 1, and their criterion; one-hot symbols and
/// fresh strings instead of a training set of 256.
public struct EmbeddedReberTask: LagTask {
  public static let name = "reber"
  public static let summary = "the embedded Reber grammar: which symbols can come next"
  public static let criterion = "every symbol of 256 fresh strings predicted legally"
  public static let lags = 9...2_000
  public static let defaultLag = 9
  public static let settings = LagSettings(
    hiddenSize: 16, batchSize: 16, learningRate: 0.01, mixesLags: false, budget: 100_000,
    checkInterval: 1_600, testCount: 256)

  /// For each number of symbols that the inner string still needs, and each state, the probability
  /// that a walk from there has so many.
  private let chances: [[Double]]

  /// - Parameter lag: The fewest symbols of a string; 9 is the shortest that there is. Longer ones
  ///   are drawn as they come, among those with so many.
  public init(lag: Int) {
    // B, T or P, B are before the walk; T or P, E behind it.
    let needed = max(0, lag - 5)
    var chances = [[Double](repeating: 1, count: ReberGrammar.end + 1)]
    for _ in 0..<needed {
      let fewer = chances[chances.count - 1]
      chances.append(
        ReberGrammar.transitions.map { ways in
          ways.reduce(0) { $0 + fewer[$1.next] } / Double(ways.count)
        } + [0])
    }
    self.chances = chances
  }

  public var inputSize: Int { ReberGrammar.symbols.count }
  public var outputSize: Int { ReberGrammar.symbols.count }
  public var loss: LagLoss { .crossEntropy }

  /// The string that a key stands for.
  public func string(_ key: RandomKey) -> String {
    let frame: Character = key.choice(at: 0, of: 2) == 0 ? "T" : "P"
    var text: [Character] = ["B", frame, "B"]
    var state = 0
    var place = 1
    while state != ReberGrammar.end {
      let ways = ReberGrammar.transitions[state]
      let left = weights(of: ways, walked: place - 1)
      let draw = Double(key.uniform(at: place)) * left.reduce(0, +)
      let way = ways.count == 1 || draw < left[0] ? 0 : 1
      text.append(ways[way].symbol)
      state = ways[way].next
      place += 1
    }
    return String(text + [frame, "E"])
  }

  /// How likely each way leads to a string that is long enough.
  private func weights(
    of ways: [(symbol: Character, next: Int)], walked: Int
  ) -> [Double] {
    let needed = max(0, chances.count - 1 - walked - 1)
    return ways.map { chances[needed][$0.next] }
  }

  public func example(_ key: RandomKey) -> LagExample {
    let symbols = string(key).map { symbol in
      oneHot(ReberGrammar.symbols.firstIndex(of: symbol)!, ReberGrammar.symbols.count)
    }
    return LagExample(
      inputs: Array(symbols.dropLast()), asked: Array(0..<symbols.count - 1),
      targets: Array(symbols.dropFirst()), decisive: symbols.count - 3)
  }

  /// For each symbol of a string but the last those that can follow it.
  func successors(in string: [Character]) -> [Set<Character>] {
    var result: [Set<Character>] = [["T", "P"], ["B"]]
    var state = 0
    for (walked, symbol) in string[3...].enumerated() {
      guard state != ReberGrammar.end else { break }
      let ways = ReberGrammar.transitions[state]
      let weights = weights(of: ways, walked: walked)
      result.append(Set(ways.indices.filter { weights[$0] > 0 }.map { ways[$0].symbol }))
      state = ways.first { $0.symbol == symbol }!.next
    }
    return result + [[string[1]], ["E"]]
  }

  public func error(of answers: [[Float]], to example: LagExample) -> Double {
    let string = example.inputs.map { ReberGrammar.symbols[strongest($0)] } + ["E"]
    let isRight = zip(answers, successors(in: string)).allSatisfy { answer, legal in
      let isLegal = ReberGrammar.symbols.map(legal.contains)
      let weakestLegal = answer.indices.filter { isLegal[$0] }.map { answer[$0] }.min()!
      return answer.indices.allSatisfy { isLegal[$0] || answer[$0] < weakestLegal }
    }
    return isRight ? 0 : 1
  }

  public static func isSolved(meanError: Double) -> Bool { meanError == 0 }
}
