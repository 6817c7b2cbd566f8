/// The JSON that this package's own files keep in the metadata of a safetensors file.
///
/// A file of ours is a safetensors file whose `__metadata__` has one key, `recurrent`: the text of a
/// JSON object with the members
///
/// - `kind`: what the file is, `model` or `checkpoint`,
/// - `version`: of the kind's layout; a reader refuses one it does not know,
///
/// and whatever else the kind says. Any safetensors reader can open it.
public struct RecurrentMetadata: Sendable, Hashable {
  /// The key in `__metadata__`.
  public static let key = "recurrent"

  public var kind: String
  public var version: Int
  /// The other members.
  public var body: JSONObject

  public init(kind: String, version: Int, body: JSONObject) {
    self.kind = kind
    self.version = version
    self.body = body
  }

  /// What goes into `__metadata__`.
  public var metadata: [String: String] {
    var object: JSONObject = ["kind": .string(kind), "version": .integer(version)]
    for (key, value) in body.members { object[key] = value }
    return [Self.key: JSONValue.object(object).text()]
  }

  /// Reads the JSON of a file that is to be of a kind.
  ///
  /// - Throws: If the file is of another kind, of a later version or not of this package.
  public init(
    of file: SafetensorsFile, kind: String, version: Int
  ) throws(TensorFileError) {
    guard let text = file.metadata[Self.key] else {
      throw TensorFileError(
        file: file.file,
        message: "not a \(kind) of this package: its metadata has no \(quotedForMessage(Self.key))")
    }
    guard let object = try? JSONValue(parsing: text).object,
      let foundKind = object["kind"]?.string, let foundVersion = object["version"]?.integer
    else {
      throw TensorFileError(
        file: file.file, message: "the metadata under \(quotedForMessage(Self.key)) is damaged")
    }
    guard foundKind == kind else {
      throw TensorFileError(
        file: file.file, message: "a \(kind) is expected, this is a \(quotedForMessage(foundKind))")
    }
    guard 1...version ~= foundVersion else {
      throw TensorFileError(
        file: file.file,
        message: "a \(kind) of layout version \(foundVersion), this program reads up to \(version)")
    }
    var body = object
    body["kind"] = nil
    body["version"] = nil
    self.init(kind: kind, version: foundVersion, body: body)
  }
}
