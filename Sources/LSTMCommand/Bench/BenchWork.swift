import ArgumentParser
import Recurrent

/// What is timed: a cell in a layer of given sizes, on a batch of sequences.
struct BenchWork {
  enum Mode: String, CaseIterable, ExpressibleByArgument {
    case forward, train
  }

  /// The cell as it was named.
  let cell: String
  /// Floating-point operations of the matrix products, in thousand millions.
  let gigaflop: Double
  let run: () -> Void

  init(cell name: String, _ sizes: BenchSizes, mode: Mode, seed: Int, on context: ComputeContext)
    throws
  {
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
      layer.productWork(steps: sizes.steps, batch: sizes.batch, training: mode == .train) / 1e9
    run =
      switch mode {
      case .forward: { _ = layer(input) }
      case .train: { _ = valueAndGradient(of: layer) { $0(input).output.sum() } }
      }
  }
}
