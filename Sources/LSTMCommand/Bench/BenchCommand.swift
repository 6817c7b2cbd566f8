import ArgumentParser
import Recurrent

/// `lstm bench`: how fast a cell runs on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a cell on this machine, alone or beside another.",
    discussion: """
      lstm bench --cell gru --mode forward
      lstm bench --cell lstm:peepholes=i+f+o --versus lstm --threads 1 --json

      A training step is the forward pass and the gradient of the outputs' sum for
      all parameters; no input gradient, no optimizer. GFLOP/s counts the matrix
      products needed for that. With --versus both run in turn, and the ratio is
      the median over the pairs of runs.
      """)

  @Option(help: ArgumentHelp("The cell, with options as lstm:peepholes=i+o.", valueName: "name"))
  var cell = "lstm"

  @Option(help: ArgumentHelp("A second cell to run in turn with the first.", valueName: "name"))
  var versus: String?

  @Option(help: "What is timed: the forward pass or a training step.")
  var mode = BenchWork.Mode.train

  @OptionGroup var sizes: BenchSizes

  @Option(
    name: .customLong("repeat"), help: "How often each is timed, after two runs that are not.")
  var count = 20

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--repeat is at least 1 and at most 1000000, found \(count)")
    }
    for (option, name) in [("--cell", cell), ("--versus", versus)] {
      guard let name else { continue }
      do { _ = try Cell.named(name) } catch { throw ValidationError("\(option): \(error)") }
    }
  }

  func run() throws {
    let context = shared.context
    let works = try [cell, versus].compactMap { $0 }.map {
      try BenchWork(cell: $0, sizes, mode: mode, seed: shared.seed, on: context)
    }
    let timings = Timing.inTurn(works.map(\.run), count: count, untimed: 2)
    let report = BenchReport(
      configuration: configuration(context), title: title(context),
      results: zip(works, timings).map { BenchReport.Result(work: $0, timing: $1) })
    try StandardStream.output.write(
      shared.json ? JSONValue.object(report.json).text(indented: true) + "\n" : report.text)
  }

  private func configuration(_ context: ComputeContext) -> JSONObject {
    var json: JSONObject = ["cell": .string(cell), "mode": .string(mode.rawValue)]
    for (key, value) in sizes.json.members { json[key] = value }
    json["isa"] = .string(context.instructionSet.rawValue)
    json["threads"] = .integer(context.threadCount)
    json["repeat"] = .integer(count)
    return json
  }

  private func title(_ context: ComputeContext) -> String {
    let work = mode == .train ? "training step" : "forward"
    return "\(work), \(sizes.text), \(context.instructionSet) on "
      + (context.threadCount == 1 ? "1 thread" : "\(context.threadCount) threads")
  }
}
