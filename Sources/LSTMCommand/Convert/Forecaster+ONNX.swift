import Recurrent
import RecurrentONNX

extension Forecaster {
  /// The networks as one ONNX model; the statistical base, which prepares what they read and takes up
  /// what they say, is not in it.
  ///
  /// Inputs are `inputs` [windows, seasons, 2 · season] and `context` [windows, horizon + 2], as
  /// a forecaster makes them; outputs, averaged over the networks, `centre` [windows, horizon]
  /// and `below`, `above` [windows, horizon, levels], in units of the base's errors.
  func onnx(metadata: [String: String]) -> OnnxDocument {
    var graph = OnnxGraph("forecaster")
    let horizon = configuration.horizon
    let levels = configuration.levels.count
    let first = networks[0]
    let inputs = graph.input(
      "inputs", [.named("windows"), .named("seasons"), .number(first.recurrent.inputSize)])
    let context = graph.input(
      "context",
      [.named("windows"), .number(first.answer.weight.shape[1] - first.recurrent.outputSize)])
    let steps = graph.append("Transpose", [inputs], ["perm": .integers([1, 0, 2])])
    let all = networks.map { graph.append($0, to: steps, context: context) }
    let scale = graph.constant(Tensor(scalar: 1 / Float(all.count)), named: "share")
    func mean(_ part: KeyPath<OnnxGraph.ForecastEdges, OnnxGraph.Edge>) -> OnnxGraph.Edge {
      let parts = all.map { $0[keyPath: part] }
      return graph.append("Mul", [graph.append("Sum", parts), scale])
    }
    let sizes: [OnnxPort.Size] = [.named("windows"), .number(horizon)]
    graph.output(mean(\.centre), as: "centre", sizes)
    graph.output(mean(\.below), as: "below", sizes + [.number(levels)])
    graph.output(mean(\.above), as: "above", sizes + [.number(levels)])
    return OnnxDocument(graph, metadata: metadata)
  }
}

extension OnnxGraph {
  fileprivate struct ForecastEdges {
    let centre, below, above: Edge
  }

  /// One network.
  ///
  /// - Parameters:
  ///   - steps: [seasons, windows, features]
  ///   - context: [windows, context size]
  fileprivate mutating func append(
    _ network: ForecastNetwork, to steps: Edge, context: Edge
  ) -> ForecastEdges {
    let outputs = append(network.recurrent, to: steps).output
    let last = append("Gather", [outputs, integer(-1)], ["axis": .integer(0)])
    let head = append(
      "Gemm",
      [
        append("Concat", [last, context], ["axis": .integer(1)]),
        constant(network.answer.weight, named: "head.weight"),
        network.answer.bias.map { constant($0, named: "head.bias") },
      ], ["transB": .integer(1)])
    let levels = network.levels.count
    let sides = ForecastHead.widthOffsets(network.levels)
    let offsets = Tensor(sides + sides, shape: [2 * levels])
    let all = append(
      "Reshape", [head, integers([-1, network.horizon, 1 + 2 * levels])])
    let parts = append(
      "Split", [all, integers([1, 2 * levels])], outputs: 2, ["axis": .integer(2)])
    let widths = append(
      "Softplus", [append("Add", [parts[1], constant(offsets, named: "offsets")])])
    let distances = append(
      "Split", [widths, integers([levels, levels])], outputs: 2, ["axis": .integer(2)])
    return ForecastEdges(
      centre: append("Squeeze", [parts[0], integers([2])]),
      below: append("CumSum", [distances[0], integer(2)]),
      above: append("CumSum", [distances[1], integer(2)]))
  }
}
