import RecurrentCore

/// The copy problem: repeat a word of five letters after a long silence.
///
/// Five letters, each one of eight, are shown, then T blanks, the last of which is a signal; then,
/// during five more blanks, the letters have to be said again in their order.
///
/// A sequence is right if each of its letters is the strongest output.
///
/// Source: Arjovsky, Shah & Bengio (2016), after Hochreiter & Schmidhuber (1997), with five letters
/// instead of ten; only the letters are asked for, not the silence before them.
public struct CopyTask: LagTask {
  public static let name = "copy"
  public static let summary = "a word of five letters, after T steps of silence"
  public static let criterion = "every one of 256 fresh words repeated without a mistake"
  public static let lags = 1...2_000
  public static let defaultLag = 50
  public static let settings = LagSettings(
    hiddenSize: 64, batchSize: 16, learningRate: 0.01, mixesLags: true, budget: 200_000,
    checkInterval: 3_200, testCount: 256)

  private let lag: Int
  private static let (letters, wordLength) = (8, 5)

  /// - Parameter lag: T, the steps from the end of the word to the first letter to be said.
  public init(lag: Int) { self.lag = lag }

  /// The letters, the blank, the signal.
  public var inputSize: Int { Self.letters + 2 }
  public var outputSize: Int { Self.letters }
  public var loss: LagLoss { .crossEntropy }

  public func example(_ key: RandomKey) -> LagExample {
    let word = (0..<Self.wordLength).map { key.choice(at: $0, of: Self.letters) }
    let (blank, signal) = (Self.letters, Self.letters + 1)
    let silence = [Int](repeating: blank, count: lag - 1) + [signal]
    let symbols = word + silence + [Int](repeating: blank, count: Self.wordLength)
    return LagExample(
      inputs: symbols.map { oneHot($0, inputSize) },
      asked: Array(symbols.count - Self.wordLength..<symbols.count),
      targets: word.map { oneHot($0, outputSize) })
  }

  public func error(of answers: [[Float]], to example: LagExample) -> Double {
    zip(answers, example.targets).allSatisfy { strongest($0) == strongest($1) } ? 0 : 1
  }

  public static func isSolved(meanError: Double) -> Bool { meanError == 0 }
}
