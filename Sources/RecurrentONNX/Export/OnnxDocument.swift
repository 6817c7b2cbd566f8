import OnnxProto
import RecurrentCore

/// A graph as an ONNX file; the same graph gives the same bytes.
public struct OnnxDocument: Sendable {
  /// The version of ONNX' operators that the graph is written in: of 2021, so that what has been
  /// released since runs it.
  public static let opset = 17

  private var proto = Onnx_ModelProto()

  /// - Parameter metadata: Strings that are kept with the model, in the order of their keys.
  public init(_ graph: OnnxGraph, metadata: [String: String] = [:]) {
    proto.irVersion = 8
    proto.producerName = "swift-lstm"
    var opset = Onnx_OperatorSetIdProto()
    opset.domain = ""
    opset.version = Int64(Self.opset)
    proto.opsetImport = [opset]
    proto.graph = graph.proto.withoutUnused()
    proto.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
      var entry = Onnx_StringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
  }

  /// The whole file, in memory.
  ///
  /// - Throws: Where it is larger than the format allows, 2 GiB.
  public var bytes: [UInt8] {
    get throws(OnnxError) {
      do { return try proto.fileBytes() } catch {
        throw OnnxError(
          file: proto.graph.name, message: "an ONNX model has at most 2 GiB, this one has more")
      }
    }
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `FileError` for what the system refused, ``OnnxError`` where it is larger than the format
  ///   allows; a file that was there before is then as it was.
  public func write(to path: String) throws {
    let bytes = try bytes
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
