import Recurrent

/// What a file says of itself.
protocol FileDescription {
  /// One document.
  var json: JSONObject { get }
  /// For people.
  var text: String { get }
}

/// Looks into a file of any format.
///
/// - Throws: What opening it throws, so that what is described can be used.
func fileDescription(of path: String) throws -> any FileDescription {
  // Protobuf messages begin with nothing of their own.
  if pathExtension(path) == "onnx" { return try OnnxDescription(path: path) }
  let archive = try TensorArchive(path: path)
  if archive.format == .safetensors, ModelFile.isOne(archive) {
    return try ModelDescription(path: path)
  }
  return ArchiveDescription(archive)
}
