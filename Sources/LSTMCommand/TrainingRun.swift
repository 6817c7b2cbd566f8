import Recurrent

/// One run of training from the command line: its checkpoint, its log, its line of progress, and how
/// its losses fell.
final class TrainingRun {
  private let options: RunOptions
  private let console: Console
  private let log: TrainingLogFile?
  private(set) var curve = TrainingCurve()
  private var timeLeft: TimeLeft?
  private let start = ContinuousClock.now

  init(_ options: RunOptions, _ console: Console) throws {
    self.options = options
    self.console = console
    log = try options.log.map { try TrainingLogFile($0, isResumed: options.resume != nil) }
    if let checkpoint = options.checkpoint { try OutputFile.check(checkpoint) }
  }

  /// - Parameters:
  ///   - parts: What the networks depend on beside the configuration and the data.
  ///   - networks: How many the run trains, as far as that is known; they share the time there is.
  func journal(
    for table: SeriesTable, _ configuration: ForecastConfiguration, parts: JSONObject,
    training: ForecastTraining, networks: Int
  ) throws -> ForecastJournal {
    var job: JSONObject = parts
    job["configuration"] = .object(configuration.json)
    job["data"] = .string(table.fingerprint)
    job["tuned"] = .bool(training.isTuned)
    job["from"] = training.start.map { .object($0.configuration.json) } ?? .null
    // How much of a run that is taken up is done already, nobody knows before it is under way.
    timeLeft = options.resume == nil ? TimeLeft(networks: networks) : nil
    return try ForecastJournal(
      job: job, checkpoint: options.checkpoint, resume: options.resume,
      stop: Interruption.watch(), limit: options.limit.map { ($0, networks) }
    ) { [self] progress in try note(progress) }
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

  /// Takes the line of progress away, and ends the log.
  func end() throws {
    console.endProgress()
    try log?.end()
  }
}

/// The log of a run: lines of JSON, each with the system as soon as its step is done.
///
/// The log of a run that is taken up goes on where the checkpoint was: what was noted after it is
/// forgotten, for it happens again.
private final class TrainingLogFile {
  private let path: String
  private let isResumed: Bool
  private var isBegun = false

  init(_ path: String, isResumed: Bool) throws {
    self.path = path
    self.isResumed = isResumed
    try OutputFile.check(path)
  }

  func append(_ progress: ForecastJournal.Progress) throws {
    var line: JSONObject = ["network": .string(progress.network)]
    for member in progress.event.json.members { line[member.key] = member.value }
    if !isBegun { try begin(before: (progress.network, progress.step)) }
    var file = try AppendingFile(path: path)
    try file.write(JSONValue.object(line).text() + "\n")
  }

  func end() throws { if !isBegun { try begin(before: nil) } }

  /// Nothing is touched before there is something to say.
  ///
  /// - Parameter next: The network and the step that come next; nil for none.
  private func begin(before next: (network: String, step: Int)?) throws {
    isBegun = true
    var kept = ""
    let old = isResumed ? try Self.read(path) : []
    // A last line without its end was cut short.
    for line in old.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .dropLast()
    {
      guard let entry = try? JSONValue(parsing: Array(line)) else { break }
      if let next, entry["network"]?.string == next.network,
        entry["step"]?.integer ?? .max >= next.step
      {
        break
      }
      kept += String(decoding: line, as: UTF8.self) + "\n"
    }
    try AtomicFile.write(kept, to: path)
  }

  /// What is there already, if anything.
  private static func read(_ path: String) throws(FileError) -> [UInt8] {
    do { return try readFile(path) } catch {
      if error.isNoSuchFile { return [] }
      throw error
    }
  }
}
