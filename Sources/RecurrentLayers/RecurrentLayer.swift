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
  public let merge: DirectionMerge
  /// Whether every layer but the lowest adds its input to its output.
  public let isResidual: Bool
  public let regularization: Regularization
  /// Whether a sequence without a state starts from one that is learnt instead of zero.
  public let learnsInitialState: Bool

  /// Where the parameters live and the layer runs.
  public let context: ComputeContext

  /// Features of the output: those of the cell, for each direction where they stand side by side.
  public let outputSize: Int

  /// For each layer its cell compiled; the directions share it.
  let engines: [LayerEngine]
  let stepper = KeptStepper()
  /// For each layer, for each direction, the parameters in the order of ``Cell/parameters``.
  var parameters: [[[Tensor]]]
  /// Likewise the learnt initial states, in the order of ``learntStates``.
  var initialStates: [[[Tensor]]]

  /// - Parameters:
  ///   - dropout: PyTorch's: on the outputs of all layers but the last, where a call has a random
  ///     key.
  ///   - merge: How the outputs of the two directions become one, in every layer.
  ///   - residual: Every layer but the lowest adds its input to its output.
  ///   - regularization: Further noise, likewise.
  ///   - initialization: How the parameters start, where the cell does not say so itself.
  ///   - learnsInitialState: A sequence without a state starts from one that is learnt, zero at
  ///     first.
  ///   - key: Where the starting values are drawn from, each parameter's by its own name.
  ///   - context: Where the parameters live and the layer runs.
  /// - Throws: `CellError` where sizes or options cannot go together.
  public init(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, numLayers: Int = 1, batchFirst: Bool = false,
    dropout: Double = 0, bidirectional: Bool = false, merge: DirectionMerge = .concatenate,
    residual: Bool = false, regularization: Regularization = Regularization(),
    initialization: Initialization = .pytorch, learnsInitialState: Bool = false, key: RandomKey,
    on context: ComputeContext = .default
  ) throws(CellError) {
    let cell = try cell.regularized(by: regularization)
    try Self.check(
      cell,
      sizes: [
        ("input size", inputSize), ("hidden size", hiddenSize), ("number of layers", numLayers),
      ],
      probabilities: [
        ("dropout", dropout), ("input dropout", regularization.inputDropout),
        ("weight dropout", regularization.weightDropout),
      ])
    if residual, numLayers < 2 {
      throw CellError(
        .invalidOption, "residual connections are between layers: there must be at least 2")
    }
    try initialization.check(cell)
    self.cell = cell
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.numLayers = numLayers
    self.batchFirst = batchFirst
    self.dropout = dropout
    isBidirectional = bidirectional
    self.merge = merge
    isResidual = residual
    self.regularization = regularization
    self.learnsInitialState = learnsInitialState
    self.context = context
    let directions = bidirectional ? 2 : 1

    var engines: [LayerEngine] = []
    var parameters: [[[Tensor]]] = []
    var initialStates: [[[Tensor]]] = []
    var features = inputSize
    for layer in 0..<numLayers {
      let engine = try LayerEngine(
        layer == 0 ? cell.lowest : cell, sizes: CellSizes(input: features, hidden: hiddenSize),
        isTop: layer == numLayers - 1)
      engines.append(engine)
      parameters.append(
        (0..<directions).map { direction in
          engine.startingParameters(initialization, on: context) { name in
            key.folded(Self.name(name, layer: layer, direction: direction))
          }
        })
      initialStates.append(
        (0..<directions).map { _ in
          learnsInitialState
            ? engine.learntStates.map { .zeros([engine.compiled.stateSizes[$0]], on: context) } : []
        })
      features = merge.size(engine.compiled.outputSize, directions: directions)
    }
    self.engines = engines
    self.parameters = parameters
    self.initialStates = initialStates
    outputSize = features
  }

  private static func check(
    _ cell: Cell, sizes: [(String, Int)], probabilities: [(String, Double)]
  ) throws(CellError) {
    for (name, value) in sizes where value < 1 {
      throw CellError(.invalidOption, "a recurrent layer's \(name) is at least 1, found \(value)")
    }
    for (name, value) in probabilities where !(0...1 ~= value) {
      throw CellError(.invalidOption, "\(name) is a probability, 0 to 1, found \(value)")
    }
    if let given = cell.inputs.dropFirst().first(where: { $0.stateBelow == nil }) {
      throw CellError(
        .invalidOption,
        "cell \"\(cell.name)\" needs a second sequence, \"\(given.name)\", which a stack of layers "
          + "does not give it")
    }
  }

  /// A parameter's name within the layer.
  static func name(_ name: String, layer: Int, direction: Int) -> String {
    "\(name)_l\(layer)" + (direction == 1 ? "_reverse" : "")
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    for layer in parameters.indices {
      let cell = engines[layer].cell
      for direction in parameters[layer].indices {
        for index in cell.listingOrder {
          visitor.visit(
            Self.name(cell.parameters[index].name, layer: layer, direction: direction),
            &parameters[layer][direction][index])
        }
        for index in initialStates[layer][direction].indices {
          let state = cell.states[engines[layer].learntStates[index]].name
          visitor.visit(
            Self.name("initial_\(state)", layer: layer, direction: direction),
            &initialStates[layer][direction][index])
        }
      }
    }
  }
}

extension Cell {
  fileprivate func regularized(by noise: Regularization) throws(CellError) -> Cell {
    if noise.zoneout.isEmpty, noise.recurrentDropout == 0 { return self }
    return try regularized(zoneout: noise.zoneout, recurrentDropout: noise.recurrentDropout)
  }
}
