import OnnxProto

/// A model made by hand.
struct MadeModel {
  var proto = Onnx_ModelProto()

  init(opset: Int64 = 17, _ nodes: [Onnx_NodeProto] = []) {
    proto.irVersion = 8
    var entry = Onnx_OperatorSetIdProto()
    entry.version = opset
    proto.opsetImport = [entry]
    proto.graph.node = nodes
    proto.graph.name = "made"
  }

  var bytes: [UInt8] { try! proto.fileBytes() }

  /// Adds an input of floats.
  mutating func addInput(_ name: String, _ shape: [String]) {
    proto.graph.input.append(Self.port(name, shape))
  }

  mutating func addOutput(_ name: String) {
    var output = Onnx_ValueInfoProto()
    output.name = name
    proto.graph.output.append(output)
  }

  /// - Parameter shape: Numbers, names, or empty for any.
  static func port(_ name: String, _ shape: [String], type: Int32 = 1) -> Onnx_ValueInfoProto {
    var info = Onnx_ValueInfoProto()
    info.name = name
    var tensor = Onnx_TypeProto.Tensor()
    tensor.elemType = type
    for size in shape {
      var dimension = Onnx_TensorShapeProto.Dimension()
      if let number = Int64(size) {
        dimension.dimValue = number
      } else if !size.isEmpty {
        dimension.dimParam = size
      }
      tensor.shape.dim.append(dimension)
    }
    info.type.tensorType = tensor
    return info
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [Onnx_AttributeProto] = [], name: String = ""
  ) -> Onnx_NodeProto {
    var node = Onnx_NodeProto()
    node.opType = type
    node.input = inputs
    node.output = outputs
    node.attribute = attributes
    node.name = name
    return node
  }

  static func attribute(_ name: String, _ value: Int64) -> Onnx_AttributeProto {
    var attribute = Onnx_AttributeProto()
    attribute.name = name
    attribute.type = .int
    attribute.i = value
    return attribute
  }

  static func attribute(_ name: String, _ graph: Onnx_GraphProto) -> Onnx_AttributeProto {
    var attribute = Onnx_AttributeProto()
    attribute.name = name
    attribute.type = .graph
    attribute.g = graph
    return attribute
  }

  static func integers(_ name: String, _ numbers: [Int64]) -> Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dataType = 7
    tensor.dims = [Int64(numbers.count)]
    tensor.int64Data = numbers
    return tensor
  }
}
