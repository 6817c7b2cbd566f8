import RecurrentCells
import RecurrentCore

/// A cell run over sequences: a stack of layers, in one direction or both.
///
/// ``LSTM(inputSize:hiddenSize:numLayers:bias:batchFirst:dropout:bidirectional:projectionSize:forgetBias:peepholes:key:on:)``,
/// ``GRU(inputSize:hiddenSize:numLayers:bias:batchFirst:dropout:bidirectional:key:on:)`` and
/// ``RNN(inputSize:hiddenSize:numLayers:nonlinearity:bias:batchFirst:dropout:bidirectional:key:on:)``
/// make it from the built-in cells; a cell of your own gets the same layer.
///
/// Parameters are called as PyTorch calls them: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
/// `bias_hh_l0`, with `_reverse` behind those of the reverse direction.
public struct RecurrentLayer: TensorTree {
  public let cell: Cell
  public let inputSize: Int
  public let hiddenSize: Int
  public let numLayers: Int
  /// Whether inputs and outputs are [batch, time, features] instead of [time, batch, features].
  public let batchFirst: Bool
  /// The probability that an output of a layer other than the last is set to zero, where a call has
  /// a random key.
  public let dropout: Double
  public let isBidirectional: Bool

  /// Where the parameters live and the layer runs.
  public let context: ComputeContext

  /// Features of the output: those of the cell, for each direction.
  public let outputSize: Int

  /// For each layer, for each direction, the cell for its sizes.
  let engines: [[CellEngine]]
  /// For each layer, for each direction, the parameters in the order of ``Cell/parameters``.
  var parameters: [[[Tensor]]]

  /// - Parameters:
  ///   - key: Where the starting values are drawn from, each parameter's by its own name.
  ///   - context: Where the parameters live and the layer runs.
  /// - Throws: `CellError` where sizes or options cannot go together.
  public init(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, numLayers: Int = 1, batchFirst: Bool = false,
    dropout: Double = 0, bidirectional: Bool = false, key: RandomKey,
    on context: ComputeContext = .default
  ) throws(CellError) {
    for (name, value) in [
      ("input size", inputSize), ("hidden size", hiddenSize), ("number of layers", numLayers),
    ] where value < 1 {
      throw CellError(.invalidOption, "a recurrent layer's \(name) is at least 1, found \(value)")
    }
    guard dropout >= 0, dropout <= 1 else {
      throw CellError(.invalidOption, "dropout is a probability, 0 to 1, found \(dropout)")
    }
    guard cell.inputs.count == 1 else {
      throw CellError(
        .invalidOption,
        "cell \"\(cell.name)\" needs a second sequence, \"\(cell.inputs[1].name)\", which a "
          + "stack of layers does not give it")
    }
    self.cell = cell
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.numLayers = numLayers
    self.batchFirst = batchFirst
    self.dropout = dropout
    isBidirectional = bidirectional
    self.context = context
    let directions = bidirectional ? 2 : 1

    var engines: [[CellEngine]] = []
    var parameters: [[[Tensor]]] = []
    var features = inputSize
    for layer in 0..<numLayers {
      let compiled = try CompiledCell(cell, sizes: CellSizes(input: features, hidden: hiddenSize))
      engines.append([CellEngine](repeating: CellEngine(compiled), count: directions))
      parameters.append(
        (0..<directions).map { direction in
          cell.parameters.indices.map { index in
            Self.start(
              cell.parameters[index], shape: compiled.parameterShapes[index],
              hiddenSize: hiddenSize,
              key: key.folded(
                Self.name(cell.parameters[index].name, layer: layer, direction: direction)),
              on: context)
          }
        })
      features = compiled.outputSize * directions
    }
    self.engines = engines
    self.parameters = parameters
    outputSize = features
  }

  /// A parameter's name within the layer.
  static func name(_ name: String, layer: Int, direction: Int) -> String {
    "\(name)_l\(layer)" + (direction == 1 ? "_reverse" : "")
  }

  private static func start(
    _ parameter: CellParameter, shape: [Int], hiddenSize: Int, key: RandomKey,
    on context: ComputeContext
  ) -> Tensor {
    let bound = 1 / Float(hiddenSize).squareRoot()
    var tensor = Tensor.uniform(shape, in: -bound..<bound, key: key, on: context)
    let length = tensor.count / parameter.sections.count
    tensor.withMutableElements { elements in
      for (section, start) in parameter.starts.enumerated() {
        guard case .constant(let value) = start else { continue }
        for index in section * length..<(section + 1) * length { elements[index] = Float(value) }
      }
    }
    return tensor
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    let order = cell.listingOrder
    for layer in parameters.indices {
      for direction in parameters[layer].indices {
        for index in order {
          visitor.visit(
            Self.name(cell.parameters[index].name, layer: layer, direction: direction),
            &parameters[layer][direction][index])
        }
      }
    }
  }
}
