import ArgumentParser
import Recurrent
import Synchronization

/// `lstm study`: which cells solve a long time-lag task, and how their gradients fade.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Train cells on a long time-lag task, and see which of them solve it.",
    discussion: """
      lstm study adding --cell lstm --cell rnn --seeds 5 --svg gradients.svg

      The tasks:
      \(LagTasks.all.map { task in
        "  \(leftAligned(task.name, 16))\(task.summary)" }.joined(separator: "\n"))

      A network is one layer of the cell, as it starts by default, and a linear head.
      It is trained with Adam on fresh examples until it solves the task, or has had
      its budget. The table says how many seeds solved it, and of those the median of
      the examples they needed. The picture shows how the gradient fades with the
      distance in time, before training and after it.
      """)

  @Argument(help: "The task.")
  var task: String

  @Option(
    help: ArgumentHelp(
      "A cell, with options as lstm:forget-bias=1; repeatable. Default: lstm and rnn.",
      valueName: "name"))
  var cell: [String] = []

  @Option(
    help: ArgumentHelp(
      "How long the sequences are; repeatable. Default: the task's own.", valueName: "steps"))
  var lag: [Int] = []

  @Option(help: "Networks for each cell and lag; the first is that of --seed.")
  var seeds = 3

  @Option(help: "Examples that a network may be trained on. Default: the task's own.")
  var budget: Int?

  @Option(help: "Units of the layer. Default: the task's own.")
  var hidden: Int?

  @Option(help: "Adam's learning rate. Default: the task's own.")
  var learningRate: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Train on shorter lags too, and test at the lag asked. Default: as the task needs it.")
  var mixedLags: Bool?

  @Option(help: "Where the picture of the gradients goes.")
  var svg: String?

  @Option(help: "Where the table of all runs goes; - for standard output.")
  var csv: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    let task: any LagTask.Type
    do { task = try LagTasks.named(self.task) } catch { throw ValidationError("\(error)") }
    for (name, value, range) in [
      ("--seeds", seeds, 1...1_000), ("--budget", budget ?? 1, 1...1_000_000_000),
      ("--hidden", hidden ?? 1, 1...4_096),
    ] + lag.map({ ("--lag of \(task.name)", $0, task.lags) }) where !range.contains(value) {
      throw ValidationError(
        "\(name) is at least \(range.lowerBound) and at most \(range.upperBound), found \(value)")
    }
    if let rate = learningRate, !(rate > 0 && rate <= 1) {
      throw ValidationError("--learning-rate is above 0 and at most 1, found \(rate)")
    }
    for name in cell {
      do { _ = try Cell.named(name) } catch { throw ValidationError("--cell: \(error)") }
    }
    try OutputFile.validate([svg, csv], besides: [], asJSON: shared.json)
  }

  func run() throws {
    let task = try LagTasks.named(task)
    for path in [svg, csv] { if let path { try OutputFile.check(path) } }
    let study = try study(task)
    var files: [OutputFile.Content] = []
    if let svg { files.append((svg, Array(study.gradientPlot.svg.utf8))) }
    if let csv { files.append((csv, Array(study.csv.utf8))) }
    try OutputFile.write(files, asJSON: shared.json, json: study.json, text: study.text)
  }

  private func study(_ task: any LagTask.Type) throws -> LagStudy {
    let settings = settings(of: task)
    let console = shared.console
    let line = Mutex(())
    defer { console.endProgress() }
    return try LagStudy.run(
      task, cells: unique(cell.isEmpty ? ["lstm", "rnn"] : cell),
      lags: unique(lag.isEmpty ? [task.defaultLag] : lag),
      seeds: (0..<seeds).map { shared.seed &+ $0 }, settings: settings, on: shared.context
    ) { progress in
      let run = progress.run
      line.withLock { _ in
        console.progress(
          "\(progress.finished) of \(progress.total) networks done; \(run.cell), lag \(run.lag), "
            + "seed \(run.seed): \(run.examples) of \(settings.budget) examples, "
            + "error \(run.score.map { significant($0, 2) } ?? "–")")
      }
    }
  }

  private func settings(of task: any LagTask.Type) -> LagSettings {
    var settings = task.settings
    settings.budget = budget ?? settings.budget
    settings.hiddenSize = hidden ?? settings.hiddenSize
    settings.learningRate = learningRate ?? settings.learningRate
    settings.mixesLags = mixedLags ?? settings.mixesLags
    return settings
  }

  /// What is said twice is done once.
  private func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
  }
}
