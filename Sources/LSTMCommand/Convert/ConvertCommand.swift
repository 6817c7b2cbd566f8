import ArgumentParser
import Recurrent
import RecurrentONNX

/// `lstm convert`: the same tensors in a file of another format.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write what is in a file as a file of another format.",
    discussion: """
      lstm convert model.safetensors model.onnx
      lstm convert model.safetensors model.py
      lstm convert checkpoint.pt weights.safetensors
      lstm convert weights.safetensors weights.npz
      lstm convert weights.npz bias.npy --tensor decoder.bias
      lstm convert checkpoint.pt encoder.safetensors --prefix state_dict.encoder

      A model that lstm has trained becomes an ONNX model, whatever its cell: an
      LSTM, GRU or RNN where the cell is one of these, otherwise a Scan made from the
      cell's equations. With .py it becomes a Python file that rebuilds its networks
      in PyTorch and loads their weights from the model's own file. Of a forecaster
      both are its networks, without the statistical base that they correct.

      Tensors are read from safetensors, PyTorch's .pt and .pth (state dicts, also
      nested; no code of theirs is ever run), NumPy's .npy and .npz, what a file is
      being seen by its content, and the stored ones from .onnx. They are written as
      .safetensors, .npz and .npy, by the ending of OUT. Numbers keep their types and
      all their bits; bfloat16 becomes float32 in NumPy's files.
      """)

  @Argument(help: "The file to read.")
  var input: String

  @Argument(help: "The file to write; its ending says the format.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "A tensor to take, repeatable. Default: all, in the order of the file.", valueName: "name"))
  var tensor: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only tensors whose names begin with this and a dot, which are taken off.",
      valueName: "name"))
  var prefix: String?

  @OptionGroup var shared: SharedOptions

  /// What is written, by the ending of its name.
  private enum Target {
    case tensors(TensorFormat)
    case network(ModelExport.Format)

    init?(_ path: String) {
      if let format = pathExtension(path).flatMap(ModelExport.Format.init) {
        self = .network(format)
      } else if let format = TensorFormat(pathExtensionOf: path) {
        self = .tensors(format)
      } else {
        return nil
      }
    }
  }

  func validate() throws {
    switch Target(output) {
    case nil:
      throw ValidationError(
        "the name \(quotedForMessage(output)) does not say a format: "
          + "it should end in .safetensors, .npz, .npy, .onnx or .py")
    case .tensors(let format) where !format.isWritten:
      throw ValidationError(
        "PyTorch's own format is read, not written: write .safetensors, which PyTorch reads")
    case .network where !tensor.isEmpty || prefix != nil:
      throw ValidationError("--tensor and --prefix take tensors, and a model is converted whole")
    default: break
    }
    if prefix != nil, !tensor.isEmpty {
      throw ValidationError("--prefix and --tensor do not go together")
    }
    guard Set(tensor).count == tensor.count else {
      throw ValidationError("--tensor names a tensor twice")
    }
    try OutputFile.validate([output], besides: [input], asJSON: shared.json)
  }

  func run() throws {
    switch Target(output)! {
    case .tensors(let format): try writeTensors(format)
    case .network(let format):
      let export = try ModelExport(path: input, as: format, to: output)
      try AtomicFile.write(export.content, to: output)
      try report(format.rawValue, tensors: export.tensors)
    }
  }

  private func writeTensors(_ format: TensorFormat) throws {
    let archive =
      try pathExtension(input) == "onnx"
      ? OnnxTensors(path: input).archive : TensorArchive(path: input)
    var names = tensor.isEmpty ? archive.entries.map(\.name) : tensor
    if let prefix {
      let front = prefix.hasSuffix(".") ? prefix : prefix + "."
      names = names.filter { $0.hasPrefix(front) }
      if names.isEmpty {
        throw TensorFileError(
          file: input, message: "no tensor begins with \(quotedForMessage(front))")
      }
    }
    let losses = try archive.write(
      to: output, as: format, tensors: names, withoutPrefix: prefix ?? "")
    if !losses.metadata.isEmpty {
      shared.console.note(
        "\(format.title): no place for metadata, \(Self.list(losses.metadata)) left out")
    }
    if !losses.retyped.isEmpty {
      shared.console.note(
        "\(format.title): no bfloat16, \(Self.list(losses.retyped)) written as float32")
    }
    try report(format.rawValue, tensors: names)
  }

  private func report(_ format: String, tensors: [String]) throws {
    let json: JSONObject = [
      "file": .string(input), "written": .string(output), "format": .string(format),
      "tensors": .array(tensors.map(JSONValue.string)),
    ]
    try StandardStream.output.write(
      shared.json ? json.document : "Written: \(output)\n")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map(wordForMessage).joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
