import OnnxProto

/// The value of a node's attribute.
public enum OnnxAttribute: Sendable {
  case integer(Int)
  case integers([Int])
  case number(Double)
  case numbers([Double])
  case string(String)
  case strings([String])
  /// A graph that the node runs, which may use what the graph around it has made.
  case graph(OnnxGraph)

  func proto(_ name: String) -> Onnx_AttributeProto {
    var proto = Onnx_AttributeProto()
    proto.name = name
    switch self {
    case .integer(let value):
      proto.type = .int
      proto.i = Int64(value)
    case .integers(let values):
      proto.type = .ints
      proto.ints = values.map(Int64.init)
    case .number(let value):
      proto.type = .float
      proto.f = Float(value)
    case .numbers(let values):
      proto.type = .floats
      proto.floats = values.map(Float.init)
    case .string(let value):
      proto.type = .string
      proto.s = .init(value.utf8)
    case .strings(let values):
      proto.type = .strings
      proto.strings = values.map { .init($0.utf8) }
    case .graph(let graph):
      proto.type = .graph
      proto.g = graph.proto
    }
    return proto
  }
}
