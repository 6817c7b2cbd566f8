import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining
import TestSupport
import Testing

/// LSTM, GRU and RNN beside PyTorch's, over a grid of its seven parameters, projections, initial
/// states and lengths: outputs, final states and every gradient.
@Suite struct PyTorchRecurrentTests {
  static let cases = ["lstm", "projection", "gru", "rnn"].flatMap { GoldenFile($0).cases }

  @Test(arguments: cases) func equalsPyTorch(_ golden: GoldenCase) throws {
    let context = ComputeContext.default
    let layer = golden.layer(on: context).filledWithWaves()
    let batchFirst = golden["batch_first"].bool!
    let (steps, rows) = (golden["steps"].integer!, golden["batch"].integer!)
    let features = golden["input_size"].integer!
    let isUnbatched = golden["unbatched"].bool!
    let batched = batchFirst ? [rows, steps, features] : [steps, rows, features]
    let shape = isUnbatched ? [steps, features] : batched
    let names = layer.cell.states.map(\.name)
    let sizes = layer.stateSizes
    let directions = layer.isBidirectional ? 2 : 1
    let states: [Tensor] =
      golden["initial_state"].bool!
      ? names.indices.map { index in
        let front = [layer.numLayers * directions]
        return wave(
          front + (isUnbatched ? [] : [rows]) + [sizes[index]], scale: 0.5,
          phase: 200 + 100 * index, on: context)
      } : []
    let lengths = golden["lengths"].array?.map { $0.integer! }

    struct Inputs: TensorTree {
      var layer: RecurrentLayer
      var input: Tensor
      var states: [Tensor]
      mutating func visit(_ visitor: inout some TensorVisitor) {
        visitor.visit("layer", &layer)
        visitor.visit("input", &input)
        visitor.visit("states", &states)
      }
    }
    let traced = Inputs(
      layer: layer, input: wave(shape, scale: 1, phase: 100, on: context), states: states)
    let (_, gradient, result) = valueAndGradient(of: traced) {
      (inputs: Inputs) -> (Tensor, [Tensor]) in
      let state =
        inputs.states.isEmpty
        ? nil : RecurrentState(names: names, values: inputs.states)
      let (output, final) = inputs.layer(inputs.input, state: state, lengths: lengths)
      let results = [output] + names.map { final[$0] }
      var sum = Tensor(scalar: 0, on: context)
      for (index, result) in results.enumerated() {
        sum =
          sum + (result * wave(result.shape, scale: 1, phase: 400 + 100 * index, on: context)).sum()
      }
      return (sum, results)
    }

    for (name, found) in zip(["output", "h_n", "c_n"], result) {
      expectValues(found, golden.tensor(name), name)
    }
    for (path, found) in gradient.layer.namedTensors {
      expectGradient(found, golden.tensor("grad/\(path)"), "\(path)")
    }
    expectGradient(gradient.input, golden.tensor("grad/input"), "input")
    for (name, found) in zip(["h_0", "c_0"], gradient.states) {
      expectGradient(found, golden.tensor("grad/\(name)"), name)
    }
  }

  @Test(arguments: GoldenFile("training").cases)
  func theFirstTenLossesOfAdam(_ golden: GoldenCase) throws {
    let layer = golden.layer(on: .default)
    var model = Regression(
      recurrent: layer,
      linear: Linear(
        inputSize: layer.outputSize, outputSize: golden["output_size"].integer!,
        key: RandomKey(seed: 0))
    ).filledWithWaves()
    let (steps, rows) = (golden["steps"].integer!, golden["batch"].integer!)
    let input = wave([steps, rows, golden["input_size"].integer!], scale: 1, phase: 100)
    let target = wave([rows, golden["output_size"].integer!], scale: 1, phase: 700)
    var optimizer = Adam(for: model, learningRate: golden["learning_rate"].number!)
    var losses: [Float] = []
    for _ in 0..<10 {
      let (loss, gradient) = valueAndGradient(of: model) { model in
        meanSquaredError(model(input), target)
      }
      losses.append(loss.scalar)
      optimizer.update(&model, gradient: gradient)
    }
    expectValues(Tensor(losses, shape: [10]), golden.tensor("losses"), "losses")
    for (path, found) in model.namedTensors {
      expectValues(found, golden.tensor("final/\(path)"), "final \(path)")
    }
  }

  private struct Regression: TensorTree {
    var recurrent: RecurrentLayer
    var linear: Linear
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("recurrent", &recurrent)
      visitor.visit("linear", &linear)
    }
    func callAsFunction(_ input: Tensor) -> Tensor {
      let output = recurrent(input).output
      let steps = output.shape[0]
      let last = output.slice(axis: 0, range: steps - 1..<steps)
      return linear(last.reshaped([output.shape[1], output.shape[2]]))
    }
  }
}

extension GoldenCase {
  /// The layer that the case is about, with whatever weights.
  fileprivate func layer(on context: ComputeContext) -> RecurrentLayer {
    let (input, hidden) = (self["input_size"].integer!, self["hidden_size"].integer!)
    let (layers, bias) = (self["num_layers"].integer!, self["bias"].bool!)
    let (first, both) = (self["batch_first"].bool!, self["bidirectional"].bool!)
    let dropout = self["dropout"].number!
    let key = RandomKey(seed: 1)
    switch self["family"].string! {
    case "lstm":
      let projection = self["proj_size"].integer!
      return LSTM(
        inputSize: input, hiddenSize: hidden, numLayers: layers, bias: bias, batchFirst: first,
        dropout: dropout, bidirectional: both, projectionSize: projection > 0 ? projection : nil,
        key: key, on: context)
    case "gru":
      return GRU(
        inputSize: input, hiddenSize: hidden, numLayers: layers, bias: bias, batchFirst: first,
        dropout: dropout, bidirectional: both, key: key, on: context)
    default:
      return RNN(
        inputSize: input, hiddenSize: hidden, numLayers: layers,
        nonlinearity: Cell.Nonlinearity(rawValue: self["nonlinearity"].string!)!, bias: bias,
        batchFirst: first, dropout: dropout, bidirectional: both, key: key, on: context)
    }
  }
}

extension RecurrentLayer {
  /// Elements of a row of each state.
  fileprivate var stateSizes: [Int] {
    let zero = zeroState()
    return zero.names.map { zero[$0].shape.last! }
  }
}

private func expectValues(_ found: Tensor, _ expected: Tensor, _ what: String) {
  #expect(found.shape == expected.shape, "shape of \(what)")
  let worst = zip(found.elements, expected.elements).map { abs($0 - $1) / (1 + abs($1)) }
    .reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
  #expect(worst <= 1e-5, "\(what)")
}

private func expectGradient(_ found: Tensor, _ expected: Tensor, _ what: String) {
  #expect(found.shape == expected.shape, "shape of the gradient of \(what)")
  let scale = 1 + (expected.elements.map { abs($0) }.max() ?? 0)
  let worst = zip(found.elements, expected.elements).map { abs($0 - $1) }
    .reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
  #expect(worst <= 1e-5 * scale, "gradient of \(what)")
}
