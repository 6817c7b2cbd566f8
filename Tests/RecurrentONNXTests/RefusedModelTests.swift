import OnnxProto
import RecurrentCore
import RecurrentONNX
import TestSupport
import Testing

/// Models that cannot run: an error that says where and why, before anything does.
@Suite struct RefusedModelTests {
  private func refusal(_ model: MadeModel, limits: OnnxLimits = OnnxLimits()) -> String {
    do {
      let ready = try OnnxModel(bytes: model.bytes, file: "m.onnx", limits: limits)
      let x = OnnxValue.float32(Tensor.zeros([2, 3]))
      _ = try ready.run(Dictionary(uniqueKeysWithValues: ready.inputs.map { ($0.name, x) }))
      return "nothing"
    } catch {
      return "\(error)"
    }
  }

  private func model(
    _ nodes: [Onnx_NodeProto], opset: Int64 = 17, output: String = "y"
  ) -> MadeModel {
    var model = MadeModel(opset: opset, nodes)
    model.addInput("x", ["batch", "3"])
    model.addOutput(output)
    return model
  }

  @Test func anUnknownOperatorIsNamedWithItsNodeAndOpset() {
    let model = model([MadeModel.node("Frobnicate", ["x"], ["y"], name: "third")])
    #expect(
      refusal(model)
        == "m.onnx: node \"third\" (Frobnicate, opset 17): this operator is not known here")
  }

  @Test func anOperatorOfALaterOpset() {
    let found = refusal(model([MadeModel.node("Trilu", ["x"], ["y"])], opset: 11))
    #expect(found.hasSuffix("this operator came with opset 14"), "\(found)")
  }

  @Test(arguments: [Int64(-1), 0, 6, 99])
  func anOpsetThatIsNotKnown(_ opset: Int64) {
    let found = refusal(model([MadeModel.node("Relu", ["x"], ["y"])], opset: opset))
    #expect(found.contains("opset \(opset) is not known here"), "\(found)")
  }

  @Test func anAttributeThatTheOperatorDoesNotHave() {
    let node = MadeModel.node("Relu", ["x"], ["y"], [MadeModel.attribute("axis", 1)])
    #expect(refusal(model([node])).hasSuffix("attribute \"axis\" is not known here"))
  }

  @Test func namesThatNobodyMakesOrMakesTooLate() {
    let circle = model([
      MadeModel.node("Relu", ["b"], ["a"]), MadeModel.node("Relu", ["a"], ["b"]),
      MadeModel.node("Relu", ["b"], ["y"]),
    ])
    #expect(refusal(circle).contains("\"b\" is used before it is made"))
    let missing = model([MadeModel.node("Relu", ["nowhere"], ["y"])])
    #expect(refusal(missing).contains("\"nowhere\" is made by no node"))
    let output = model([MadeModel.node("Relu", ["x"], ["z"])])
    #expect(refusal(output).contains("output \"y\": \"y\" is made by no node"))
    let twice = model([MadeModel.node("Relu", ["x"], ["y"]), MadeModel.node("Abs", ["x"], ["y"])])
    #expect(refusal(twice).contains("two values are called \"y\""))
  }

  @Test func storedTensorsThatLie() {
    func found(_ change: (inout Onnx_TensorProto) -> Void) -> String {
      var model = model([MadeModel.node("Relu", ["x"], ["y"])])
      var tensor = MadeModel.integers("w", [1, 2, 3])
      change(&tensor)
      model.proto.graph.initializer = [tensor]
      return refusal(model)
    }
    #expect(found { $0.dims = [4] }.contains("initialiser \"w\": 4 numbers expected"))
    #expect(found { $0.dims = [-1] }.contains("a size is negative"))
    #expect(found { $0.dims = [1 << 40, 1 << 40] }.contains("larger than the limit"))
    #expect(found { $0.dims = [0, 1 << 62, 1 << 62] }.contains("larger than the limit"))
    #expect(found { $0.dataType = 8 }.contains("STRING are not computed here"))
    #expect(found { $0.dataType = -5 }.contains("type -5"))
    #expect(found { $0.rawData = .init([1, 2, 3]) }.contains("24 bytes expected"))
    #expect(found { $0.dataLocation = .external }.contains("in another file"))
  }

  @Test func numbersInAFileBesideTheModel() throws {
    let folder = try TemporaryFolder()
    var model = model([MadeModel.node("Add", ["x", "w"], ["y"])])
    var tensor = Onnx_TensorProto()
    (tensor.name, tensor.dataType, tensor.dims) = ("w", 1, [3])
    tensor.dataLocation = .external
    func entry(_ key: String, _ value: String) -> Onnx_StringStringEntryProto {
      var entry = Onnx_StringStringEntryProto()
      (entry.key, entry.value) = (key, value)
      return entry
    }
    func run(_ entries: [Onnx_StringStringEntryProto]) throws -> String {
      tensor.externalData = entries
      model.proto.graph.initializer = [tensor]
      try AtomicFile.write(model.bytes, to: folder.file("m.onnx"))
      do {
        let ready = try OnnxModel(path: folder.file("m.onnx"))
        let y = try ready.run(["x": .float32(.zeros([1, 3]))])["y"]
        guard case .float32(let sum)? = y else { return "nothing" }
        return "\(sum.elements)"
      } catch {
        return error.message
      }
    }
    let numbers: [Float] = [9, 1, 2, 3]
    let bytes = numbers.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
    }
    try AtomicFile.write(bytes, to: folder.file("m.data"))
    let place = [entry("location", "m.data"), entry("offset", "4"), entry("length", "12")]
    #expect(try run(place) == "[1.0, 2.0, 3.0]")
    #expect(
      try run([entry("location", "m.data"), entry("offset", "8")]).contains("12 bytes from 8"))
    #expect(try run([entry("location", "m.data"), entry("offset", "-8")]).contains("not a number"))
    #expect(
      try run([entry("location", "m.data"), entry("offset", "\(Int.max)")]).contains(
        "12 bytes from"))
    #expect(
      try run([entry("location", "m.data"), entry("length", "3")]).contains("12 bytes expected"))
    for name in ["../m.data", "/etc/passwd", "..", "", "a/b", "absent"] {
      let message = try run([entry("location", name)])
      #expect(message.contains("no file in the model's folder") || message.contains("No such file"))
    }
  }

  @Test func tensorsLargerThanTheLimit() {
    var model = model([
      MadeModel.node("ConstantOfShape", ["shape"], ["y"])
    ])
    model.proto.graph.initializer = [MadeModel.integers("shape", [1 << 20, 1 << 20])]
    #expect(refusal(model).contains("larger than the limit"))
    model.proto.graph.initializer = [MadeModel.integers("shape", [1 << 62, 1 << 62])]
    #expect(refusal(model).contains("larger than the limit"))
    model.proto.graph.initializer = [MadeModel.integers("shape", [-3])]
    #expect(refusal(model).contains("negative size"))
  }

  private func body(_ nodes: [Onnx_NodeProto], inputs: [String], outputs: [String])
    -> Onnx_GraphProto
  {
    var graph = Onnx_GraphProto()
    graph.node = nodes
    graph.input = inputs.map { MadeModel.port($0, []) }
    for index in graph.input.indices { graph.input[index].clearType() }
    graph.output = outputs.map { name in
      var output = Onnx_ValueInfoProto()
      output.name = name
      return output
    }
    return graph
  }

  @Test func aLoopWithoutEnd() {
    let step = body(
      [MadeModel.node("Identity", ["going"], ["on"]), MadeModel.node("Relu", ["v"], ["w"])],
      inputs: ["i", "going", "v"], outputs: ["on", "w"])
    let model = model([
      MadeModel.node("Loop", ["", "", "x"], ["y"], [MadeModel.attribute("body", step)])
    ])
    var limits = OnnxLimits()
    limits.loopSteps = 1000
    #expect(refusal(model, limits: limits).contains("within the limit of 1000 steps"))
  }

  @Test func graphsWithinEachOtherTooDeep() {
    var inner = body([MadeModel.node("Relu", ["x"], ["o"])], inputs: [], outputs: ["o"])
    for _ in 0..<30 {
      let branches = [
        MadeModel.attribute("then_branch", inner), MadeModel.attribute("else_branch", inner),
      ]
      // One branch is enough to go deep; two of them would double with every level.
      let leaf = body([MadeModel.node("Relu", ["x"], ["o"])], inputs: [], outputs: ["o"])
      inner = body(
        [
          MadeModel.node(
            "If", ["c"], ["o"], [branches[0], MadeModel.attribute("else_branch", leaf)])
        ], inputs: [], outputs: ["o"])
    }
    var model = model(inner.node, output: "o")
    model.addInput("c", [])
    let found = refusal(model)
    #expect(found.contains("deep") || found.contains("not an ONNX model"), "\(found)")
  }

  @Test func functionsThatCallEachOther() {
    var model = model([])
    var functions: [Onnx_FunctionProto] = []
    for name in ["f", "g"] {
      var function = Onnx_FunctionProto()
      (function.name, function.domain) = (name, "own")
      (function.input, function.output) = (["a"], ["b"])
      var call = MadeModel.node(name == "f" ? "g" : "f", ["a"], ["b"])
      call.domain = "own"
      function.node = [call]
      functions.append(function)
    }
    model.proto.functions = functions
    var call = MadeModel.node("f", ["x"], ["y"])
    call.domain = "own"
    model.proto.graph.node = [call]
    #expect(refusal(model).contains("deep"))
  }

  @Test func whatTheCallerGivesWrong() throws {
    let ready = try OnnxModel(
      bytes: model([MadeModel.node("Relu", ["x"], ["y"])]).bytes, file: "m.onnx")
    func found(_ given: [String: OnnxValue]) -> String {
      do { return "\(try ready.run(given))" } catch { return "\(error)" }
    }
    #expect(found([:]) == "m.onnx: input \"x\": no value is given for it: FLOAT [batch, 3]")
    #expect(found(["z": .float32(.zeros([1]))]).contains("has no input \"z\""))
    #expect(
      found(["x": .float32(.zeros([2, 4]))])
        == "m.onnx: input \"x\": FLOAT [batch, 3] expected, found float32 [2, 4]")
    #expect(found(["x": .int64(OnnxArray([1, 2, 3], shape: [1, 3]))]).contains("found int64"))
  }

  @Test func bytesThatAreNoModel() {
    for bytes in [
      [], [0xFF, 0xFF, 0xFF], Array("{\"a\": 1}".utf8), [UInt8](repeating: 0x0A, count: 99),
    ] {
      #expect(throws: OnnxError.self) { try OnnxModel(bytes: bytes, file: "m.onnx") }
    }
  }
}
