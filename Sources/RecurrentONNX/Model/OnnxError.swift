import RecurrentCore

/// A fault in an ONNX model or in what it was given: which file, which node, and what is wrong,
/// printed as one line.
public struct OnnxError: Error, Sendable, Equatable {
  /// The file as the user named it.
  public var file: String
  /// The node, with its operator and opset, or another part of the graph, if the fault has a place.
  public var place: String?
  /// What is wrong, without the place.
  public var message: String
  /// What the system refused, if the file could not be read at all.
  public private(set) var systemError: FileError?

  public init(file: String, place: String? = nil, message: String) {
    self.file = file
    self.place = place
    self.message = message
  }

  init(_ error: FileError) {
    self.init(file: error.path, message: error.description)
    systemError = error
  }
}

extension OnnxError: CustomStringConvertible {
  /// For example `model.onnx: node "lstm_0" (LSTM, opset 14): hidden_size is missing`.
  public var description: String {
    if systemError != nil { return message }
    return [file, place, message].compactMap { $0 }.joined(separator: ": ")
  }
}

/// A fault without the name of its file; operators do not know their nodes' names either.
struct Fault: Error {
  var place: String?
  let message: String

  init(_ message: String, at place: String? = nil) {
    self.place = place
    self.message = message
  }

  /// Runs `body`; a fault that has no place yet has this one.
  static func placed<Result>(
    _ place: @autoclosure () -> String, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch var fault as Fault {
      fault.place = fault.place ?? place()
      throw fault
    }
  }
}
