import OnnxProto
import RecurrentCore

/// What is in an ONNX file, whether it can be run here or not: the file's own words, of which only the
/// outermost are checked.
public struct OnnxContents: Sendable {
  /// The name used in errors.
  public let file: String
  /// The inputs for which the file has no value.
  public let inputs: [OnnxPort]
  public let outputs: [OnnxPort]
  /// Tensors that the file holds by name, in its order.
  public let initializers: [OnnxPort]
  /// How many nodes of each operator there are, those of graphs within nodes and of functions
  /// included; an operator of another domain has that before its name and a point.
  public let operators: [String: Int]
  /// Those of them that cannot be run here.
  public let unknownOperators: [String]
  /// The version of each domain of operators; that of ONNX itself is under the empty name.
  public let opsets: [String: Int]
  /// The strings under `metadata_props`.
  public let metadata: [String: String]
  /// What wrote the file, with its version.
  public let producer: String

  /// Reads a file.
  ///
  /// - Throws: If it cannot be read, or is not in the format; see ``OnnxError``.
  public init(path: String) throws(OnnxError) {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw OnnxError(error) }
    self = OnnxContents(try Self.proto(bytes, file: path), file: path)
  }

  /// The message in a file's bytes.
  static func proto(_ bytes: [UInt8], file: String) throws(OnnxError) -> Onnx_ModelProto {
    let proto: Onnx_ModelProto
    do { proto = try Onnx_ModelProto(fileBytes: bytes) } catch {
      throw OnnxError(file: file, message: "it is not an ONNX model: \(error)")
    }
    guard proto.hasGraph, !proto.opsetImport.isEmpty else {
      throw OnnxError(file: file, message: "it is not an ONNX model: it has no graph or no opset")
    }
    return proto
  }

  init(_ proto: Onnx_ModelProto, file: String) {
    self.file = file
    let stored = Set(proto.graph.initializer.map(\.name))
    inputs = proto.graph.input.filter { !stored.contains($0.name) }.map(OnnxPort.init)
    outputs = proto.graph.output.map(OnnxPort.init)
    initializers = proto.graph.initializer.map(OnnxPort.init)
    var counts: [String: Int] = [:]
    proto.graph.node.count(into: &counts)
    for function in proto.functions { function.node.count(into: &counts) }
    operators = counts
    let functions = Set(
      proto.functions.map { Self.name($0.name, domain: $0.domain) })
    unknownOperators = counts.keys
      .filter { Operator.all[$0] == nil && !functions.contains($0) }.sorted()
    opsets = Dictionary(
      proto.opsetImport.map { (GraphCompiler.domain($0.domain), Int($0.version)) },
      uniquingKeysWith: { $1 })
    metadata = Dictionary(
      proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    producer = [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }
      .joined(separator: " ")
  }

  fileprivate static func name(_ name: String, domain: String) -> String {
    let domain = GraphCompiler.domain(domain)
    return domain.isEmpty ? name : "\(domain).\(name)"
  }
}

extension [Onnx_NodeProto] {
  fileprivate func count(into counts: inout [String: Int]) {
    for node in self {
      counts[OnnxContents.name(node.opType, domain: node.domain), default: 0] += 1
      for attribute in node.attribute where attribute.hasG {
        attribute.g.node.count(into: &counts)
      }
    }
  }
}
