// onnx-cases FOLDER: writes recurrent layers of every cell as ONNX models, and beside each what the
// layer computes, for `scripts/compare-onnx-export` to run them elsewhere.

import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentONNX

/// One model: a cell in a stack, on an odd number of everything.
struct Case {
  var cell: String
  var layers = 1
  var bidirectional = false
  var takesState = false

  var name: String {
    let text = "\(cell) x\(layers)" + (bidirectional ? " both" : "") + (takesState ? " state" : "")
    return String(text.map { $0.isLetter || $0.isNumber ? $0 : "-" })
  }

  func write(to folder: String) throws {
    let cell = try Cell.named(cell)
    // As odd as the cell's modules or heads allow.
    let hidden = [13, 12, 16].first {
      (try? cell.check(CellSizes(input: 7, hidden: $0))) != nil
    }!
    let key = RandomKey(seed: 5)
    let layer = try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: hidden, numLayers: layers, bidirectional: bidirectional,
      key: key)
    let input = Tensor.normal([9, 3, 7], key: key.folded("input"))
    var document = SafetensorsDocument()
    document.append("input", input)
    var state: RecurrentState?
    if takesState {
      // What a sequence has left, for a state that is made up may be one that there never is.
      let left = layer(Tensor.normal([5, 3, 7], key: key.folded("before"))).state
      for name in left.names { document.append("\(name)_0", left[name]) }
      state = left
    }
    let result = layer(input, state: state)
    document.append("output", result.output)
    for name in result.state.names { document.append("\(name)_n", result.state[name]) }
    try OnnxDocument(layer, takesState: takesState).write(to: "\(folder)/\(name).onnx")
    try document.write(to: "\(folder)/\(name).safetensors")
  }
}

let cells =
  Cell.presets.map(\.name) + [
    "lstm:peepholes=i+o", "lstm:projection=5", "lstm:coupled=f=1-i", "lstm:coupled=i=1-f",
    "lstm:peepholes=i+o,coupled=f=1-i,gate-clip=0.7",
    "clockwork:periods=1+2+5,start=1", "lstm-depth-gated:depth-gate=all",
  ]
guard CommandLine.arguments.count == 2 else {
  print("usage: onnx-cases FOLDER")
  throw CancellationError()
}
for cell in cells {
  for layers in 1...2 {
    for bidirectional in [false, true] {
      for takesState in [false, true] {
        try Case(
          cell: cell, layers: layers, bidirectional: bidirectional, takesState: takesState
        ).write(to: CommandLine.arguments[1])
      }
    }
  }
}
