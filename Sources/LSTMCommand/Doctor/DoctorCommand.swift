import ArgumentParser
import Recurrent

/// `lstm doctor`: whether everything is right on this machine.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check every cell on this machine, with every instruction set it has.",
    discussion: """
      lstm doctor
      lstm doctor --cell gru --cell lstm:peepholes=i+f+o --json

      For every cell: the derivative against finite differences, both in float64;
      the engine's values and gradients against a float64 reference; step by step
      and split in two against whole sequences; padded batches against their rows
      alone; many threads against one, bit for bit.

      Exit status: 0 if all of it holds, 70 if something does not.
      """)

  @Option(
    help: ArgumentHelp(
      "A cell to check, with options as lstm:peepholes=i+o; repeatable. Default: all there are.",
      valueName: "name"))
  var cell: [String] = []

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for name in cell {
      do { _ = try Cell.named(name) } catch { throw ValidationError("--cell: \(error)") }
    }
  }

  func run() throws {
    let report = DoctorReport(
      machine: MachineDescription(context: shared.context), cells: try examine())
    try StandardStream.output.write(shared.json ? report.json.document : report.text)
    if let failure = report.failure { throw failure }
  }

  private func examine() throws -> [(name: String, report: CellReport)] {
    let console = shared.console
    defer { console.endProgress() }
    let contexts = InstructionSet.available.map {
      ComputeContext(instructionSet: $0, threadCount: shared.threads)
    }
    let names = cell.isEmpty ? Cell.presets.map(\.name) : cell
    return try names.map { name in
      console.progress("checking \(name)")
      return (name, try CellCheck(.named(name)).run(on: contexts))
    }
  }
}
