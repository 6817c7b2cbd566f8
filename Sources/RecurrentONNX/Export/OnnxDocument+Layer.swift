import RecurrentCore
import RecurrentLayers

extension OnnxDocument {
  /// A recurrent layer as a model, as it is without a random key.
  ///
  /// Its input is `input` [time, batch, input size], or [batch, time, input size] where the layer is
  /// batch-first; its outputs are `output`, likewise, and for each state of the cell the last one:
  /// `h_n`, `c_n` [layers · directions, batch, size]. Time and batch may be any.
  ///
  /// - Parameter takesState: Whether it starts from states that it is given, `h_0` and `c_0`, instead
  ///   of from zero or what is learnt.
  public init(_ layer: RecurrentLayer, takesState: Bool = false) {
    var graph = OnnxGraph(layer.cell.name)
    let sequence: [OnnxPort.Size] =
      layer.batchFirst ? [.named("batch"), .named("time")] : [.named("time"), .named("batch")]
    let input = graph.input("input", sequence + [.number(layer.inputSize)])
    let places = layer.numLayers * (layer.isBidirectional ? 2 : 1)
    let states = layer.cell.states.indices.map { state -> [OnnxPort.Size] in
      [.number(places), .named("batch"), .number(layer.parts[0].starts[0][state].size)]
    }
    let given =
      takesState
      ? zip(layer.cell.states, states).map { graph.input("\($0.name)_0", $1) } : nil
    let turned: [String: OnnxAttribute] = ["perm": .integers([1, 0, 2])]
    let result = graph.append(
      layer, to: layer.batchFirst ? graph.append("Transpose", [input], turned) : input,
      states: given)
    graph.output(
      layer.batchFirst ? graph.append("Transpose", [result.output], turned) : result.output,
      as: "output", sequence + [.number(layer.outputSize)])
    for (index, state) in layer.cell.states.enumerated() {
      graph.output(result.states[index], as: "\(state.name)_n", states[index])
    }
    self.init(graph)
  }
}
