import Recurrent

/// One run of training from the command line: its checkpoint, its log, its line of progress.
struct TrainingRun {
  private let options: RunOptions
  private let console: Console
  private let log: TrainingLogFile?

  init(_ options: RunOptions, _ console: Console) throws {
    self.options = options
    self.console = console
    log = try options.log.map(TrainingLogFile.init)
    if let checkpoint = options.checkpoint { try OutputFile.check(checkpoint) }
  }

  /// - Parameters:
  ///   - parts: What the networks depend on beside the configuration and the data.
  ///   - fits: How often a forecaster is fitted, for the time to be shared.
  func journal(
    for table: SeriesTable, _ configuration: ForecastConfiguration, parts: JSONObject,
    training: ForecastTraining, fits: Int
  ) throws -> ForecastJournal {
    var job: JSONObject = parts
    job["configuration"] = .object(configuration.json)
    job["data"] = .string(table.fingerprint)
    job["tuned"] = .bool(training.isTuned)
    job["from"] = training.start.map { .object($0.configuration.json) } ?? .null
    let (console, log) = (console, log)
    return try ForecastJournal(
      job: job, checkpoint: options.checkpoint, resume: options.resume,
      stop: Interruption.watch(),
      limit: options.limit.map { ($0, training.networks(fits: fits, configuration)) }
    ) { progress in
      if progress.step % 10 == 0 || progress.step == progress.steps {
        console.progress(
          "training \(progress.network): step \(progress.step) of \(progress.steps)")
      }
      log?.append(progress)
    }
  }

  /// What is to be written when the run is over.
  var files: [(path: String, content: [UInt8])] { log.map { [$0.file] } ?? [] }
}

/// The log of a run: lines of JSON, written when the run is over, whole or not at all.
private final class TrainingLogFile {
  private let path: String
  private var lines: [String] = []

  init(_ path: String) throws {
    self.path = path
    try OutputFile.check(path)
  }

  func append(_ progress: ForecastJournal.Progress) {
    var line: JSONObject = ["network": .string(progress.network)]
    for member in progress.event.json.members { line[member.key] = member.value }
    lines.append(JSONValue.object(line).text())
  }

  var file: (path: String, content: [UInt8]) {
    (path, Array(lines.map { $0 + "\n" }.joined().utf8))
  }
}
