import RecurrentCells
import RecurrentCore

/// A recurrent layer that reads a stream a row at a time: sensor values, audio frames, ticks.
///
/// A session holds its layer's weights, packed for the machine, and the state of its stream. A step
/// allocates nothing, records nothing and cannot fail. It runs in the layer's context; its results are
/// those of ``RecurrentLayer/step(_:state:key:)`` with an input of that context, to the bit.
///
/// ```swift
/// var session = StreamingSession(layer)
/// var output = [Float](repeating: 0, count: session.outputSize)
/// for sample in samples {
///   session.step(sample, into: &output)
/// }
/// ```
///
/// Sessions of one layer share its packed weights, however many there are. A session keeps the
/// weights that the layer had when it was made: training the layer further does not change it.
///
/// A session belongs to one user at a time; sessions of different users run at the same time. Small
/// steps are taken by the thread that asks, without a lock or a word to another thread; large ones are
/// shared with the context's other threads, which are woken where they sleep.
public struct StreamingSession: ~Copyable, Sendable {
  /// Independent streams that are stepped together.
  public let batch: Int
  /// Features of a stream's input row.
  public let inputSize: Int
  /// Features of a stream's output row.
  public let outputSize: Int

  private let layer: RecurrentLayer
  private var stepper: StackStepper

  /// A session before its first step: at a zero state, or the learnt one.
  ///
  /// - Parameters:
  ///   - layer: Any stack of any cells in one direction. Dropout and other noise do not act, as in
  ///     every call without a random key.
  ///   - batch: How many independent streams are stepped together, at least 1.
  /// - Precondition: The layer is not bidirectional: a reverse direction needs all steps.
  public init(_ layer: RecurrentLayer, batch: Int = 1) {
    precondition(
      !layer.isBidirectional, "A bidirectional layer cannot be stepped: it needs all steps")
    precondition(batch >= 1, "A session has at least 1 stream, found \(batch)")
    self.batch = batch
    inputSize = layer.inputSize
    outputSize = layer.outputSize
    self.layer = layer.withoutMatrices
    stepper = StackStepper(layer.stepperLayers, rows: batch, in: layer.context)
    reset()
  }

  private init(layer: RecurrentLayer, stepper: consuming StackStepper) {
    batch = stepper.rows
    inputSize = layer.inputSize
    outputSize = layer.outputSize
    self.layer = layer
    self.stepper = stepper
  }

  /// Takes one step in every stream.
  ///
  /// - Parameters:
  ///   - input: [batch, input size], row after row.
  ///   - output: [batch, output size], likewise.
  /// - Precondition: Both have as many numbers as that.
  public mutating func step(_ input: Span<Float>, into output: inout MutableSpan<Float>) {
    stepper.step(input, into: &output)
  }

  /// The same with arrays; the output's is written in place.
  public mutating func step(_ input: [Float], into output: inout [Float]) {
    withSpans(of: input, &output) { stepper.step($0, into: &$1) }
  }

  /// Back to before the first step.
  public mutating func reset() {
    for state in layer.cell.states.indices {
      stepper.setState(state, to: layer.startingState(state, rows: batch))
    }
  }

  /// What the next step starts from: for each state [layers, batch, size], as every call of the layer
  /// takes and gives it. Set it to go on from a state that was kept.
  ///
  /// - Precondition: A state that is set has the names and shapes of the layer's.
  public var state: RecurrentState {
    get { layer.state(of: stepper) }
    set {
      layer.check(newValue, rows: batch)
      for (state, name) in newValue.names.enumerated() {
        stepper.setState(state, to: newValue[name])
      }
    }
  }

  /// Another session at the same state, with the same weights: the two go on independently.
  public func fork() -> StreamingSession {
    StreamingSession(layer: layer, stepper: stepper.fork())
  }
}

extension RecurrentLayer {
  /// The layer without its parameters, for who has made of them what it needs: what is trained then
  /// need not be copied.
  fileprivate var withoutMatrices: RecurrentLayer {
    var layer = self
    layer.parameters = []
    return layer
  }
}
