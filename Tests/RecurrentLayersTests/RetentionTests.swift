import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// How much of a state a step keeps, as it follows from the equations of any cell.
@Suite struct RetentionTests {
  private static let input = wave([5, 3, 7], phase: 100)

  private func layer(_ cell: Cell, layers: Int = 1) throws -> RecurrentLayer {
    try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: 12, numLayers: layers, key: RandomKey(seed: 3))
  }

  private func recorded(_ cell: Cell, layers: Int = 1, _ names: [String]) throws -> Recording {
    try layer(cell, layers: layers)(Self.input, recording: names).recording
  }

  @Test(arguments: [
    ("rnn", []), ("rnn-relu", []), ("indrnn:activation=tanh", []), ("indrnn", ["h"]),
    ("lstm", ["c"]), ("lstm-peephole", ["c"]), ("lstm:peepholes=f,full-peepholes=yes", ["c"]),
    ("lstm-no-forget-gate", ["c"]), ("lstm-full-gate-recurrence", ["c"]),
    ("lstm-depth-gated", ["c"]), ("lstm:layer-norm=haste", ["c"]),
    ("lstm:layer-norm=tf-addons", ["c"]), ("gru", ["h"]), ("gru-reset-before", ["h"]),
    ("mgu", ["h"]), ("janet", ["h"]), ("ugrnn", ["h"]), ("min-gru", ["h"]), ("min-lstm", ["h"]),
    ("clockwork:periods=1+2+4", ["h"]), ("slstm", ["c", "n"]), ("mlstm", ["C", "n"]),
  ])
  func whatIsKept(_ cell: String, _ states: [String]) throws {
    #expect(try Cell.named(cell).retainedStates == states)
  }

  @Test(arguments: [
    ("lstm", "c", "f"), ("lstm-peephole", "c", "f"), ("lstm-coupled", "c", "f"),
    ("lstm-depth-gated", "c", "f"), ("gru", "h", "z"), ("gru-reset-before", "h", "z"),
    ("janet", "h", "f"), ("ugrnn", "h", "g"), ("min-lstm", "h", "f"), ("slstm", "c", "f"),
    ("slstm", "n", "f"), ("mlstm", "C", "f"), ("mlstm", "n", "f"),
  ])
  func theGateThatKeeps(_ cell: String, _ state: String, _ gate: String) throws {
    let kept = try recorded(.named(cell), layers: 2, ["keep_\(state)", gate])
    #expect(difference(kept["keep_\(state)"], kept[gate]) == nil)
  }

  @Test(arguments: [("mgu", "f"), ("min-gru", "z")])
  func theRestOfTheGateThatReplaces(_ cell: String, _ gate: String) throws {
    let kept = try recorded(.named(cell), ["keep_h", gate])
    #expect(difference(kept["keep_h"], 1 - kept[gate]) == nil)
  }

  @Test func everythingAndNothing() throws {
    let open = try recorded(.named("lstm-no-forget-gate"), ["keep_c"])["keep_c"]
    #expect(open.shape == [1, 5, 3, 12] && open.elements.allSatisfy { $0 == 1 })
    // A module keeps its state while it is not due: the second of three every other step.
    let clock = try recorded(.named("clockwork:periods=1+2+4"), ["keep_h"])["keep_h"]
    let second = clock.slice(axis: 3, range: 4..<8)
    for step in 0..<5 {
      let kept = second.slice(axis: 1, range: step..<step + 1).elements
      #expect(kept.allSatisfy { $0 == (step % 2 == 0 ? 0 : 1) })
    }
  }

  /// A clipped unit passes nothing on, the others as much as without a bound.
  @Test func clipping() throws {
    let kept = try recorded(.named("lstm:cell-clip=0.05"), ["keep_c", "f", "c"])
    var clipped = 0
    for (index, keep) in kept["keep_c"].elements.enumerated() {
      let isClipped = kept["c"].elements[index].magnitude == 0.05
      #expect(keep == (isClipped ? 0 : kept["f"].elements[index]))
      clipped += isClipped ? 1 : 0
    }
    #expect((1..<180).contains(clipped))
  }

  /// In expectation zoneout keeps p of the old value and of the new one what the cell keeps.
  @Test func zoneout() throws {
    let cell = try Cell.lstm().regularized(zoneout: ["c": 0.25])
    let kept = try recorded(cell, ["keep_c", "f"])
    #expect(mismatch(kept["keep_c"], 0.25 + 0.75 * kept["f"]) == nil)
  }

  @Test func scaledPaths() throws {
    let cell = try Cell("made up") { step in
      let s = step.state("s")
      let t = step.state("t")
      let g = sigmoid(step.affine(["g"], of: step.input, s)["g"]).named("g")
      let split = (2 - s / 4).reshaped([3, .hidden / 3]).reshaped([.hidden])
      step.next(s, g - g * split + select(greater(g, 0 * g), -(0.5 * s), s))
      step.next(t, t * t)
      step.output(s + t)
    }
    #expect(cell.retainedStates == ["s"])
    let kept = try recorded(cell, ["keep_s", "g"])
    #expect(mismatch(kept["keep_s"], 0.25 * kept["g"] - 0.5) == nil)
  }

  @Test func whatIsNotKeptIsRefused() throws {
    let error = try #require(throws: CellError.self) { try Cell.lstm().recording(["keep_h"]) }
    #expect(error.code == .unknownName && error.description.hasSuffix(", keep_c"))
    #expect(throws: CellError.self) { try Cell.rnn().recording(["keep_h"]) }
    #expect(throws: CellError.self) { try Cell.clockwork().recording(["keep_clock"]) }
  }
}
