import RecurrentCells
import RecurrentCore
import RecurrentLayers

extension OnnxGraph {
  /// What a recurrent layer gives.
  public struct Recurrence: Sendable {
    /// [time, batch, output size]
    public let output: Edge
    /// For each state of the cell, in its order, [layers · directions, batch, size].
    public let states: [Edge]
  }

  /// Appends a recurrent layer as it is without a random key.
  ///
  /// A cell that is one of ONNX' own becomes an `LSTM`, `GRU` or `RNN`, any other a `Scan` of
  /// elementary operators, made from its equations.
  ///
  /// - Parameters:
  ///   - input: [time, batch, input size], also where the layer is batch-first.
  ///   - states: For each state of the cell [layers · directions, batch, size]; nil: zero, or learnt.
  public mutating func append(
    _ layer: RecurrentLayer, to input: Edge, states: [Edge]? = nil
  ) -> Recurrence {
    var features = input
    let names = layer.cell.states.map(\.name)
    var finals = [[Edge]](repeating: [], count: names.count)
    let directions = layer.isBidirectional ? 2 : 1
    var below = [[String: Edge]](repeating: [:], count: directions)
    for (index, part) in layer.parts.enumerated() {
      var outputs: [Edge] = []
      for direction in 0..<directions {
        let place = index * directions + direction
        let first = names.indices.map { state -> Edge? in
          if let states { return slice(states[state], axis: 0, at: place) }
          return part.starts[direction][state].learnt.map { start in
            append(
              "Expand",
              [
                constant(start.reshaped([1, start.count]), named: "initial_\(names[state])"),
                batchShape(of: features, start.count),
              ])
          }
        }
        let result = append(
          part, direction: direction, features: features, below: below[direction], states: first)
        outputs.append(result.outputs[0])
        below[direction] = Dictionary(
          uniqueKeysWithValues: zip(part.readAbove, result.outputs.dropFirst()))
        for state in names.indices {
          finals[state].append(append("Unsqueeze", [result.states[state], integers([0])]))
        }
      }
      let merged = outputs.count == 1 ? outputs[0] : append(layer.merge, outputs)
      features = layer.isResidual && index > 0 ? append("Add", [merged, features]) : merged
    }
    return Recurrence(
      output: features,
      states: finals.map { $0.count == 1 ? $0[0] : append("Concat", $0, ["axis": .integer(0)]) })
  }

  private mutating func append(_ merge: DirectionMerge, _ outputs: [Edge]) -> Edge {
    switch merge {
    case .concatenate: return append("Concat", outputs, ["axis": .integer(2)])
    case .sum: return append("Add", outputs)
    case .mean:
      let half = constant(Tensor(scalar: 0.5), named: "half")
      return append("Mul", [append("Add", outputs), half])
    case .product: return append("Mul", outputs)
    }
  }

  /// A place of an axis, without the axis.
  private mutating func slice(_ edge: Edge, axis: Int, at place: Int) -> Edge {
    let part = append(
      "Slice", [edge, integers([place]), integers([place + 1]), integers([axis])])
    return append("Squeeze", [part, integers([axis])])
  }

  /// [batch, size], as a shape.
  private mutating func batchShape(of features: Edge, _ size: Int) -> Edge {
    let batch = append(
      "Slice", [append("Shape", [features]), integers([1]), integers([2]), integers([0])])
    return append("Concat", [batch, integers([size])], ["axis": .integer(0)])
  }

  /// One direction of a layer: output and recordings [time, batch, size], states [batch, size].
  private mutating func append(
    _ part: RecurrentLayer.Part, direction: Int, features: Edge, below: [String: Edge],
    states: [Edge?]
  ) -> (outputs: [Edge], states: [Edge]) {
    let parameters = part.parameters[direction]
    if let recurrent = RecurrentOperator(part.cell) {
      return append(
        recurrent, part, parameters, features: features, states: states,
        isReversed: direction == 1)
    }
    let starts = states.indices.map { state -> Edge in
      states[state]
        ?? append(
          "ConstantOfShape", [batchShape(of: features, part.starts[direction][state].size)])
    }
    return CellScan.append(
      part.cell, sizes: part.sizes, parameters: parameters,
      inputs: part.cell.inputs.map { $0.stateBelow.map { below[$0]! } ?? features },
      states: starts, isReversed: direction == 1, to: &self)
  }

