import ArgumentParser
import Recurrent
import RecurrentONNX

/// `lstm run`: an ONNX model on arrays of NumPy.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run an ONNX model on NumPy arrays.",
    discussion: """
      lstm run model.onnx --input x=x.npy --output y=y.npy
      lstm run model.onnx --input x=x.npy --input h=h.npy --output results --json

      Models of opset 7 to 28 whose operators are those that recurrent networks are
      exported with; lstm inspect names the ones that a model has and that are not
      known here. Numbers are float32, int64, int32 and bool. Of a model with one
      input its name may be left out, and so may that of its output.

      Without --output the shapes of the outputs are printed and nothing is kept.
      With --repeat the run is timed as often; --json has the times.
      """)

  @Argument(help: "The model, an ONNX file.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "An input and the .npy file it comes from, repeatable.", valueName: "name=file"))
  var input: [String] = []

  @Option(
    help: ArgumentHelp(
      "An output and the .npy file it goes to, repeatable; or a folder, which must exist, for all of them.",
      valueName: "name=file"))
  var output: [String] = []

  @Option(name: .customLong("repeat"), help: "How often to run it.")
  var repetitions = 1

  @OptionGroup var precision: PrecisionOptions

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1_000_000).contains(repetitions) else {
      throw ValidationError("--repeat is at least 1 and at most 1000000, found \(repetitions)")
    }
    let names = try input.map { try Pair($0, option: "--input").name }
    guard Set(names).count == names.count else {
      throw ValidationError("--input gives an input twice")
    }
    if output.count > 1 { _ = try output.map { try Pair($0, option: "--output", needsName: true) } }
    let written = output.compactMap { try? Pair($0, option: "--output", needsName: true).path }
    let read = [model] + (try input.map { try Pair($0, option: "--input").path })
    try OutputFile.validate(written, besides: read, asJSON: shared.json)
  }

  /// `name=file`
  private struct Pair {
    let name: String?
    let path: String

    init(_ text: String, option: String, needsName: Bool = false) throws(ValidationError) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      name = parts.count == 2 ? String(parts[0]) : nil
      path = String(parts.last ?? "")
      if path.isEmpty || name == "" || (needsName && name == nil) {
        throw ValidationError("\(option) is name=file, found \(quotedForMessage(text))")
      }
    }
  }

  func run() throws {
    let context = shared.context(precision.precision)
    let clock = ContinuousClock()
    let start = clock.now
    let model = try OnnxModel(path: model, on: context)
    let loading = (clock.now - start) / .milliseconds(1)
    let given = try values(for: model, on: context)
    let targets = try targets(for: model)
    let read = try input.map { try Pair($0, option: "--input").path }
    try OutputFile.validate(
      targets.map(\.path), besides: [self.model] + read, asJSON: shared.json)
    for (_, path) in targets { try OutputFile.check(path) }

    var results: [String: OnnxValue] = [:]
    var times: [Double] = []
    for _ in 0..<repetitions {
      let start = clock.now
      results = try model.run(given)
      times.append((clock.now - start) / .milliseconds(1))
    }
    let files = targets.map { target in
      (path: target.path, content: NPYFile.bytes(of: TensorData(results[target.name]!)))
    }
    try OutputFile.write(files) { () throws(FileError) in
      if targets.contains(where: { $0.path == "-" }) { return }
      try StandardStream.output.write(
        shared.json
          ? report(model, given, results, loading, times).document
          : text(model, results, targets))
    }
  }

  /// What the files hold, by the names of the inputs.
  private func values(
    for model: OnnxModel, on context: ComputeContext
  ) throws -> [String: OnnxValue] {
    var values: [String: OnnxValue] = [:]
    for text in input {
      let pair = try Pair(text, option: "--input")
      let only = model.inputs.count == 1 ? model.inputs[0].name : nil
      guard let name = pair.name ?? only, model.inputs.contains(where: { $0.name == name }) else {
        let known = model.inputs.map { wordForMessage($0.name) }.joined(separator: ", ")
        throw ValidationError(
          "--input \(quotedForMessage(text)): the model has "
            + (known.isEmpty ? "no inputs" : "the inputs \(known)"))
      }
      let data = try NPYFile(path: pair.path).data
      guard let value = OnnxValue(data, on: context) else {
        throw TensorFileError(
          file: pair.path,
          message: "elements of type \(data.element) are not computed; "
            + "float32, int64, int32 and bool are")
      }
      values[name] = value
    }
    return values
  }

  /// Which outputs go to which files.
  private func targets(for model: OnnxModel) throws -> [(name: String, path: String)] {
    if output.count == 1, try Pair(output[0], option: "--output").name == nil {
      if pathExtension(output[0]) == "npy", model.outputs.count == 1 {
        return [(model.outputs[0].name, output[0])]
      }
      let folder = output[0]
      var known: Set<String> = []
      return try model.outputs.map { output in
        // A name out of a file says nothing about folders.
        let name = String(
          output.name.map {
            $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_"
          })
        guard known.insert(name).inserted else {
          throw ValidationError(
            "two outputs would be written to \(name).npy: name them one by one, --output name=file")
        }
        return (output.name, "\(folder)/\(name).npy")
      }
    }
    return try output.map { text in
      let pair = try Pair(text, option: "--output", needsName: true)
      guard let name = pair.name, model.outputs.contains(where: { $0.name == name }) else {
        let known = model.outputs.map { wordForMessage($0.name) }.joined(separator: ", ")
        throw ValidationError(
          "--output \(quotedForMessage(text)): the model has the outputs \(known)")
      }
      return (name, pair.path)
    }
  }

  /// `file`, `inputs`, `outputs`, `load_ms`, `run_ms` with every run's time.
  private func report(
    _ model: OnnxModel, _ given: [String: OnnxValue], _ results: [String: OnnxValue],
    _ loading: Double, _ times: [Double]
  ) -> JSONObject {
    func described(_ ports: [OnnxPort], _ values: [String: OnnxValue]) -> JSONValue {
      .array(
        ports.compactMap { port in
          values[port.name].map { value in
            [
              "name": .string(port.name), "type": .string(value.type.rawValue),
              "shape": .array(value.shape.map(JSONValue.integer)),
            ]
          }
        })
    }
    return [
      "file": .string(self.model), "inputs": described(model.inputs, given),
      "outputs": described(model.outputs, results), "load_ms": .number(loading),
      "run_ms": .array(times.map(JSONValue.number)),
    ]
  }

  private func text(
    _ model: OnnxModel, _ results: [String: OnnxValue],
    _ targets: [(name: String, path: String)]
  ) -> String {
    let written = Dictionary(targets.map { ($0.name, $0.path) }, uniquingKeysWith: { $1 })
    return alignedRows(
      [["output", "type", "shape", "written to"]]
        + model.outputs.map { output in
          let value = results[output.name]
          return [
            singleLine(output.name), value?.type.rawValue ?? "",
            value?.shape.map(String.init).joined(separator: " × ") ?? "",
            written[output.name] ?? "",
          ]
        })
  }
}
