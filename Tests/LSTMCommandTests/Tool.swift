import Foundation

/// The built `lstm`, in a folder of its own that goes with it.
///
/// The tests run the tool as its users do, as a process: what it says, what it leaves and how it ends
/// is all they look at.
final class Tool: Sendable {
  /// How a run ended, and what it said.
  struct Outcome {
    var status: Int32
    var stdout: String
    var stderr: String

    var errorLines: [Substring] { stderr.split(separator: "\n") }
  }

  /// A run that did not end.
  struct Stuck: Error {
    var arguments: [String]
  }

  private let folder: URL
  /// Outside the folder, so that the folder holds only what the tool leaves there.
  private let streams: URL

  init() throws {
    let name = "lstm-tests-\(UUID().uuidString)"
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    streams = folder.appendingPathExtension("streams")
    for url in [folder, streams] {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }
  }

  deinit {
    for url in [folder, streams] { try? FileManager.default.removeItem(at: url) }
  }

  // MARK: Files

  /// The names of all files here, hidden ones too.
  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

  func write(_ data: Data, to name: String) throws {
    try data.write(to: folder.appendingPathComponent(name))
  }

  func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }

  func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

  // MARK: Runs

  /// Runs `lstm` in the folder until it ends.
  ///
  /// - Parameters:
  ///   - stdin: What it can read.
  ///   - environment: What is added to this process's own.
  ///   - output: A file that takes its standard output, such as `/dev/full`.
  func run(
    _ arguments: [String], stdin: String = "", environment: [String: String] = [:],
    output: String? = nil
  ) throws -> Outcome {
    try start(arguments, stdin: stdin, environment: environment, output: output).outcome()
  }

  /// Starts `lstm` in the folder.
  func start(
    _ arguments: [String], stdin: String = "", environment: [String: String] = [:],
    output: String? = nil
  ) throws -> Run {
    try Run(
      arguments, in: folder, streams: streams.appendingPathComponent(UUID().uuidString),
      stdin: stdin, environment: environment, output: output)
  }

  /// The built tool: it stands beside the tests.
  static let executable: URL = {
    #if canImport(Darwin)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      let products = bundle.bundleURL.deletingLastPathComponent()
    #else
      let products = Bundle.main.bundleURL
    #endif
    return products.appendingPathComponent("lstm")
  }()
}

extension Tool {
  /// A process of the tool.
  ///
  /// It says what it says into files: a pipe that nobody empties could stop it.
  final class Run: @unchecked Sendable {
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let streams: URL

    fileprivate init(
      _ arguments: [String], in folder: URL, streams: URL, stdin: String,
      environment: [String: String], output: String?
    ) throws {
      self.streams = streams
      try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: false)
      let input = streams.appendingPathComponent("stdin")
      try Data(stdin.utf8).write(to: input)
      func writing(_ url: URL) throws -> FileHandle {
        if output == nil || url.path != output { try Data().write(to: url) }
        return try FileHandle(forWritingTo: url)
      }
      process.executableURL = Tool.executable
      process.arguments = arguments
      process.currentDirectoryURL = folder
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = try FileHandle(forReadingFrom: input)
      process.standardOutput = try writing(
        output.map(URL.init(fileURLWithPath:)) ?? streams.appendingPathComponent("stdout"))
      process.standardError = try writing(streams.appendingPathComponent("stderr"))
      process.terminationHandler = { [ended] _ in ended.signal() }
      try Self.unmasked(process.run)
    }

    /// A process is born with the signals blocked that its parent's thread blocks, and the threads of
    /// tests block most.
    private static func unmasked(_ body: () throws -> Void) rethrows {
      var none = sigset_t()
      var old = sigset_t()
      unsafe sigemptyset(&none)
      unsafe pthread_sigmask(SIG_SETMASK, &none, &old)
      defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
      try body()
    }

    var isRunning: Bool { process.isRunning }
    var identifier: Int32 { process.processIdentifier }

    /// Waits for its end.
    ///
    /// - Returns: Its status is 256 and the signal's number where a signal ended it.
    func outcome() throws -> Outcome {
      guard ended.wait(timeout: .now() + 300) == .success else {
        signal(SIGKILL)
        throw Stuck(arguments: process.arguments ?? [])
      }
      let isKilled = process.terminationReason == .uncaughtSignal
      func text(_ name: String) -> String {
        let data = try? Data(contentsOf: streams.appendingPathComponent(name))
        return String(decoding: data ?? Data(), as: UTF8.self)
      }
      return Outcome(
        status: process.terminationStatus + (isKilled ? 256 : 0), stdout: text("stdout"),
        stderr: text("stderr"))
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }
  }
}
