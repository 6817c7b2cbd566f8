import ArgumentParser
import Recurrent

/// `lstm explain`: what a cell is.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Print a cell's equations, parameters and states, or draw it.",
    discussion: """
      lstm explain lstm
      lstm explain lstm:peepholes=i+o,projection=16 --input 10 --hidden 64
      lstm explain gru --latex
      lstm explain lstm --svg lstm.svg

      Everything is made from the equations that run. lstm cells lists the names.
      """)

  @Argument(help: "The cell, with options as lstm:peepholes=i+o.")
  var name: String

  @Option(help: "Input features, for the shapes of the parameters.")
  var input = 10

  @Option(help: "Units, for the shapes of the parameters.")
  var hidden = 32

  @Flag(help: "Print the equations alone, as LaTeX: an align* environment of amsmath.")
  var latex = false

  @Option(
    help: ArgumentHelp("Draw the cell into this file; - for standard output.", valueName: "file"))
  var svg: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for (name, value) in [("--input", input), ("--hidden", hidden)]
    where !(1...65_536).contains(value) {
      throw ValidationError("\(name) is at least 1 and at most 65536, found \(value)")
    }
    try OutputFile.validate([svg], besides: [], asJSON: shared.json)
    if latex, shared.json || svg == "-" {
      throw ValidationError(
        "--latex and \(shared.json ? "--json" : "a file called -") both want standard output")
    }
  }

  func run() throws {
    let report = try CellExplanation(name, CellSizes(input: input, hidden: hidden))
    let files = svg.map { [(path: $0, content: Array(report.diagram.utf8))] } ?? []
    try OutputFile.write(files) { () throws(FileError) in
      if svg != "-" { try StandardStream.output.write(printed(report)) }
    }
  }

  private func printed(_ report: CellExplanation) -> String {
    if shared.json { return report.json.document }
    if latex { return report.latex }
    return report.text + (svg.map { "\nWritten: \($0)\n" } ?? "")
  }
}
