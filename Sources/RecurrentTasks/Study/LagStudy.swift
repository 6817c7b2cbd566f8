import RecurrentCells
import RecurrentCore
import Synchronization

/// A long time-lag study: which cells solve a task, at which lags, and how the gradients fade.
///
/// A run depends on its cell, lag, seed and settings only: not on the other runs, and not on how many
/// threads there are.
public struct LagStudy: Sendable {
  /// What the networks were trained on.
  public let task: any LagTask.Type
  /// How they were trained.
  public let settings: LagSettings
  /// What came of each: cell by cell, lag by lag, seed by seed.
  public let runs: [LagRun]
  /// For each cell and each lag how its gradient fades.
  public let gradients: [GradientDecay]

  /// How far a study is.
  public struct Progress: Sendable {
    /// The run that was looked at last, as it is.
    public var run: LagRun
    /// Runs that are done.
    public var finished: Int
    /// Runs there are to do.
    public var total: Int
  }

  /// Trains a network for each cell, each lag and each seed.
  ///
  /// - Parameters:
  ///   - cells: As `Cell.named` takes them.
  ///   - lags: Of the task's range.
  ///   - settings: The task's own if nil.
  ///   - context: Its threads train a network each.
  ///   - report: Called after every look at a network, by any of the threads.
  /// - Throws: `CellError` where there is no such cell, or not of this size.
  public static func run(
    _ task: any LagTask.Type, cells: [String], lags: [Int], seeds: [Int],
    settings: LagSettings? = nil, on context: ComputeContext = .default,
    report: @Sendable (Progress) -> Void = { _ in }
  ) throws(CellError) -> LagStudy {
    let settings = settings ?? task.settings
    let places = cells.flatMap { cell in lags.map { (cell: cell, lag: $0) } }
    for lag in lags {
      precondition(task.lags.contains(lag), "\(task.name) has lags \(task.lags), found \(lag)")
    }
    let jobs = places.flatMap { cell, lag in
      seeds.map { Job(task, LagRun(cell: cell, lag: lag, seed: $0), settings, like: context) }
    }
    // What cannot be made is found out before the first is trained.
    for job in jobs where job.run.seed == seeds.first { _ = try job.makeNetwork() }
    let results = train(jobs, on: context, report: report)
    let gradients = places.map { place in
      let same = results.filter { $0.run.cell == place.cell && $0.run.lag == place.lag }
      return GradientDecay(
        cell: place.cell, lag: place.lag, atStart: medians(same.map(\.gradientAtStart)),
        atEnd: medians(same.map(\.gradientAtEnd)))
    }
    return LagStudy(
      task: task, settings: settings, runs: results.map(\.run), gradients: gradients)
  }

  /// A network for each thread.
  private static func train(
    _ jobs: [Job], on context: ComputeContext, report: @Sendable (Progress) -> Void
  ) -> [Job.Result] {
    let results = Mutex([Job.Result?](repeating: nil, count: jobs.count))
    context.workers.forEach(jobs.count) { index in
      let result = jobs[index].result { run in
        let finished = results.withLock { $0.count { $0 != nil } }
        report(Progress(run: run, finished: finished, total: jobs.count))
      }
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.map { $0! } }
  }

  /// For each distance that all have the median, numbers that are none left out.
  private static func medians(_ profiles: [[Double]]) -> [Double] {
    (0..<(profiles.map(\.count).min() ?? 0)).map { distance in
      profiles.map { $0[distance] }.filter(\.isFinite).median ?? .nan
    }
  }
}

extension LagStudy {
  /// One network to train, in a context of its own.
  fileprivate struct Job: Sendable {
    struct Result: Sendable {
      let run: LagRun
      let gradientAtStart: [Double]
      let gradientAtEnd: [Double]
    }

    let run: LagRun
    private let task: any LagTask
    private let settings: LagSettings
    private let instructionSet: InstructionSet
    private let key: RandomKey

    init(
      _ task: any LagTask.Type, _ run: LagRun, _ settings: LagSettings, like context: ComputeContext
    ) {
      self.run = run
      self.task = task.init(lag: run.lag)
      self.settings = settings
      instructionSet = context.instructionSet
      key = RandomKey(seed: UInt64(bitPattern: Int64(run.seed))).folded("lag study")
    }

    func makeNetwork() throws(CellError) -> LagNetwork {
      try LagNetwork(
        .named(run.cell), for: task, hiddenSize: settings.hiddenSize, key: key.folded("network"),
        on: ComputeContext(instructionSet: instructionSet, threadCount: 1))
    }

    func result(report: (LagRun) -> Void) -> Result { result(on: task, report) }

    private func result(on task: some LagTask, _ report: (LagRun) -> Void) -> Result {
      var run = run
      var network = try! makeNetwork()
      let examples = task.examples(16, key.folded("gradients"))
      let batch = LagBatch(examples, on: network.recurrent.context)
      let start = network.gradientDecay(on: task, batch)
      run.train(&network, on: task, settings, key: key, report: report)
      return Result(
        run: run, gradientAtStart: start, gradientAtEnd: network.gradientDecay(on: task, batch))
    }
  }
}

extension [Double] {
  /// The middle one, or the mean of the two in the middle; nil if there is none.
  var median: Double? {
    let sorted = sorted()
    guard let low = sorted.dropLast(count / 2).last else { return nil }
    return (low + sorted[count / 2]) / 2
  }
}
