import ArgumentParser
import Recurrent

/// What is timed: a cell in a layer of given sizes, on a batch of sequences.
struct BenchWork {
  enum Mode: String, CaseIterable, ExpressibleByArgument {
    case step, forward, train

    var text: String {
      switch self {
      case .step: "one step"
      case .forward: "forward"
      case .train: "training step"
      }
    }
  }

  /// The cell as it was named.
  let cell: String
  /// Floating-point operations of the matrix products, in thousand millions.
  let gigaflop: Double
  let run: () -> Void

  init(cell name: String, _ sizes: BenchSizes, seed: Int, on context: ComputeContext) throws {
    let key = RandomKey(seed: UInt64(bitPattern: Int64(seed)))
    let cell = try Cell.named(name)
    try sizes.checkStates(of: cell)
    let layer = try RecurrentLayer(
      cell, inputSize: sizes.input, hiddenSize: sizes.hidden, numLayers: sizes.layers,
      bidirectional: sizes.bidirectional, key: key, on: context)
    let input = Tensor.normal(
      [sizes.steps, sizes.batch, sizes.input], key: key.folded("input"), on: context)
    self.cell = name
    gigaflop =
      layer.productWork(
        steps: sizes.steps, batch: sizes.batch, training: sizes.mode == .train) / 1e9
    run =
      switch sizes.mode {
      case .step: Stream(layer, input, batch: sizes.batch).step
      case .forward: { _ = layer(input) }
      case .train: { _ = valueAndGradient(of: layer) { $0(input).output.sum() } }
      }
  }
}

/// One step of a stream after the other, each from the state that the one before has left.
private final class Stream {
  private var session: StreamingSession
  private let input: [Float]
  private var output: [Float]

  init(_ layer: RecurrentLayer, _ input: Tensor, batch: Int) {
    session = StreamingSession(layer, batch: batch)
    self.input = input.elements
    output = [Float](repeating: 0, count: batch * layer.outputSize)
  }

  func step() { session.step(input, into: &output) }
}
