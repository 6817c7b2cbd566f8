import RecurrentCells
import RecurrentCore

/// One of ONNX' recurrent operators: its equations, in ONNX' order of gates, and where its parameters
/// stand in the stacked ones of a node.
protocol RecurrentFamily: Sendable {
  /// Sections of the stacked matrices.
  static var gates: Int { get }
  /// What its activations are where the node does not say.
  static var defaultActivations: [String] { get }
  /// Whether it carries a memory cell beside its output.
  static var hasMemory: Bool { get }
  /// Attributes that it alone has.
  static func read(_ node: NodeReader, into attributes: inout RecurrentAttributes) throws
  /// The equations of one direction.
  static func cell(_ attributes: RecurrentAttributes) throws(CellError) -> Cell
  /// The cell's parameters by their names.
  static func parameters(
    _ stacked: StackedParameters, _ attributes: RecurrentAttributes
  ) -> [String: Tensor]
}

/// What a node gives for one direction.
struct StackedParameters {
  let hidden: Int
  /// [gates · hidden, input]
  let w: Tensor
  /// [gates · hidden, hidden]
  let r: Tensor
  /// Wb, then Rb.
  let b: Tensor?
  /// Of the input, the output and the forget gate.
  let p: Tensor?

  /// Some sections of the matrices and biases, in order.
  ///
  /// - Parameter name: Of the affine map, with an underscore behind.
  func affine(_ name: String, sections: [Range<Int>]) -> [String: Tensor] {
    func rows(_ tensor: Tensor, _ start: Int) -> Tensor {
      let parts = sections.map {
        tensor.slice(
          axis: 0, range: start + $0.lowerBound * hidden..<start + $0.upperBound * hidden)
      }
      return parts.count == 1 ? parts[0] : concatenated(parts, alongAxis: 0)
    }
    var found = ["weight_\(name)ih": rows(w, 0), "weight_\(name)hh": rows(r, 0)]
    if let b {
      found["bias_\(name)ih"] = rows(b, 0)
      found["bias_\(name)hh"] = rows(b, b.count / 2)
    }
    return found
  }
}

/// i, f, o = f(W x + b + R h₋₁ + b′ + p ⊙ c), c = f ⊙ c₋₁ + i ⊙ g(…), h = o ⊙ h(c).
enum LSTMFamily: RecurrentFamily {
  static let gates = 4
  static let defaultActivations = ["Sigmoid", "Tanh", "Tanh"]
  static let hasMemory = true

  static func read(_ node: NodeReader, into attributes: inout RecurrentAttributes) throws {
    attributes.couplesForget = try node.flag("input_forget")
  }

  static func cell(_ attributes: RecurrentAttributes) throws(CellError) -> Cell {
    let functions = attributes.activations
    let (squash, candidate, exposed) = (functions[0], functions[1], functions[2])
    let sections = attributes.couplesForget ? ["i", "o", "c"] : ["i", "o", "f", "c"]
    return try Cell("LSTM") { step in
      let (h, c) = (step.state("h"), step.state("c"))
      let a = step.affine(sections, of: step.input, h, bias: attributes.hasBias)
      func gate(_ name: String, seeing memory: Vector) -> Vector {
        let sum = attributes.hasPeepholes ? a[name] + step.peephole(name, memory) : a[name]
        return squash(attributes.clipped(sum))
      }
      let i = gate("i", seeing: c)
      let f = attributes.couplesForget ? 1 - i : gate("f", seeing: c)
      let memory = f * c + i * candidate(attributes.clipped(a["c"]))
      let next = gate("o", seeing: memory) * exposed(memory)
      step.next(c, memory)
      step.next(h, next)
      step.output(next)
    }
  }

  static func parameters(
    _ stacked: StackedParameters, _ attributes: RecurrentAttributes
  ) -> [String: Tensor] {
    var found = stacked.affine("", sections: attributes.couplesForget ? [0..<2, 3..<4] : [0..<4])
    if let p = stacked.p {
      for (place, gate) in ["i", "o", "f"].enumerated()
      where gate != "f" || !attributes.couplesForget {
        found["peephole_\(gate)"] = p.slice(
          axis: 0, range: place * stacked.hidden..<(place + 1) * stacked.hidden)
      }
    }
    return found
  }
}

/// z, r = f(W x + b + R h₋₁ + b′), n = g(W x + b + R (r ⊙ h₋₁) + b′), or with r ⊙ (R h₋₁ + b′) in it,
/// h = (1 − z) ⊙ n + z ⊙ h₋₁.
enum GRUFamily: RecurrentFamily {
  static let gates = 3
  static let defaultActivations = ["Sigmoid", "Tanh"]
  static let hasMemory = false

  static func read(_ node: NodeReader, into attributes: inout RecurrentAttributes) throws {
    attributes.resetsAfter = try node.flag("linear_before_reset")
  }

  static func cell(_ attributes: RecurrentAttributes) throws(CellError) -> Cell {
    let (squash, candidate) = (attributes.activations[0], attributes.activations[1])
    let bias = attributes.hasBias
    return try Cell("GRU") { step in
      let h = step.state("h")
      func gate(_ sum: Vector) -> Vector { squash(attributes.clipped(sum)) }
      let (z, sum): (Vector, Vector)
      if attributes.resetsAfter {
        let x = step.affine(["z", "r", "h"], of: step.input, bias: bias)
        let u = step.affine(["z", "r", "h"], of: h, bias: bias)
        z = gate(x["z"] + u["z"])
        sum = x["h"] + gate(x["r"] + u["r"]) * u["h"]
      } else {
        let a = step.affine(["z", "r"], of: step.input, h, bias: bias)
        z = gate(a["z"])
        sum = step.affine(["h"], of: step.input, gate(a["r"]) * h, bias: bias, named: "h")["h"]
      }
      let n = candidate(attributes.clipped(sum))
      let next = n + z * (h - n)
      step.next(h, next)
      step.output(next)
    }
  }

  static func parameters(
    _ stacked: StackedParameters, _ attributes: RecurrentAttributes
  ) -> [String: Tensor] {
    if attributes.resetsAfter { return stacked.affine("", sections: [0..<3]) }
    return stacked.affine("", sections: [0..<2])
      .merging(stacked.affine("h_", sections: [2..<3])) { $1 }
  }
}

/// h = f(W x + b + R h₋₁ + b′).
enum RNNFamily: RecurrentFamily {
  static let gates = 1
  static let defaultActivations = ["Tanh"]
  static let hasMemory = false

  static func read(_ node: NodeReader, into attributes: inout RecurrentAttributes) {}

  static func cell(_ attributes: RecurrentAttributes) throws(CellError) -> Cell {
    try Cell("RNN") { step in
      let h = step.state("h")
      let sum = step.affine([""], of: step.input, h, bias: attributes.hasBias)[""]
      let next = attributes.activations[0](attributes.clipped(sum))
      step.next(h, next)
      step.output(next)
    }
  }

  static func parameters(
    _ stacked: StackedParameters, _ attributes: RecurrentAttributes
  ) -> [String: Tensor] {
    stacked.affine("", sections: [0..<1])
  }
}
