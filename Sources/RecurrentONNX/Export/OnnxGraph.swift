import OnnxProto
import RecurrentCore

/// A graph on its way into an ONNX file: what is appended stands in the order in which it is computed.
///
/// ```swift
/// var graph = OnnxGraph("doubled")
/// let x = graph.input("x", [.named("rows"), .number(3)])
/// graph.output(graph.append("Add", [x, x]), as: "y", [.named("rows"), .number(3)])
/// try OnnxDocument(graph).write(to: "doubled.onnx")
/// ```
///
/// Operators have the meaning of ``OnnxDocument/opset``.
public struct OnnxGraph: Sendable {
  /// A value of the graph: an input, a stored tensor, or what a node gives.
  public struct Edge: Hashable, Sendable {
    let name: String
  }

  private(set) var proto = Onnx_GraphProto()
  /// In front of the names of everything that has none of its own, so that no name within a node's
  /// graph is one of the graph around it.
  private let prefix: String
  private var made = 0
  /// The names of inputs, outputs and stored tensors.
  private var taken: Set<String> = []
  /// By shape and numbers.
  private var integerEdges: [[Int]: [[Int]: Edge]] = [:]

  public init(_ name: String) {
    proto.name = name
    prefix = ""
  }

  /// A graph for a node of this one; it may use this one's edges.
  public mutating func inner(_ name: String) -> OnnxGraph {
    OnnxGraph(inner: newName(name))
  }

  private init(inner name: String) {
    proto.name = name
    prefix = name + "/"
  }

  /// For a stored tensor or a graph.
  private mutating func newName(_ stem: String) -> String {
    repeat { made += 1 } while taken.contains("\(prefix)\(stem)_\(made)")
    taken.insert("\(prefix)\(stem)_\(made)")
    return "\(prefix)\(stem)_\(made)"
  }

  /// For what a node gives: nothing else is called like that.
  private mutating func newValue(_ type: String) -> String {
    made += 1
    return "\(prefix)/\(type)_\(made)"
  }

  private mutating func take(_ name: String) {
    precondition(
      !name.hasPrefix("/") && taken.insert(prefix + name).inserted,
      "Values have names of their own, without / in front; found another \(name)")
  }

  // MARK: What goes in and comes out

  /// An input of float32.
  ///
  /// - Precondition: Nothing else has the name.
  public mutating func input(_ name: String, _ shape: [OnnxPort.Size]) -> Edge {
    take(name)
    proto.input.append(.init(prefix + name, shape))
    return Edge(name: prefix + name)
  }

  /// Names an output of float32.
  ///
  /// - Precondition: Nothing else has the name.
  public mutating func output(_ edge: Edge, as name: String, _ shape: [OnnxPort.Size]) {
    take(name)
    var node = Onnx_NodeProto()
    node.opType = "Identity"
    node.input = [edge.name]
    node.output = [prefix + name]
    proto.node.append(node)
    proto.output.append(.init(prefix + name, shape))
  }

  // MARK: What is stored

  /// A tensor that the file holds.
  public mutating func constant(_ tensor: Tensor, named name: String = "constant") -> Edge {
    var stored = Onnx_TensorProto()
    stored.name = newName(name)
    stored.dataType = 1
    stored.dims = tensor.shape.map(Int64.init)
    stored.rawData = .init(tensor.bytes)
    proto.initializer.append(stored)
    return Edge(name: stored.name)
  }

  /// A vector of whole numbers: axes, a shape.
  public mutating func integers(_ numbers: [Int]) -> Edge { stored(numbers, dims: [numbers.count]) }

  /// A single whole number: an axis, a place.
  public mutating func integer(_ number: Int) -> Edge { stored([number], dims: []) }

  /// The same edge where the numbers were asked for before.
  private mutating func stored(_ numbers: [Int], dims: [Int]) -> Edge {
    if let known = integerEdges[dims]?[numbers] { return known }
    var stored = Onnx_TensorProto()
    stored.name = newName("integers")
    stored.dataType = 7
    stored.dims = dims.map(Int64.init)
    stored.int64Data = numbers.map(Int64.init)
    proto.initializer.append(stored)
    let edge = Edge(name: stored.name)
    integerEdges[dims, default: [:]][numbers] = edge
    return edge
  }

  // MARK: Nodes

  /// A node with several outputs.
  ///
  /// - Parameter inputs: nil where an input is left out.
  public mutating func append(
    _ type: String, _ inputs: [Edge?], outputs: Int,
    _ attributes: [String: OnnxAttribute] = [:]
  ) -> [Edge] {
    var node = Onnx_NodeProto()
    node.opType = type
    var names = inputs.map { $0?.name ?? "" }
    while names.last == "" { names.removeLast() }
    node.input = names
    node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto($0) }
    let edges = (0..<outputs).map { _ in Edge(name: newValue(type)) }
    node.output = edges.map(\.name)
    node.name = edges[0].name
    proto.node.append(node)
    return edges
  }

  /// A node with one output.
  public mutating func append(
    _ type: String, _ inputs: [Edge?], _ attributes: [String: OnnxAttribute] = [:]
  ) -> Edge {
    append(type, inputs, outputs: 1, attributes)[0]
  }
}

extension Onnx_GraphProto {
  /// Without the nodes and stored tensors that no output needs.
  func withoutUnused() -> Onnx_GraphProto {
    var used = Set(output.map(\.name))
    var kept: [Onnx_NodeProto] = []
    for node in node.reversed() where node.output.contains(where: used.contains) {
      kept.append(node)
      used.formUnion(node.namesRead)
    }
    var graph = self
    graph.node = kept.reversed()
    graph.initializer = initializer.filter { used.contains($0.name) }
    return graph
  }
}

extension Onnx_NodeProto {
  /// The names that the node reads, within its graphs too.
  fileprivate var namesRead: [String] {
    input
      + attribute.flatMap { attribute in
        attribute.hasG
          ? attribute.g.node.flatMap(\.namesRead) + attribute.g.output.map(\.name) : []
      }
  }
}

extension Onnx_ValueInfoProto {
  fileprivate init(_ name: String, _ shape: [OnnxPort.Size]) {
    self.init()
    self.name = name
    var tensor = Onnx_TypeProto.Tensor()
    tensor.elemType = 1
    tensor.shape.dim = shape.map { size in
      var dimension = Onnx_TensorShapeProto.Dimension()
      switch size {
      case .number(let number): dimension.dimValue = Int64(number)
      case .named(let name): dimension.dimParam = name
      case .any: break
      }
      return dimension
    }
    type.tensorType = tensor
  }
}
