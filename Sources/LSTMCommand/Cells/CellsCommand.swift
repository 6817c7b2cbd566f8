import ArgumentParser
import Recurrent

/// `lstm cells`: what cells there are.
struct CellsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cells",
    abstract: "List the cells: a line each, then their options.",
    discussion: """
      lstm cells
      lstm cells --json

      A cell is named with its options behind a colon: lstm:peepholes=i+o,projection=64.
      lstm explain NAME prints its equations.
      """)

  @OptionGroup var shared: SharedOptions

  func run() throws {
    let list = CellList(presets: Cell.presets)
    try StandardStream.output.write(shared.json ? list.json.document : list.text)
  }
}
