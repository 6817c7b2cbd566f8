import Recurrent

/// One run of training from the command line: what is trained, its checkpoint, its log, its line of
/// progress, and how its losses fell.
final class TrainingRun {
  let configuration: ForecastConfiguration
  let training: ForecastTraining
  let context: ComputeContext
  private(set) var curve = TrainingCurve()

  private let options: RunOptions
  private let console: Console
  private let log: TrainingLogFile?
  /// What the networks depend on: a checkpoint of another job is not taken up.
  private let job: JSONObject
  /// How many the run trains, as far as that is known; they share the time there is.
  private let networks: Int
  private var timeLeft: TimeLeft?
  private let start = ContinuousClock.now

  /// - Parameters:
  ///   - windows: The backtest's; nil for none.
  ///   - forecasts: Whether there is a fit to everything.
  init(
    of verb: some TrainingVerb, on table: SeriesTable, windows: WindowOptions?, forecasts: Bool
  ) throws {
    let options = verb.continuation
    self.options = options
    console = verb.shared.console
    configuration = try verb.model.configuration(for: table, seed: verb.shared.seed, console)
    log = try options.log.map { try TrainingLogFile($0, isResumed: options.resume != nil) }
    if let checkpoint = options.checkpoint { try OutputFile.check(checkpoint) }
    context = verb.shared.context(verb.numbers.precision)
    training = try verb.model.training(on: context)
    networks = ForecastStudy.networkCount(
      table, configuration, backtest: windows?.settings, training, forecasts: forecasts)
    // How much of a run that is taken up is done already, nobody knows before it is under way.
    timeLeft = options.resume == nil ? TimeLeft(networks: networks) : nil

    var job = windows?.job ?? [:]
    job["verb"] = .string(type(of: verb).trainingName)
    job["precision"] = .string(verb.numbers.precision.rawValue)
    job["configuration"] = .object(configuration.json)
    job["data"] = .string(table.fingerprint)
    job["tuned"] = .bool(training.isTuned)
    job["from"] = training.start.map { .object($0.configuration.json) } ?? .null
    self.job = job
  }

  /// What the work makes with the journal that keeps its networks.
  func train<Result>(_ work: (inout ForecastJournal) throws -> Result) throws -> Result {
    defer { console.endProgress() }
    var journal = try ForecastJournal(
      job: job, checkpoint: options.checkpoint, resume: options.resume,
      stop: Interruption.watch(), limit: options.limit.map { ($0, networks) }
    ) { [self] progress in try note(progress) }
    let result = try work(&journal)
    try log?.end()
    return result
  }

  private func note(_ progress: ForecastJournal.Progress) throws {
    curve.note(progress)
    let left = timeLeft?.note(
      progress.network, step: progress.step, of: progress.steps,
      after: ContinuousClock.now - start)
    if progress.step % 10 == 0 || progress.step == progress.steps {
      console.progress(
        "training \(progress.network): step \(progress.step) of \(progress.steps)"
          + (left.map { ", \($0)" } ?? ""))
    }
    try log?.append(progress)
  }
}
