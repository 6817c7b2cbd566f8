import ArgumentParser
import Recurrent

/// What is timed, and its sizes.
struct BenchSizes: ParsableArguments {
  @Option(help: "What is timed: a step of a stream, the forward pass or a training step.")
  var mode = BenchWork.Mode.train

  @Option(
    name: .customLong("steps"),
    help: "Time steps of a sequence; default: 100. With --mode step there is just one.")
  var givenSteps: Int?

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

  var steps: Int { givenSteps ?? (mode == .step ? 1 : 100) }

  /// Numbers in the largest array that a run may need: 1 GiB of them.
  private static let largest = 1 << 28

  func validate() throws {
    for (name, value, bound) in [
      ("--steps", steps, 10_000_000), ("--batch", batch, 65_536), ("--input", input, 65_536),
      ("--hidden", hidden, 65_536), ("--layers", layers, 64),
    ] where !(1...bound).contains(value) {
      throw ValidationError("\(name) is at least 1 and at most \(bound), found \(value)")
    }
    if mode == .step {
      if steps != 1 { throw ValidationError("--mode step times 1 step, found --steps \(steps)") }
      if bidirectional {
        throw ValidationError("--mode step goes forward only, found --bidirectional")
      }
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
      "mode": .string(mode.rawValue), "steps": .integer(steps), "batch": .integer(batch),
      "input": .integer(input), "hidden": .integer(hidden), "layers": .integer(layers),
      "bidirectional": .bool(bidirectional),
    ]
  }

  var text: String {
    "\(mode.text), " + (mode == .step ? "" : "T \(steps), ")
      + "B \(batch), I \(input), H \(hidden), "
      + (layers == 1 ? "1 layer" : "\(layers) layers") + (bidirectional ? ", both directions" : "")
  }
}
