import RecurrentCore
import RecurrentFormats

/// A file with a line of JSON for each step and epoch of a run; see ``TrainingEvent/json``.
///
/// A line is with the system as soon as it is appended. The same run leaves the same bytes, also if
/// it was interrupted: a log that is taken up again begins with what happened up to the checkpoint,
/// and what came after it is forgotten, for it will happen again.
///
/// ```swift
/// var log = try TrainingLog(path: "run.jsonl")
/// try train(&state, plan: plan, batches: …, report: { try log.append($0) }) { … }
/// ```
public struct TrainingLog: ~Copyable {
  private var file: AppendingFile

  /// Begins a log; an older one of the name is gone.
  public init(path: String) throws(FileError) {
    try AtomicFile.write("", to: path)
    file = try AppendingFile(path: path)
  }

  /// Takes up the log of a run that goes on from a checkpoint, made by then or not.
  public init<Model, Rule, Carried>(
    path: String, resuming state: TrainingState<Model, Rule, Carried>
  ) throws(FileError) {
    var old: [UInt8] = []
    do { old = try readFile(path) } catch  where error.isNoSuchFile {}
    var kept = ""
    // A last line without its end was cut short.
    for line in old.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .dropLast()
    {
      guard let event = try? JSONValue(parsing: Array(line)) else { break }
      let isDone =
        event["event"]?.string == "epoch"
        ? event["epoch"]?.integer ?? .max <= state.epoch
        : event["step"]?.integer ?? .max <= state.step
      if !isDone { break }
      kept += String(decoding: line, as: UTF8.self) + "\n"
    }
    try AtomicFile.write(kept, to: path)
    file = try AppendingFile(path: path)
  }

  /// Adds a line.
  public mutating func append(_ event: TrainingEvent) throws(FileError) {
    try file.write(JSONValue.object(event.json).text() + "\n")
  }
}
