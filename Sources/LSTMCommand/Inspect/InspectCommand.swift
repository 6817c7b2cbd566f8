import ArgumentParser
import Recurrent

/// `lstm inspect`: what is in a file, and what a model's gates do.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Look into a file: its tensors and what else it says; what a model's gates do.",
    discussion: """
      lstm inspect model.safetensors
      lstm inspect checkpoint.pt --json
      lstm inspect model.safetensors --gates sales.csv --svg gates.svg

      Files of tensors are safetensors, PyTorch's .pt and .pth, NumPy's .npy and
      .npz; what a file is, is seen by its content. Only what stands about the
      numbers is read. No code of a file is ever run. Of an ONNX model, .onnx, the
      inputs, outputs, operators and stored tensors are listed.

      With --gates the model's network reads every window of a series as it does
      for a forecast of what follows, and the gates of the window's last step are
      recorded. How long a unit remembers is 1 / (1 - kept), in steps of the
      network; kept is the mean of how much of its state a step keeps: an LSTM's
      forget gate, a GRU's update gate. Its name in a recording is keep_STATE.
      Layers and units are counted from 0.
      """)

  @Argument(help: "The file; with --gates a model of this tool.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "Record the gates over this table, CSV; - for standard input.", valueName: "data"))
  var gates: String?

  @OptionGroup var columns: ColumnOptions

  @Option(help: ArgumentHelp("The series of the table. Default: the first.", valueName: "id"))
  var series: String?

  @Option(
    help: ArgumentHelp(
      "A gate or a state, repeatable. Default: what is kept, and all gates.", valueName: "name"))
  var gate: [String] = []

  @Option(help: "Which of the model's networks.")
  var network = 1

  @Option(help: "Where the picture of the gates goes.")
  var svg: String?

  @Option(help: "Where the gates of every window go; - for standard output.")
  var csv: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    let needsData: [(String, Bool)] = [
      ("--series", series != nil), ("--gate", !gate.isEmpty), ("--network", network != 1),
      ("--svg", svg != nil), ("--csv", csv != nil),
    ]
    if gates == nil, let (name, _) = needsData.first(where: \.1) {
      throw ValidationError("\(name) needs --gates and a table to record them over")
    }
    if network < 1 { throw ValidationError("--network is at least 1, found \(network)") }
    try OutputFile.validate(
      [svg, csv], besides: [model] + [gates].compactMap { $0 }, asJSON: shared.json)
  }

  func run() throws {
    let description = try fileDescription(of: model)
    let study = try gates.map(study)
    var files: [OutputFile.Content] = []
    if let study, let svg { files.append((svg, Array(study.svg.utf8))) }
    if let study, let csv { files.append((csv, Array(study.csv.utf8))) }
    var json = description.json
    if let study { json["gates"] = .object(study.json) }
    try OutputFile.write(
      files, asJSON: shared.json, json: json, text: study?.text ?? description.text)
  }

  private func study(_ data: String) throws -> GateStudy {
    let forecaster = try Forecaster(path: model, on: shared.context)
    guard network <= max(forecaster.networkCount, 1) else {
      throw ValidationError(
        "--network is at most \(forecaster.networkCount) of this model, found \(network)")
    }
    let table = try columns.table(data, shared.console, for: forecaster)
    for path in [svg, csv].compactMap({ $0 }) { try OutputFile.check(path) }
    return try GateStudy(
      of: table, series: series, by: forecaster, network: network - 1, gates: gate)
  }
}
