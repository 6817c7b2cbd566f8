import SwiftProtobuf

extension Onnx_ModelProto {
  /// The model in a file's bytes.
  ///
  /// - Throws: Where they are no such message, or messages are within each other too deep.
  package init(fileBytes: [UInt8]) throws { try self.init(serializedBytes: fileBytes) }

  /// The bytes of a file.
  package func fileBytes() throws -> [UInt8] { try serializedBytes() }
}
