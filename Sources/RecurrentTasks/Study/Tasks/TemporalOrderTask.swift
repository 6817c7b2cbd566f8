import RecurrentCore

/// The temporal order problem: say in which order X and Y came.
///
/// A sequence of T to 1.1 T symbols begins with E and ends with B. Two of its symbols are X or Y, one
/// between T/10 and T/5, one between T/2 and 3T/5; all others are a, b, c or d. At its end it is one
/// of four classes: XX, XY, YX, YY.
///
/// A sequence is right if each of the four probabilities is within 0.3 of what it should be.
///
/// Source: Hochreiter & Schmidhuber (1997), experiment 6a, where T is 100; a softmax in the place of
/// four logistic outputs.
public struct TemporalOrderTask: LagTask {
  public static let name = "temporal-order"
  public static let summary = "the order of two symbols among about T"
  public static let criterion = "every one of 256 fresh sequences right, all outputs within 0.3"
  public static let lags = 10...2_000
  public static let defaultLag = 100
  public static let settings = LagSettings(
    hiddenSize: 32, batchSize: 16, learningRate: 0.01, mixesLags: true, budget: 100_000,
    checkInterval: 1_600, testCount: 256)

  private let lag: Int

  /// - Parameter lag: T, the least length of a sequence.
  public init(lag: Int) { self.lag = lag }

  /// E, B, a, b, c, d, X, Y
  public var inputSize: Int { 8 }
  public var outputSize: Int { 4 }
  public var loss: LagLoss { .crossEntropy }

  public func example(_ key: RandomKey) -> LagExample {
    let (places, fillers) = (key.folded("places"), key.folded("fillers"))
    let length = lag + places.choice(at: 0, of: lag / 10 + 1)
    let first = lag / 10 + places.choice(at: 1, of: lag / 5 - lag / 10)
    let second = lag / 2 + places.choice(at: 2, of: lag * 3 / 5 - lag / 2)
    let (early, late) = (places.choice(at: 3, of: 2), places.choice(at: 4, of: 2))
    var symbols = (0..<length).map { 2 + fillers.choice(at: $0, of: 4) }
    symbols[0] = 0
    symbols[length - 1] = 1
    symbols[first] = 6 + early
    symbols[second] = 6 + late
    return LagExample(
      inputs: symbols.map { oneHot($0, inputSize) }, asked: [length - 1],
      targets: [oneHot(2 * early + late, outputSize)])
  }

  public func error(of answers: [[Float]], to example: LagExample) -> Double {
    // The other classes have no more than what the right one lacks.
    answers[0][strongest(example.targets[0])] > 0.7 ? 0 : 1
  }

  public static func isSolved(meanError: Double) -> Bool { meanError == 0 }
}
