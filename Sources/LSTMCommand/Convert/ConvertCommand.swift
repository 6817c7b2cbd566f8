import ArgumentParser
import Recurrent

/// `lstm convert`: the same tensors in a file of another format.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write what is in a file as a file of another format.",
    discussion: """
      lstm convert checkpoint.pt weights.safetensors
      lstm convert weights.safetensors weights.npz
      lstm convert weights.npz bias.npy --tensor decoder.bias

      Read are safetensors, PyTorch's .pt and .pth (state dicts, also nested; no code
      of theirs is ever run), NumPy's .npy and .npz; what a file is, is seen by its
      content. Written are .safetensors, .npz and .npy, by the ending of OUT. Numbers
      keep their types and all their bits; bfloat16 becomes float32 in NumPy's files.
      """)

  @Argument(help: "The file to read.")
  var input: String

  @Argument(help: "The file to write; its ending says the format.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "A tensor to take, repeatable. Default: all, in the order of the file.", valueName: "name"))
  var tensor: [String] = []

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard let format = TensorFormat(pathExtensionOf: output) else {
      throw ValidationError(
        "the name \(quotedForMessage(output)) does not say a format: "
          + "it should end in .safetensors, .npz or .npy")
    }
    guard format.isWritten else {
      throw ValidationError(
        "PyTorch's own format is read, not written: write .safetensors, which PyTorch reads")
    }
    guard Set(tensor).count == tensor.count else {
      throw ValidationError("--tensor names a tensor twice")
    }
    try OutputFile.validate([output], besides: [input], asJSON: shared.json)
  }

  func run() throws {
    let format = TensorFormat(pathExtensionOf: output)!
    let archive = try TensorArchive(path: input)
    let names = tensor.isEmpty ? archive.entries.map(\.name) : tensor
    let losses = try archive.write(to: output, as: format, tensors: names)
    if !losses.metadata.isEmpty {
      shared.console.note(
        "\(format.title): no place for metadata, \(Self.list(losses.metadata)) left out")
    }
    if !losses.retyped.isEmpty {
      shared.console.note(
        "\(format.title): no bfloat16, \(Self.list(losses.retyped)) written as float32")
    }
    let json: JSONObject = [
      "file": .string(input), "written": .string(output), "format": .string(format.rawValue),
      "tensors": .array(names.map(JSONValue.string)),
    ]
    try StandardStream.output.write(
      shared.json ? JSONValue.object(json).text(indented: true) + "\n" : "Written: \(output)\n")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).map(wordForMessage).joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
