import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Gates and states of every step: asked for by name, and nothing else changed by it.
@Suite struct RecordingTests {
  static let cells = [
    "lstm", "lstm-peephole:projection=5", "lstm-full-gate-recurrence", "lstm-depth-gated",
    "lstm-no-forget-gate", "lstm:layer-norm=tf-addons", "lstm:cell-clip=0.1", "indrnn", "gru",
    "gru-reset-before", "clockwork:periods=1+2+4", "mgu", "slstm", "mlstm", "min-lstm",
  ]

  private static let input = wave([5, 3, 7], phase: 100)
  private static let lengths = [3, 0, 5]

  private func layer(
    _ cell: String, layers: Int = 2, batchFirst: Bool = false, bidirectional: Bool = true
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 12, numLayers: layers, batchFirst: batchFirst,
      bidirectional: bidirectional, key: RandomKey(seed: 3))
  }

  private func everyName(_ cell: Cell) -> [String] {
    cell.recordableNames + cell.retainedStates.map(Cell.retention)
  }

  @Test(arguments: cells) func nothingElseChanges(_ cell: String) throws {
    let layer = try layer(cell)
    let names = everyName(layer.cell)
    for lengths in [nil, Self.lengths] {
      let (output, state) = layer(Self.input, lengths: lengths)
      let recorded = layer(Self.input, lengths: lengths, recording: names)
      #expect(recorded.recording.names == names)
      #expect(difference(recorded.output, output) == nil)
      for name in state.names { #expect(difference(recorded.state[name], state[name]) == nil) }
      // One at a time it is the same, and in any order.
      for name in names {
        let alone = layer(Self.input, lengths: lengths, recording: [name]).recording[name]
        #expect(difference(alone, recorded.recording[name]) == nil, "\(name)")
      }
      let turned = layer(Self.input, lengths: lengths, recording: names.reversed()).recording
      for name in names {
        #expect(difference(turned[name], recorded.recording[name]) == nil, "\(name)")
      }
    }
  }

  /// The last recorded value of a state is the final one, at each row's own end: to the bit, but where
  /// the final one comes from whole chunks of steps, and what is recorded from the steps.
  @Test(arguments: cells) func statesEndWhereTheyEnd(_ cell: String) throws {
    let layer = try layer(cell)
    let names = layer.cell.states.map(\.name)
    let sizes = CellSizes(input: 7, hidden: 12)
    let isChunkwise = SequenceEngine(try CompiledCell(layer.cell, sizes: sizes)).isChunkwise
    #expect(isChunkwise == (cell == "mlstm"))
    let (_, state, recording) = layer(Self.input, lengths: Self.lengths, recording: names)
    for name in names {
      let values = recording[name]
      #expect(values.shape == [4, 5, 3, state[name].shape[2]])
      for (row, length) in Self.lengths.enumerated() where length > 0 {
        for place in 0..<4 {
          let own = values.slice(axis: 0, range: place..<place + 1)
            .slice(axis: 2, range: row..<row + 1)
          // The reverse direction ends at the first step.
          let last = place % 2 == 1 ? 0 : length - 1
          let final = state[name].slice(axis: 0, range: place..<place + 1)
            .slice(axis: 1, range: row..<row + 1)
          let ended = own.slice(axis: 1, range: last..<last + 1).reshaped(final.shape)
          #expect(
            (isChunkwise ? mismatch(ended, final) : difference(ended, final)) == nil,
            "\(name) of row \(row) at \(place)")
        }
      }
    }
  }

  @Test(arguments: cells) func paddingIsZero(_ cell: String) throws {
    let layer = try layer(cell)
    let names = everyName(layer.cell)
    let recording = layer(Self.input, lengths: Self.lengths, recording: names).recording
    for name in names {
      for (row, length) in Self.lengths.enumerated() {
        let own = recording[name].slice(axis: 2, range: row..<row + 1)
        #expect(own.slice(axis: 1, range: length..<5).elements.allSatisfy { $0 == 0 }, "\(name)")
        guard length > 0 else { continue }
        // What is not padding is what the row alone gives.
        let alone = layer(
          Self.input.slice(axis: 1, range: row..<row + 1).slice(axis: 0, range: 0..<length),
          recording: [name]
        ).recording[name]
        #expect(mismatch(own.slice(axis: 1, range: 0..<length), alone) == nil, "\(name)")
      }
    }
  }

  @Test func gatesAreWhatTheEquationsSay() throws {
    let layer = try layer("lstm", layers: 1, bidirectional: false)
    let (output, _, recording) = layer(Self.input, recording: ["i", "f", "g", "o", "c", "h"])
    for gate in ["i", "f", "o"] {
      #expect(recording[gate].elements.allSatisfy { 0 < $0 && $0 < 1 })
    }
    #expect(recording["g"].elements.allSatisfy { -1 < $0 && $0 < 1 })
    let memory = recording["c"]
    let before = concatenated(
      [.zeros([1, 1, 3, 12]), memory.slice(axis: 1, range: 0..<4)], alongAxis: 1)
    let kept = recording["f"] * before
    #expect(mismatch(memory, kept + recording["i"] * recording["g"]) == nil)
    #expect(mismatch(recording["h"], recording["o"] * tanh(memory)) == nil)
    #expect(difference(recording["h"].reshaped([5, 3, 12]), output) == nil)
  }

  @Test func shapesFollowTheInput() throws {
    let timeFirst = try layer("lstm")
    let expected = timeFirst(Self.input, recording: ["f"]).recording["f"]
    #expect(expected.shape == [4, 5, 3, 12])
    let tensors = timeFirst.tensors
    var next = 0
    let batchFirst = try layer("lstm", batchFirst: true).mapTensors { _, _ in
      defer { next += 1 }
      return tensors[next]
    }
    let moved = batchFirst(Self.input.transposed([1, 0, 2]), recording: ["f"]).recording["f"]
    #expect(moved.shape == [4, 3, 5, 12])
    #expect(difference(moved.transposed([0, 2, 1, 3]), expected) == nil)
    let row = Self.input.slice(axis: 1, range: 1..<2).reshaped([5, 7])
    for layer in [timeFirst, batchFirst] {
      let alone = layer(row, recording: ["f"]).recording["f"]
      #expect(alone.shape == [4, 5, 12])
      #expect(
        mismatch(
          alone.reshaped([4, 5, 1, 12]), expected.slice(axis: 2, range: 1..<2)) == nil)
    }
    // The reverse direction stands after the forward one, in the order of time.
    let turned = try layer("lstm", layers: 1, bidirectional: true)
    let reverse = turned(Self.input, recording: ["h"])
    #expect(
      difference(
        reverse.recording["h"].slice(axis: 0, range: 1..<2).reshaped([5, 3, 12]),
        reverse.output.slice(axis: 2, range: 12..<24)) == nil)
  }

  @Test func recordingsHaveGradients() throws {
    let layer = try layer("lstm", layers: 1, bidirectional: false)
    func gradient(_ loss: (RecurrentLayer) -> Tensor) -> [Tensor] {
      valueAndGradient(of: layer, loss).gradient.tensors
    }
    let weights = wave([1, 5, 3, 12], phase: 400)
    let recorded = gradient { (($0(Self.input, recording: ["h"]).recording["h"]) * weights).sum() }
    let output = gradient { ($0(Self.input).output * weights.reshaped([5, 3, 12])).sum() }
    for (a, b) in zip(recorded, output) {
      #expect(gradientMismatch(a, DoubleArray(b)) == nil)
      #expect(a.elements.contains { $0 != 0 })
    }
  }

  @Test func whatIsNotThereIsRefused() async throws {
    #expect(throws: CellError.self) { try Cell.lstm().recording(["r"]) }
    #if !os(iOS)
      await #expect(processExitsWith: .failure) {
        let layer = LSTM(inputSize: 7, hiddenSize: 12, key: RandomKey(seed: 3))
        _ = layer(.zeros([5, 3, 7]), recording: ["f", "r"])
      }
    #endif
  }
}
