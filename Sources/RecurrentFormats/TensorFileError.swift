import RecurrentCore

/// A fault in a file of tensors: which file, where in it, and what is wrong, printed as one line.
public struct TensorFileError: Error, Sendable, Equatable {
  /// The file as the user named it.
  public var file: String
  /// Bytes of the file before the fault, if it has one place.
  public var offset: Int?
  /// The name of the tensor, if the fault concerns one.
  public var tensor: String?
  /// What is wrong, without the place.
  public var message: String
  /// What the system refused, if the file could not be read at all.
  public private(set) var systemError: FileError?

  public init(file: String, offset: Int? = nil, tensor: String? = nil, message: String) {
    self.file = file
    self.offset = offset
    self.tensor = tensor
    self.message = message
  }

  /// The file could not be read.
  init(_ error: FileError) {
    self.init(file: error.path, message: error.description)
    systemError = error
  }
}

extension TensorFileError: CustomStringConvertible {
  /// For example `model.safetensors: byte 8: the header does not begin with {`.
  public var description: String {
    if systemError != nil { return message }
    var text = file
    if let offset { text += ": byte \(offset)" }
    if let tensor { text += ": tensor \(quotedForMessage(tensor))" }
    return text + ": " + message
  }
}
