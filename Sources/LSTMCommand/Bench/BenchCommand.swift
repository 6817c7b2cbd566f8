import ArgumentParser
import Recurrent

/// `lstm bench`: how fast a cell runs on this machine.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a cell on this machine, alone or beside another.",
    discussion: """
      lstm bench --cell gru --mode forward
      lstm bench --mode step --batch 1 --threads 1
      lstm bench --cell lstm:peepholes=i+f+o --versus lstm --threads 1 --json

      A step goes on from the state of the one before. A training step is the
      forward pass and the gradient of the outputs' sum for all parameters; no
      input gradient, no optimizer. GFLOP/s counts the matrix products needed for
      that. The peak is what as many threads make of multiply-adds in registers,
      in float32, whatever the precision. Allocations are calls to malloc and its
      kind for each time that the work is done, where they can be counted; memory
      is the most that the whole process had in use, in MB of 2^20 bytes. Work
      that takes less than 0.2 ms is done many times in a run. With --versus both
      run in turn, and the ratio is the median over the pairs of runs.
      """)

  @Option(help: ArgumentHelp("The cell, with options as lstm:peepholes=i+o.", valueName: "name"))
  var cell = "lstm"

  @Option(help: ArgumentHelp("A second cell to run in turn with the first.", valueName: "name"))
  var versus: String?

  @OptionGroup var sizes: BenchSizes

  @OptionGroup var numbers: PrecisionOptions

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
    let context = shared.context(numbers.precision)
    let works = try [cell, versus].compactMap { $0 }.map {
      try BenchWork(cell: $0, sizes, seed: shared.seed, on: context)
    }
    // Twice, for the machine may have been slowed down one time.
    let peakBefore = context.measurePeakRate()
    let timings = Timing.inTurn(works.map(\.run), count: count, untimed: 2)
    let peak = max(peakBefore, context.measurePeakRate())
    let results = zip(works, timings).map { work, timing in
      let allocations = AllocationCount.during {
        for _ in 0..<timing.iterations { work.run() }
      }
      return BenchReport.Result(
        work: work, timing: timing,
        allocations: allocations.map { Double($0) / Double(timing.iterations) })
    }
    let report = BenchReport(
      configuration: configuration(context), title: title(context), results: results,
      peak: peak / 1e9, peakMemory: peakResidentMemory())
    try StandardStream.output.write(shared.json ? report.json.document : report.text)
  }

  private func configuration(_ context: ComputeContext) -> JSONObject {
    var json: JSONObject = ["cell": .string(cell)]
    for (key, value) in sizes.json.members { json[key] = value }
    json["precision"] = .string(numbers.precision.rawValue)
    json["products"] = .string(context.kernels.products)
    json["isa"] = .string(context.instructionSet.rawValue)
    json["threads"] = .integer(context.threadCount)
    json["repeat"] = .integer(count)
    return json
  }

  private func title(_ context: ComputeContext) -> String {
    "\(sizes.text), \(numbers.precision), \(context.instructionSet) on "
      + (context.threadCount == 1 ? "1 thread" : "\(context.threadCount) threads")
  }
}
