import RecurrentCore

/// The adding problem: say at the end of T steps the sum of two numbers that were marked.
///
/// A step has a value, uniform in 0 ..< 1, and a marker, which is 1 at two different steps and 0 at
/// all others; each pair of steps is as likely as any other. The target is the sum of the two marked
/// values. Always saying 1 has a mean squared error of 1/6.
///
/// Source: Hochreiter & Schmidhuber (1997), experiment 4, as Le, Jaitly & Hinton (2015) state it:
/// sequences of one length, values from 0 to 1, a sum that is not scaled, markers anywhere.
public struct AddingTask: LagTask {
  public static let name = "adding"
  public static let summary = "the sum of two marked numbers among T"
  public static let criterion = "a mean squared error below 0.001"
  public static let lags = 2...2_000
  public static let defaultLag = 200
  public static let settings = LagSettings(
    hiddenSize: 32, batchSize: 16, learningRate: 0.02, mixesLags: false, budget: 200_000,
    checkInterval: 3_200, testCount: 512)

  private let lag: Int

  /// - Parameter lag: T, the length of a sequence.
  public init(lag: Int) { self.lag = lag }

  public var inputSize: Int { 2 }
  public var outputSize: Int { 1 }
  public var loss: LagLoss { .squaredError }

  public func example(_ key: RandomKey) -> LagExample {
    let (values, markers) = (key.folded("values"), key.folded("markers"))
    let first = markers.choice(at: 0, of: lag)
    let later = markers.choice(at: 1, of: lag - 1)
    let marked = [first, later < first ? later : later + 1]
    let numbers = (0..<lag).map { values.uniform(at: $0) }
    return LagExample(
      inputs: (0..<lag).map { [numbers[$0], marked.contains($0) ? 1 : 0] }, asked: [lag - 1],
      targets: [[numbers[marked[0]] + numbers[marked[1]]]])
  }

  public func error(of answers: [[Float]], to example: LagExample) -> Double {
    let difference = Double(answers[0][0]) - Double(example.targets[0][0])
    return difference * difference
  }

  public static func isSolved(meanError: Double) -> Bool { meanError < 1e-3 }
}
