import ArgumentParser
import Recurrent

/// What every verb takes.
struct SharedOptions: ParsableArguments {
  @Flag(help: "Put one JSON document on standard output.")
  var json = false

  @Flag(help: "Say nothing but errors on standard error.")
  var quiet = false

  @Option(
    parsing: .unconditional,
    help: "Threads to use; the results do not depend on it. Default: all processors.")
  var threads: Int?

  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: ArgumentHelp(
      "What random numbers are drawn from: the same seed gives the same bytes. Default: 1.",
      valueName: "seed"))
  var givenSeed: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is at least 1 and at most 1024, found \(threads)")
    }
  }

  var seed: Int { givenSeed ?? 1 }

  /// Where nothing is drawn but what a kept model's own seed says.
  func refuseSeed() throws {
    if givenSeed != nil {
      throw ValidationError("--seed says how a model is trained; a kept model has its own")
    }
  }

  var console: Console { Console(isQuiet: quiet) }
  var context: ComputeContext { ComputeContext(threadCount: threads) }

  func context(_ precision: Precision) -> ComputeContext {
    ComputeContext(threadCount: threads, precision: precision)
  }
}

/// How a training run can be stopped and taken up again.
struct RunOptions: ParsableArguments {
  @Option(help: "Keep the state of the training in this file, so that it can be taken up again.")
  var checkpoint: String?

  @Option(help: "Take up the training that this checkpoint holds.")
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "How long training may take, as 90s, 10m or 2h: each network has a share of it and takes as "
        + "many steps as fit. Results then depend on the machine.",
      valueName: "time"))
  var timeLimit: String?

  @Option(help: "Write the training's progress to this file, a JSON object a line.")
  var log: String?

  func validate() throws {
    if checkpoint == "-" { throw ValidationError("--checkpoint is a file, not standard output") }
    if let timeLimit, Self.duration(timeLimit) == nil {
      throw ValidationError("--time-limit is a time as 90s, 10m or 2h, found \"\(timeLimit)\"")
    }
    if log == "-" { throw ValidationError("--log is a file, not standard output") }
  }

  /// nil: as long as it takes.
  var limit: Duration? { timeLimit.flatMap(Self.duration) }

  private static func duration(_ text: String) -> Duration? {
    let units = ["s": 1.0, "m": 60, "h": 3600]
    let unit = text.last.flatMap { units[String($0)] }
    guard let number = Double(unit == nil ? text : String(text.dropLast())),
      number > 0, number <= 1e6
    else { return nil }
    return .seconds(number * (unit ?? 1))
  }

  /// What a run reads that its results must not replace; its checkpoint may take its own place.
  var read: [String] { [resume].compactMap { $0 }.filter { $0 != checkpoint } }

  /// What a run writes beside its results.
  var written: [String?] { [checkpoint, log] }
}
