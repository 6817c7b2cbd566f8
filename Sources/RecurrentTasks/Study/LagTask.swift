import RecurrentCore

/// A task that asks at the end of a sequence for what was seen long before, with examples made to
/// order: as many as wanted, and the same for the same key.
///
/// The tasks are those of Hochreiter & Schmidhuber (1997) and their successors; each says which
/// variant it is. A ``LagStudy`` trains networks on them.
public protocol LagTask: Sendable {
  /// How the task is called in the tool.
  static var name: String { get }
  /// What it is, in a line.
  static var summary: String { get }
  /// When it counts as solved, in words.
  static var criterion: String { get }
  /// The lags that it can be made for.
  static var lags: ClosedRange<Int> { get }
  /// The lag where none is said.
  static var defaultLag: Int { get }
  /// How a network is trained where nothing else is said; an LSTM of 1997 as it starts by default
  /// solves the task so, at the default lag.
  static var settings: LagSettings { get }

  /// - Parameter lag: How long the sequences are, in the sense the task gives it; one of ``lags``.
  init(lag: Int)

  /// Features of a step.
  var inputSize: Int { get }
  /// Numbers, or classes, of an answer.
  var outputSize: Int { get }
  /// What training makes small.
  var loss: LagLoss { get }

  /// The example that a key stands for.
  func example(_ key: RandomKey) -> LagExample

  /// How wrong the answers to an example are; 0 is right.
  ///
  /// - Parameter answers: For each step asked, in their order, the network's outputs, or with
  ///   ``LagLoss/crossEntropy`` the probabilities of the classes.
  func error(of answers: [[Float]], to example: LagExample) -> Double

  /// Whether a mean error over fresh examples is that of a solved task.
  static func isSolved(meanError: Double) -> Bool
}

/// What is made small in training, as a mean over the steps asked.
public enum LagLoss: Sendable {
  /// (output − target)²
  case squaredError
  /// −log softmax(output) of the right class.
  case crossEntropy
}

/// One sequence: what is seen, and what has to be said at some of its steps.
public struct LagExample: Sendable, Hashable {
  /// For each step its features.
  public var inputs: [[Float]]
  /// The steps at which an answer is asked, ascending.
  public var asked: [Int]
  /// The right answer for each of them: numbers, or the unit vector of a class.
  public var targets: [[Float]]
  /// Which of the answers it is that needs the memory.
  public var decisive: Int

  /// - Parameter decisive: The last answer if nil.
  init(inputs: [[Float]], asked: [Int], targets: [[Float]], decisive: Int? = nil) {
    self.inputs = inputs
    self.asked = asked
    self.targets = targets
    self.decisive = decisive ?? asked.count - 1
  }
}

/// The unit vector of a class.
func oneHot(_ index: Int, _ count: Int) -> [Float] {
  (0..<count).map { $0 == index ? 1 : 0 }
}

/// The class with the largest number.
func strongest(_ numbers: [Float]) -> Int {
  numbers.indices.max { numbers[$0] < numbers[$1] }!
}

extension RandomKey {
  /// One of 0 ..< count, by the word at a place of the key's sequence.
  func choice(at index: Int, of count: Int) -> Int {
    Int((UInt64(bits(at: index)) * UInt64(count)) >> 32)
  }
}
