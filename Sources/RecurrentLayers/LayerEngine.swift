import RecurrentCells
import RecurrentCore

/// What one layer of a stack runs: its cell, compiled for the layer's sizes.
///
/// An object, for it is asked for at every call and has many parts.
final class LayerEngine: Sendable {
  let cell: Cell
  let stateNames: [String]
  /// With its random masks.
  private let random: SequenceEngine
  /// With the numbers that they are where no key is given.
  private let expected: SequenceEngine
  /// States that the layer above reads, which are recorded.
  let readAbove: [String]

  /// - Parameter isTop: Whether no layer above reads what this one leaves.
  init(_ cell: Cell, sizes: CellSizes, isTop: Bool) throws(CellError) {
    readAbove = isTop ? [] : try cell.statesReadBelow
    let cell = try cell.recording(readAbove)
    self.cell = cell
    stateNames = cell.states.map(\.name)
    random = SequenceEngine(try CompiledCell(cell, sizes: sizes))
    expected =
      try cell.masks.isEmpty
      ? random
      : cell.expected.map { cell throws(CellError) in
        SequenceEngine(try CompiledCell(cell, sizes: sizes))
      } ?? random
  }

  var compiled: CompiledCell { random.compiled }

  /// - Parameters:
  ///   - names: What the caller wants recorded, after what the layer above reads.
  func engine(isRandom: Bool, recording names: [String]) -> SequenceEngine {
    let engine = isRandom ? random : expected
    if names.isEmpty { return engine }
    do {
      return SequenceEngine(
        try CompiledCell(
          engine.compiled.cell.recording(readAbove + names), sizes: engine.compiled.sizes))
    } catch {
      preconditionFailure(error.description)
    }
  }

  /// Of an engine's recordings, those that the layer above reads, under the states' names, and
  /// those that the caller wants.
  func split(_ recordings: [Tensor]) -> (readAbove: [String: Tensor], wanted: [Tensor]) {
    (
      Dictionary(uniqueKeysWithValues: zip(readAbove, recordings)),
      Array(recordings.dropFirst(readAbove.count))
    )
  }

  /// States that can be learnt: all but the clock.
  var learntStates: [Int] { cell.states.indices.filter { !cell.states[$0].isClock } }

  func startingParameters(
    _ initialization: Initialization, on context: ComputeContext, key: (String) -> RandomKey
  ) -> [Tensor] {
    let graph = cell.graph
    let ofInput = Set(
      graph.affineMaps.flatMap(\.terms)
        .filter { graph.nodes[$0.source].operation == .input(0) }.map(\.parameter))
    let firstBiases = Set(graph.affineMaps.compactMap(\.biases.first))
    return cell.parameters.enumerated().map { index, parameter in
      let start = initialization.start(
        parameter, shape: compiled.parameterShapes[index], isInput: ofInput.contains(index),
        isFirstBias: firstBiases.contains(index), hiddenSize: compiled.sizes.hidden,
        key: key(parameter.name), chronoKey: key("chrono"), on: context)
      return CellEngine(compiled).restricted(start, parameter: index)
    }
  }
}

extension Cell {
  /// The states of a layer that the same cell in the layer above reads.
  fileprivate var statesReadBelow: [String] {
    get throws(CellError) { try upper.inputs.compactMap(\.stateBelow) }
  }
}
