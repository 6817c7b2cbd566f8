import Foundation
import Testing

/// Runs that end before their time, and are taken up again.
@Suite struct Resume {
  /// Eight networks of some three hundred steps: a checkpoint three times in each of them.
  private static let job =
    ["forecast", "table.csv", "--horizon", "3", "--windows", "1", "--epochs", "250"]
    + ["--hidden", "8", "--quiet", "--save", "m"]
  private static let table = Table(months: 100).csv

  private struct Files: Equatable {
    var csv: Data
    var svg: Data
    var model: Data
    /// A line for each step that was taken.
    var log: String

    init(_ tool: Tool) throws {
      csv = try tool.data("forecast.csv")
      svg = try tool.data("forecast.svg")
      model = try tool.data("m")
      log = try tool.text("log")
    }
  }

  /// What a run leaves that nobody interrupts.
  private static let uninterrupted = Result {
    let tool = try Tool()
    try tool.write(table, to: "table.csv")
    try #require(try tool.run(job + ["--log", "log"]).status == 0)
    return try Files(tool)
  }

  private func tool() throws -> Tool {
    let tool = try Tool()
    try tool.write(Self.table, to: "table.csv")
    return tool
  }

  /// Starts a run, and sends it a signal when it has written its checkpoint so many times.
  private func stopped(
    _ tool: Tool, _ options: [String] = [], after checkpoints: Int, by signal: Int32
  ) throws -> Tool.Outcome {
    let run = try tool.start(Self.job + ["--checkpoint", "c"] + options)
    var seen: Data?
    var count = 0
    while count < checkpoints, run.isRunning {
      // A new checkpoint is a new file with other bytes.
      if let data = try? tool.data("c"), data != seen {
        seen = data
        count += 1
      }
      usleep(1000)
    }
    run.signal(signal)
    return try run.outcome()
  }

  /// Takes a run up, and looks whether it ends as one that nobody stopped.
  private func expectResumed(_ tool: Tool, _ options: [String] = []) throws {
    let resumed = try tool.run(Self.job + ["--resume", "c", "--log", "log"] + options)
    #expect(resumed.status == 0, "\(resumed.stderr)")
    let files = try Files(tool)
    let expected = try Self.uninterrupted.get()
    #expect(files.csv == expected.csv)
    #expect(files.svg == expected.svg)
    #expect(files.model == expected.model)
    // It has taken the steps that were missing, the same ones, and no others.
    #expect(expected.log.hasSuffix(files.log))
    #expect(files.log.utf8.count < expected.log.utf8.count)
  }

  // MARK: Killed

  @Test(arguments: [1, 3, 4, 11, 20]) func killed(_ checkpoints: Int) throws {
    let tool = try tool()
    let killed = try stopped(tool, after: checkpoints, by: SIGKILL)
    #expect(killed.status == 256 + SIGKILL)
    #expect(try !tool.files.contains { $0.hasPrefix("forecast") || $0 == "m" })
    try expectResumed(tool)
  }

  /// With a checkpoint of its own at the same place, and another number of threads.
  @Test func killedTwice() throws {
    let tool = try tool()
    for _ in 0..<2 {
      let resume = try tool.files.contains("c") ? ["--resume", "c"] : []
      let killed = try stopped(tool, resume + ["--threads", "1"], after: 5, by: SIGKILL)
      #expect(killed.status == 256 + SIGKILL)
    }
    try expectResumed(tool, ["--checkpoint", "c", "--threads", "2"])
  }

  /// A finished run's checkpoint still says what there is to say.
  @Test func finished() throws {
    let tool = try tool()
    #expect(try tool.run(Self.job + ["--checkpoint", "c"]).status == 0)
    for name in ["forecast.csv", "forecast.svg", "m"] {
      try FileManager.default.removeItem(atPath: tool.path(name))
    }
    try expectResumed(tool)
    #expect(try tool.text("log") == "")
  }

  // MARK: Interrupted

  @Test(arguments: [1, 6]) func interrupted(_ checkpoints: Int) throws {
    let tool = try tool()
    let interrupted = try stopped(tool, after: checkpoints, by: SIGINT)
    #expect(interrupted.status == 130)
    #expect(interrupted.stderr == "lstm: interrupted; take it up again with --resume c\n")
    #expect(interrupted.stdout == "")
    #expect(try tool.files == ["c", "table.csv"])
    try expectResumed(tool)
  }

  /// Whether a process has a handler of its own for SIGINT.
  private func watchesForInterrupts(_ process: Int32) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
      let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
    else { return false }
    return mask & 1 << UInt64(SIGINT - 1) != 0
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/status")))
  func interruptedWithoutACheckpoint() throws {
    let tool = try tool()
    let run = try tool.start(Self.job)
    while run.isRunning, !watchesForInterrupts(run.identifier) { usleep(1000) }
    run.signal(SIGINT)
    let outcome = try run.outcome()
    #expect(outcome.status == 130)
    #expect(outcome.stderr == "lstm: interrupted\n")
    #expect(outcome.stdout == "")
    #expect(try tool.files == ["table.csv"])
  }

  /// A log is there as soon as there is something to tell, and a run that goes on goes on with it.
  @Test func theLogGoesOn() throws {
    let tool = try tool()
    _ = try stopped(tool, ["--log", "log"], after: 4, by: SIGKILL)
    let expected = try Self.uninterrupted.get().log
    let begun = try tool.text("log")
    #expect(begun.utf8.count > 1000 && begun.utf8.count < expected.utf8.count)
    #expect(expected.hasPrefix(begun))
    let resumed = try tool.run(Self.job + ["--resume", "c", "--log", "log"])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(try tool.text("log") == expected)
  }

  // MARK: Damaged

  @Test func aCheckpointCutShort() throws {
    let tool = try tool()
    _ = try stopped(tool, after: 2, by: SIGINT)
    let whole = try tool.data("c")
    for length in [0, 7, 100, whole.count / 2, whole.count - 1] {
      try tool.write(whole.prefix(length), to: "c")
      let outcome = try tool.run(Self.job + ["--resume", "c"])
      #expect(outcome.status == 65, "\(length) bytes")
      #expect(outcome.errorLines.count == 1 && outcome.stderr.hasPrefix("lstm: c: "))
      #expect(try tool.files == ["c", "table.csv"])
    }
  }
}
