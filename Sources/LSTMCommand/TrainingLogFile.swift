import Recurrent

/// The log of a run: lines of JSON, each with the system as soon as its step is done.
///
/// The log of a run that is taken up goes on where the checkpoint was: what was noted after it is
/// forgotten, for it happens again.
final class TrainingLogFile {
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
