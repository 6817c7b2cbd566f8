import RecurrentONNX
import Testing

/// Whole numbers that no float holds.
@Suite struct WholeNumberTests {
  private let large: [Int64] = [1 << 53, (1 << 53) + 1, (1 << 53) - 1]

  private func run(
    _ type: String, inputs: [String: OnnxValue], outputs: [String]
  ) throws -> [String: OnnxValue] {
    var model = MadeModel([MadeModel.node(type, inputs.keys.sorted(), outputs)])
    for name in inputs.keys.sorted() {
      model.proto.graph.input.append(MadeModel.port(name, [""], type: 7))
    }
    for name in outputs { model.addOutput(name) }
    return try OnnxModel(bytes: model.bytes, file: "m.onnx").run(inputs)
  }

  @Test func areOrderedExactly() throws {
    let x = OnnxValue.int64(OnnxArray(large, shape: [3]))
    let place = try #require(run("ArgMax", inputs: ["x": x], outputs: ["y"])["y"])
    #expect(mismatch(place, .int64(OnnxArray([1], shape: [1])), tolerance: 0) == nil)
    let two = OnnxValue.int64(OnnxArray([2], shape: [1]))
    let top = try run("TopK", inputs: ["a": x, "k": two], outputs: ["values", "places"])
    let values = OnnxValue.int64(OnnxArray([large[1], large[0]], shape: [2]))
    #expect(mismatch(try #require(top["values"]), values, tolerance: 0) == nil)
  }

  @Test func wrapAroundAndDoNotTrap() throws {
    let bounds = OnnxValue.int64(OnnxArray([.min, .max, .min], shape: [3]))
    let others = OnnxValue.int64(OnnxArray([-1, 2, .min], shape: [3]))
    for type in ["Add", "Sub", "Mul", "Div", "Mod", "Pow", "Min", "Max"] {
      #expect(throws: Never.self) {
        try run(type, inputs: ["a": bounds, "b": others], outputs: ["y"])
      }
    }
    for type in ["Abs", "Neg", "Sign", "Relu", "ReduceSum", "ReduceL1", "ReduceMean", "ReduceProd"]
    {
      #expect(throws: Never.self) { try run(type, inputs: ["a": bounds], outputs: ["y"]) }
    }
  }

  @Test func areNotDividedByZero() {
    let one = OnnxValue.int64(OnnxArray([1], shape: [1]))
    let zero = OnnxValue.int64(OnnxArray([0], shape: [1]))
    for type in ["Div", "Mod"] {
      #expect(throws: OnnxError.self) {
        try run(type, inputs: ["a": one, "b": zero], outputs: ["y"])
      }
    }
  }
}
