import OnnxProto
import RecurrentCore
import RecurrentONNX
import Testing

/// Places where ONNX' text leaves little room and a reader still goes wrong.
@Suite struct EdgeCaseTests {
  private func run(
    _ type: String, _ inputs: [OnnxValue], _ attributes: [Onnx_AttributeProto] = []
  ) throws -> OnnxValue? {
    let names = inputs.indices.map { "x\($0)" }
    var model = MadeModel([MadeModel.node(type, names, ["y"], attributes)])
    for name in names {
      var port = Onnx_ValueInfoProto()
      port.name = name
      model.proto.graph.input.append(port)
    }
    model.addOutput("y")
    return try OnnxModel(bytes: model.bytes, file: "made.onnx")
      .run(Dictionary(uniqueKeysWithValues: zip(names, inputs)))["y"]
  }

  private func integers(_ numbers: [Int64]) -> OnnxValue {
    .int64(OnnxArray(numbers, shape: [numbers.count]))
  }

  /// As ONNX Runtime has it: cut towards zero.
  @Test func wholeNumbersToPowersThatAreNone() throws {
    let powers = OnnxValue.float32(Tensor([0.5, 1.5, 2, 0.5], shape: [4]))
    guard case .int64(let y)? = try run("Pow", [integers([4, 9, 3, -1]), powers]) else {
      Issue.record("no whole numbers")
      return
    }
    #expect(y.elements == [2, 27, 9, 0])
  }

  /// A start before the first place is the first place.
  @Test func aSliceBackwardsFromBeforeTheFirst() throws {
    let x = OnnxValue.float32(Tensor([1, 2, 3, 4, 5], shape: [5]))
    for (start, end, expected) in [
      (-10, -100, [1]), (-5, -100, [1]), (10, 2, [5, 4]), (-1, -100, [5, 4, 3, 2, 1]),
      (0, -1, []), (2, 2, []),
    ] as [(Int64, Int64, [Float])] {
      let y = try run(
        "Slice", [x, integers([start]), integers([end]), integers([0]), integers([-1])])
      guard case .float32(let y)? = y else {
        Issue.record("no numbers")
        return
      }
      #expect(y.elements == expected, "\(start) to \(end)")
    }
  }

  @Test func moreGroupsThanThereAreNumbers() throws {
    var groups = Onnx_AttributeProto()
    groups.name = "group"
    groups.type = .int
    groups.i = 1 << 62
    #expect(throws: OnnxError.self) {
      try run(
        "Conv",
        [.float32(.zeros([1, 4, 5])), .float32(.zeros([0, 4, 3]))], [groups])
    }
  }
}
