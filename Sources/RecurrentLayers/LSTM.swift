import RecurrentCells
import RecurrentCore

// PyTorch's three recurrent modules, with its parameters, defaults and meaning. Capitalised as there:
// they are called like initialisers, and what they make is one type.

// swift-format-ignore: AlwaysUseLowerCamelCase
/// A long short-term memory layer, as `torch.nn.LSTM`.
///
/// - Parameters:
///   - dropout: On the outputs of all layers but the last, where a call has a random key.
///   - projectionSize: PyTorch's `proj_size`; nil for none.
///   - forgetBias: Where the forget gates' biases start, instead of uniform.
///   - peepholes: Gates that see the memory cell.
/// - Precondition: Sizes are at least 1, and `projectionSize` is below `hiddenSize`. To find out
///   without stopping, make the cell and a ``RecurrentLayer`` from it, which throw.
public func LSTM(
  inputSize: Int, hiddenSize: Int, numLayers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
  dropout: Double = 0, bidirectional: Bool = false, projectionSize: Int? = nil,
  forgetBias: Double? = nil, peepholes: Set<LSTMOptions.Gate> = [], key: RandomKey,
  on context: ComputeContext = .default
) -> RecurrentLayer {
  precondition(
    projectionSize.map { $0 < hiddenSize } ?? true,
    "An LSTM's projection size is below its hidden size \(hiddenSize), found \(projectionSize!)")
  return layer(
    inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional, key, context
  ) { () throws(CellError) in
    try .lstm(
      peepholes: peepholes, projectionSize: projectionSize, forgetBias: forgetBias, bias: bias)
  }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
/// A gated recurrent unit layer, as `torch.nn.GRU`.
///
/// - Parameter dropout: On the outputs of all layers but the last, where a call has a random key.
/// - Precondition: Sizes are at least 1.
public func GRU(
  inputSize: Int, hiddenSize: Int, numLayers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
  dropout: Double = 0, bidirectional: Bool = false, key: RandomKey,
  on context: ComputeContext = .default
) -> RecurrentLayer {
  layer(
    inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional, key, context
  ) { () throws(CellError) in try .gru(bias: bias) }
}

// swift-format-ignore: AlwaysUseLowerCamelCase
/// A simple recurrent layer, as `torch.nn.RNN`.
///
/// - Parameter dropout: On the outputs of all layers but the last, where a call has a random key.
/// - Precondition: Sizes are at least 1.
public func RNN(
  inputSize: Int, hiddenSize: Int, numLayers: Int = 1,
  nonlinearity: Cell.Nonlinearity = .tanh, bias: Bool = true, batchFirst: Bool = false,
  dropout: Double = 0, bidirectional: Bool = false, key: RandomKey,
  on context: ComputeContext = .default
) -> RecurrentLayer {
  layer(
    inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional, key, context
  ) { () throws(CellError) in try .rnn(nonlinearity, bias: bias) }
}

private func layer(
  _ inputSize: Int, _ hiddenSize: Int, _ numLayers: Int, _ batchFirst: Bool, _ dropout: Double,
  _ bidirectional: Bool, _ key: RandomKey, _ context: ComputeContext,
  _ cell: () throws(CellError) -> Cell
) -> RecurrentLayer {
  do {
    return try RecurrentLayer(
      cell(), inputSize: inputSize, hiddenSize: hiddenSize, numLayers: numLayers,
      batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional, key: key,
      on: context)
  } catch {
    preconditionFailure(error.description)
  }
}
