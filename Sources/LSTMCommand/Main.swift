import ArgumentParser

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The `lstm` tool. Every error becomes one line and a documented exit status.
@main
struct Main {
  static func main() {
    // A reader that has gone is a write that fails, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try LSTMCommand.parseAsRoot()
      try command.run()
    } catch {
      Failure(error).exit()
    }
  }
}

struct LSTMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lstm",
    abstract: "Recurrent networks for time series: forecast a CSV, keep a model, judge it.",
    discussion: """
      lstm forecast sales.csv --horizon 12

      Exit status: 0 done, 64 wrong usage, 65 bad data, 66 no input, 70 our fault,
      73 cannot create a file, 74 cannot write, 75 training diverged, 130 interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      ForecastCommand.self, BacktestCommand.self, TrainCommand.self, PredictCommand.self,
      EvaluateCommand.self, FutureCommand.self, InspectCommand.self, ConvertCommand.self,
      RunCommand.self, StudyCommand.self,
      CellsCommand.self, ExplainCommand.self, DoctorCommand.self, BenchCommand.self,
    ]
  )
}
