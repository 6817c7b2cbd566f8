import ArgumentParser
import Recurrent
import RecurrentONNX

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a run ends that does not end well: one line, and a status of sysexits.
struct Failure {
  enum Status: Int32 {
    case usage = 64
    case badData = 65
    case noInput = 66
    case ourFault = 70
    case cannotCreate = 73
    case cannotWrite = 74
    case diverged = 75
    case interrupted = 130
  }

  private let error: any Error

  init(_ error: any Error) { self.error = error }

  private var status: Status {
    switch error {
    case is CellError, is ForecastMemoryError: .usage
    case let error as TensorFileError: error.systemError.map(status) ?? .badData
    case let error as OnnxError: error.systemError.map(status) ?? .badData
    case is TableError, is TensorMismatch, is ForecastModelError,
      is ForecastStartError:
      .badData
    case let error as FileError: status(error)
    case is DivergenceError, is ForecastDivergence: .diverged
    case is ForecastInterrupted: .interrupted
    default: .ourFault
    }
  }

  private func status(_ error: FileError) -> Status {
    switch error.operation {
    case .open, .read, .map: .noInput
    case .create, .rename: .cannotCreate
    case .write, .synchronize: .cannotWrite
    }
  }

  private var message: String {
    switch error {
    case let error as ForecastInterrupted:
      "interrupted"
        + (error.checkpoint.map { "; take it up again with --resume \($0)" } ?? "")
    default: "\(error)"
    }
  }

  func exit() -> Never {
    // The parser's own errors and its clean exits, --help among them, know their texts.
    let parserStatus = LSTMCommand.exitCode(for: error)
    if parserStatus == .success { end(printing: LSTMCommand.fullMessage(for: error)) }
    if parserStatus == .validationFailure {
      if let option = MistypedOption(in: Array(CommandLine.arguments.dropFirst())) {
        end("\(option.message) (see \(help))", .usage)
      }
      end("\(LSTMCommand.message(for: error)) (see \(help))", .usage)
    }
    end(message, status)
  }

  /// Where the options of the verb that was called are listed.
  private var help: String {
    let verbs = LSTMCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
    let verb = CommandLine.arguments.dropFirst().first
    return verb.flatMap { verbs.contains($0) ? "lstm help \($0)" : nil } ?? "lstm --help"
  }

  private func end(printing text: String) -> Never {
    do { try StandardStream.output.write(text + "\n") } catch { Failure(error).exit() }
    endProcess(0)
  }

  private func end(_ message: String, _ status: Status) -> Never {
    Console.say("lstm: \(message)\n")
    endProcess(status.rawValue)
  }
}

private func endProcess(_ status: Int32) -> Never { exit(status) }
