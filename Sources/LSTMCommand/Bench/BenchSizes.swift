import ArgumentParser
import Recurrent

/// The sizes of what is timed.
struct BenchSizes: ParsableArguments {
  @Option(help: "Time steps of a sequence.")
  var steps = 100

  @Option(help: "Sequences in the batch.")
  var batch = 32

  @Option(help: "Input features.")
  var input = 64

  @Option(help: "Units of a layer.")
  var hidden = 128

  @Option(help: "Layers.")
  var layers = 1

  @Flag(help: "Run in both directions.")
  var bidirectional = false

  /// Numbers in the largest array that a run may need: 1 GiB of them.
  private static let largest = 1 << 28

  func validate() throws {
    for (name, value, bound) in [
      ("--steps", steps, 10_000_000), ("--batch", batch, 65_536), ("--input", input, 65_536),
      ("--hidden", hidden, 65_536), ("--layers", layers, 64),
    ] where !(1...bound).contains(value) {
      throw ValidationError("\(name) is at least 1 and at most \(bound), found \(value)")
    }
    let width = max(input, bidirectional ? 2 * hidden : hidden)
    try check("--steps × --batch × units", steps * batch * width)
    try check("the matrices of all --layers", layers * width * hidden)
  }

  /// Refuses a cell whose states, one a step, are more than can be kept: a matrix memory's may be.
  func checkStates(of cell: Cell) throws {
    for state in cell.states {
      let size = try state.size(CellSizes(input: input, hidden: hidden))
      try check("--steps × --batch × state \(state.name)", steps * batch * size)
    }
  }

  private func check(_ what: String, _ count: Int) throws {
    if count > Self.largest {
      throw ValidationError("\(what) come to \(count) numbers; the most is \(Self.largest)")
    }
  }

  var json: JSONObject {
    [
      "steps": .integer(steps), "batch": .integer(batch), "input": .integer(input),
      "hidden": .integer(hidden), "layers": .integer(layers),
      "bidirectional": .bool(bidirectional),
    ]
  }

  var text: String {
    "T \(steps), B \(batch), I \(input), H \(hidden), "
      + (layers == 1 ? "1 layer" : "\(layers) layers") + (bidirectional ? ", both directions" : "")
  }
}
