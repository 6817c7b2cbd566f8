import RecurrentCore

/// A trained model in one safetensors file.
///
/// The tensors are the model's, each under its path (`lstm.weight_ih_l0`), Float32, in the tree's
/// order. `__metadata__` has one key, `recurrent`: a JSON object with
/// `"kind": "model"`, `"version": 1` and `"configuration"`, an object with everything that is needed
/// to build the model and to use it (task, sizes, scalers, vocabulary, how it was trained, its
/// scores). The same model and configuration give the same bytes.
///
/// ```swift
/// try ModelFile.write(model, configuration: ["task": "forecast", "hidden": 64], to: "m.safetensors")
///
/// let file = try ModelFile(path: "m.safetensors")
/// let model = try Forecaster(file.configuration).loaded(from: file.tensors)
/// ```
public struct ModelFile: Sendable {
  /// The newest layout this version writes and reads.
  public static let version = 1
  static let kind = "model"

  /// Everything but the weights.
  public let configuration: JSONObject
  /// The weights.
  public let tensors: SafetensorsFile

  /// Opens a model.
  ///
  /// - Throws: If it cannot be read, is no safetensors file, or holds no model of a version known.
  public init(path: String) throws(TensorFileError) {
    try self.init(SafetensorsFile(path: path))
  }

  /// Looks for a model in an open file.
  public init(_ file: SafetensorsFile) throws(TensorFileError) {
    let metadata = try RecurrentMetadata(of: file, kind: Self.kind, version: Self.version)
    guard let configuration = metadata.body["configuration"]?.object else {
      throw TensorFileError(file: file.file, message: "the model has no configuration")
    }
    self.configuration = configuration
    tensors = file
  }

  /// Whether a file says of itself that it is a model of this package, of whatever version.
  public static func isOne(_ archive: TensorArchive) -> Bool {
    guard let text = archive.metadata[RecurrentMetadata.key] else { return false }
    return (try? JSONValue(parsing: text))?["kind"]?.string == kind
  }

  /// Writes a model, whole or not at all.
  ///
  /// - Throws: What the system refused; a file that was there before is then as it was.
  public static func write(
    _ model: some TensorTree, configuration: JSONObject, to path: String
  ) throws(FileError) {
    try document(model, configuration: configuration).write(to: path)
  }

  /// The file to be.
  public static func document(
    _ model: some TensorTree, configuration: JSONObject
  ) -> SafetensorsDocument {
    var document = SafetensorsDocument(
      metadata: RecurrentMetadata(
        kind: kind, version: version, body: ["configuration": .object(configuration)]
      ).metadata)
    document.append(model)
    return document
  }
}
