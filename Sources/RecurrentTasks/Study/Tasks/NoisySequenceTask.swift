import RecurrentCore

/// Noisy sequences, the two-sequence problem: tell by its first three numbers which of two classes a
/// sequence is, after a long time of noise.
///
/// A sequence has T to 1.1 T numbers. The first three are 1 in one class and −1 in the other; all
/// others are normal with mean 0 and variance 0.2.
///
/// A sequence is right if the probability of its class is above 0.8.
///
/// Source: Bengio, Simard & Frasconi (1994); Hochreiter & Schmidhuber (1997), experiment 3a, where T
/// is 100; a softmax over two classes, which is a logistic output.
public struct NoisySequenceTask: LagTask {
  public static let name = "noisy"
  public static let summary = "which class the first numbers said, after T numbers of noise"
  public static let criterion = "every one of 256 fresh sequences right, all outputs within 0.2"
  public static let lags = 4...2_000
  public static let defaultLag = 100
  public static let settings = LagSettings(
    hiddenSize: 32, batchSize: 16, learningRate: 0.01, mixesLags: true, budget: 100_000,
    checkInterval: 1_600, testCount: 256)

  private let lag: Int
  private static let informative = 3

  /// - Parameter lag: T, the least length of a sequence.
  public init(lag: Int) { self.lag = lag }

  public var inputSize: Int { 1 }
  public var outputSize: Int { 2 }
  public var loss: LagLoss { .crossEntropy }

  public func example(_ key: RandomKey) -> LagExample {
    let (places, noise) = (key.folded("places"), key.folded("noise"))
    let length = lag + places.choice(at: 0, of: lag / 10 + 1)
    let label = places.choice(at: 1, of: 2)
    let deviation = Float(0.2).squareRoot()
    return LagExample(
      inputs: (0..<length).map { step in
        step < Self.informative ? [label == 0 ? 1 : -1] : [noise.normal(at: step) * deviation]
      }, asked: [length - 1], targets: [oneHot(label, 2)])
  }

  public func error(of answers: [[Float]], to example: LagExample) -> Double {
    answers[0][strongest(example.targets[0])] > 0.8 ? 0 : 1
  }

  public static func isSolved(meanError: Double) -> Bool { meanError == 0 }
}
