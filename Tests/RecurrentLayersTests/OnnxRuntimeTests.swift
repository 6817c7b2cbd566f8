import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import TestSupport
import Testing

/// What PyTorch does not have, beside ONNX Runtime: peepholes, coupled gates, clipped sums, other
/// activations, both forms of the GRU; one direction and both, initial states and lengths.
@Suite struct OnnxRuntimeTests {
  @Test(arguments: GoldenFile("recurrent", of: "onnxruntime").cases)
  func equalsOnnxRuntime(_ golden: GoldenCase) throws {
    let (features, hidden) = (golden["input_size"].integer!, golden["hidden_size"].integer!)
    let (steps, rows) = (golden["steps"].integer!, golden["batch"].integer!)
    let directions = golden["directions"].integer!
    let names = golden["parameters"].array!.map { $0.string! }
    let plain = try RecurrentLayer(
      golden.cell(), inputSize: features, hiddenSize: hidden, bidirectional: directions == 2,
      key: RandomKey(seed: 1))
    #expect(Set(plain.namedTensors.map(\.path.description)) == Set(names))
    let scale = golden["scale"].number!
    let layer = plain.mapTensors { path, tensor in
      wave(tensor.shape, scale: scale, phase: names.firstIndex(of: path.description)!)
    }
    var state: RecurrentState?
    if golden["initial_state"].bool! {
      var start = layer.zeroState(batch: rows)
      for (index, name) in start.names.enumerated() {
        start[name] = wave([directions, rows, hidden], scale: 0.5, phase: 200 + 100 * index)
      }
      state = start
    }
    let (output, final) = layer(
      wave([steps, rows, features], phase: 100), state: state,
      lengths: golden["lengths"].array?.map { $0.integer! })
    #expect(mismatch(output, golden.tensor("output")) == nil)
    for name in final.names {
      #expect(mismatch(final[name], golden.tensor("\(name)_n")) == nil, "\(name)")
    }
  }
}

extension GoldenCase {
  /// The cell that the case is about.
  fileprivate func cell() throws -> Cell {
    let bias = self["bias"].bool!
    switch self["family"].string! {
    case "gru": return try .gru(bias: bias)
    case "gru-reset-before": return try .gruResetBefore(bias: bias)
    case "rnn":
      return try .rnn(
        self["activations"].array![0]["name"]!.string! == "Relu" ? .relu : .tanh, bias: bias)
    default: break
    }
    var lstm = LSTMOptions()
    lstm.bias = bias
    lstm.peepholes = Set(
      self["peepholes"].string!.map { LSTMOptions.Gate(rawValue: String($0))! })
    if self["coupled"].bool! { lstm.coupling = .forgetFromInput }
    lstm.gateClip = options["clip"]?.number
    let functions = self["activations"].array!.map(activation)
    (lstm.gateActivation, lstm.activation, lstm.outputActivation) = (
      functions[0], functions[1], functions[2]
    )
    return try .lstm(lstm)
  }

  private func activation(_ description: JSONValue) -> Activation {
    func number(_ name: String) -> Double { description[name]!.number! }
    switch description["name"]!.string! {
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Relu": return .relu
    case "Softsign": return .softsign
    case "Softplus": return .softplus
    case "Affine": return .affine(alpha: number("alpha"), beta: number("beta"))
    case "LeakyRelu": return .leakyRelu(alpha: number("alpha"))
    case "ThresholdedRelu": return .thresholdedRelu(alpha: number("alpha"))
    case "ScaledTanh": return .scaledTanh(alpha: number("alpha"), beta: number("beta"))
    case "HardSigmoid": return .hardSigmoid(alpha: number("alpha"), beta: number("beta"))
    case "Elu": return .elu(alpha: number("alpha"))
    default: fatalError("\(self.name) has an activation of no name known")
    }
  }
}