  private mutating func append(
    _ recurrent: RecurrentOperator, _ part: RecurrentLayer.Part, _ parameters: [Tensor],
    features: Edge, states: [Edge?], isReversed: Bool
  ) -> (outputs: [Edge], states: [Edge]) {
    let hidden = part.sizes.hidden
    let weights = [(recurrent.input, "W"), (recurrent.recurrent, "R")].map { sections, name in
      constant(
        recurrent.matrix(of: sections, parameters, hidden: hidden), named: name)
    }
    let bias = recurrent.bias(parameters, hidden: hidden).map { constant($0, named: "B") }
    let peepholes = recurrent.peephole(parameters, hidden: hidden).map { constant($0, named: "P") }
    let starts = recurrent.states.map { state in
      states[state].map { append("Unsqueeze", [$0, integers([0])]) }
    }
    let results = append(
      recurrent.kind.rawValue, [features] + weights + [bias, nil] + starts + [peepholes],
      outputs: 1 + starts.count, recurrent.attributes(hidden: hidden, isReversed: isReversed))
    // Without the axis of directions, which is the second of the outputs, the first of the states.
    var finals = [Edge?](repeating: nil, count: states.count)
    for (place, state) in recurrent.states.enumerated() {
      finals[state] = append("Squeeze", [results[1 + place], integers([0])])
    }
    return ([append("Squeeze", [results[0], integers([1])])], finals.map { $0! })
  }
}

extension RecurrentOperator {
  /// [1, gates · hidden, columns] in the operator's order of gates.
  fileprivate func matrix(of sections: [Section?], _ parameters: [Tensor], hidden: Int) -> Tensor {
    let columns = parameters[sections.lazy.compactMap { $0 }.first!.parameter].shape[1]
    let parts = sections.map { section in
      section.map { rows($0.parameter, $0.section, parameters, hidden) }
        ?? .zeros([hidden, columns])
    }
    return concatenated(parts, alongAxis: 0).reshaped([1, sections.count * hidden, columns])
  }

  /// [1, 2 · gates · hidden]: those beside W, then those beside R; nil where the cell has none.
  fileprivate func bias(_ parameters: [Tensor], hidden: Int) -> Tensor? {
    let sections = input + recurrent
    if sections.allSatisfy({ $0?.biases.isEmpty ?? true }) { return nil }
    let parts = sections.map { section -> Tensor in
      guard let section else { return .zeros([hidden]) }
      return section.biases.reduce(.zeros([hidden])) {
        $0 + rows($1, section.section, parameters, hidden)
      }
    }
    return concatenated(parts, alongAxis: 0).reshaped([1, sections.count * hidden])
  }

  /// [1, 3 · hidden]; nil where the cell has none.
  fileprivate func peephole(_ parameters: [Tensor], hidden: Int) -> Tensor? {
    if peepholes.allSatisfy({ $0 == nil }) { return nil }
    let parts = peepholes.map { $0.map { parameters[$0] } ?? .zeros([hidden]) }
    return concatenated(parts, alongAxis: 0).reshaped([1, peepholes.count * hidden])
  }

  private func rows(
    _ parameter: Int, _ section: Int, _ parameters: [Tensor], _ hidden: Int
  ) -> Tensor {
    parameters[parameter].slice(axis: 0, range: section * hidden..<(section + 1) * hidden)
  }

  fileprivate func attributes(hidden: Int, isReversed: Bool) -> [String: OnnxAttribute] {
    var attributes: [String: OnnxAttribute] = [
      "hidden_size": .integer(hidden), "direction": .string(isReversed ? "reverse" : "forward"),
      "activations": .strings(activations.map(\.onnxName)),
    ]
    let alphas = activations.compactMap(\.onnxNumbers.alpha)
    if !alphas.isEmpty { attributes["activation_alpha"] = .numbers(alphas) }
    let betas = activations.compactMap(\.onnxNumbers.beta)
    if !betas.isEmpty { attributes["activation_beta"] = .numbers(betas) }
    if let clip { attributes["clip"] = .number(clip) }
    if inputForget { attributes["input_forget"] = .integer(1) }
    if linearBeforeReset { attributes["linear_before_reset"] = .integer(1) }
    return attributes
  }
}

extension Activation {
  /// The name of ONNX' attribute `activations`.
  fileprivate var onnxName: String {
    switch self {
    case .identity, .affine: "Affine"
    case .sigmoid: "Sigmoid"
    case .tanh: "Tanh"
    case .relu: "Relu"
    case .softsign: "Softsign"
    case .softplus: "Softplus"
    case .leakyRelu: "LeakyRelu"
    case .thresholdedRelu: "ThresholdedRelu"
    case .scaledTanh: "ScaledTanh"
    case .hardSigmoid: "HardSigmoid"
    case .elu: "Elu"
    }
  }

  /// Those of `activation_alpha` and `activation_beta`, which only functions with numbers take from.
  fileprivate var onnxNumbers: (alpha: Double?, beta: Double?) {
    switch self {
    case .sigmoid, .tanh, .relu, .softsign, .softplus: (nil, nil)
    case .identity: (1, 0)
    case .affine(let alpha, let beta), .scaledTanh(let alpha, let beta),
      .hardSigmoid(let alpha, let beta):
      (alpha, beta)
    case .leakyRelu(let alpha), .thresholdedRelu(let alpha), .elu(let alpha): (alpha, nil)
    }
  }
}
