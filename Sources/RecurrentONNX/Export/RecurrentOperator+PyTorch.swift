import RecurrentCells

extension RecurrentOperator {
  /// A recurrent module of PyTorch.
  package struct PyTorchKind: Hashable, Sendable {
    /// `LSTM`, `GRU` or `RNN`.
    package let name: String
    package let hasBias: Bool
    /// Of an RNN that is not PyTorch's default: `relu`.
    package var nonlinearity: String?
    /// Of an LSTM.
    package var projectionSize: Int?
  }

  /// The module of PyTorch whose parameters are the cell's, in its names, shapes and order of gates.
  package static func pyTorchKind(of cell: Cell) -> PyTorchKind? {
    if let projected = projectedLSTM(cell) { return projected }
    guard let found = RecurrentOperator(cell), found.clip == nil, !found.inputForget,
      found.peepholes.allSatisfy({ $0 == nil })
    else { return nil }
    let gates: [Int]
    var nonlinearity: String?
    switch (found.kind, found.activations) {
    case (.lstm, [.sigmoid, .tanh, .tanh]): gates = [0, 3, 1, 2]
    case (.gru, [.sigmoid, .tanh]) where found.linearBeforeReset: gates = [1, 0, 2]
    case (.rnn, [.tanh]): gates = [0]
    case (.rnn, [.relu]): (gates, nonlinearity) = ([0], "relu")
    default: return nil
    }
    func isStacked(_ sections: [Section?], _ name: String) -> Bool {
      sections.map { $0?.section } == gates
        && sections.allSatisfy { cell.parameters[$0!.parameter].name == "weight_\(name)" }
        && sections.allSatisfy {
          $0!.biases.allSatisfy { cell.parameters[$0].name == "bias_\(name)" }
        }
    }
    guard isStacked(found.input, "ih"), isStacked(found.recurrent, "hh") else { return nil }
    return PyTorchKind(
      name: found.kind.rawValue, hasBias: !found.input[0]!.biases.isEmpty,
      nonlinearity: nonlinearity)
  }

  /// An LSTM with a projection, which ONNX has not: held against the equations of ours, node by node.
  private static func projectedLSTM(_ cell: Cell) -> PyTorchKind? {
    guard let hidden = cell.states.first, hidden.shape.count == 1, hidden.shape != [.hidden],
      let size = try? hidden.size(CellSizes(input: 1, hidden: 1))
    else { return nil }
    for hasBias in [true, false] {
      guard let ours = try? Cell.lstm(projectionSize: size, bias: hasBias) else { continue }
      func maps(_ cell: Cell) -> [[[Int]]] {
        cell.graph.affineMaps.map { map in
          map.terms.map { [$0.source, $0.parameter] } + [map.biases]
        }
      }
      if cell.graph.nodes == ours.graph.nodes, maps(cell) == maps(ours),
        cell.nextStates == ours.nextStates, cell.outputs == ours.outputs,
        cell.parameters.map(\.name) == ours.parameters.map(\.name)
      {
        return PyTorchKind(name: "LSTM", hasBias: hasBias, projectionSize: size)
      }
    }
    return nil
  }
}
