import RecurrentCells
import RecurrentCore
import RecurrentLayers
import Testing

/// What every recurrent layer keeps, whatever its cell (STYLE, rule 4), and what starting it means.
@Suite struct RecurrentLayerTests {
  static let cells: [Cell] = try! [
    .rnn(), .rnn(.relu), .lstm(), .lstm(peepholes: [.input, .forget, .output]),
    .lstm(projectionSize: 5), .gru(), .gruResetBefore(),
  ]

  static func layer(
    _ cell: Cell, layers: Int = 2, bidirectional: Bool = false, dropout: Double = 0
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: 11, numLayers: layers, dropout: dropout,
      bidirectional: bidirectional, key: RandomKey(seed: 3))
  }

  static let input = Tensor.uniform([5, 3, 7], in: -1..<1, key: RandomKey(seed: 8))

  private func expectEqual(_ a: Tensor, _ b: Tensor, _ what: Comment? = nil) {
    #expect(a.shape == b.shape, what)
    for (x, y) in zip(a.elements, b.elements) where abs(x - y) > 1e-5 * (1 + abs(y)) {
      Issue.record("\(x) is not \(y) \(what?.rawValue ?? "")")
      return
    }
  }

  @Test(arguments: 0..<cells.count) func noStateIsZeroState(_ index: Int) throws {
    let layer = try Self.layer(Self.cells[index], bidirectional: true)
    let (output, state) = layer(Self.input)
    let zero = layer.zeroState(batch: 3)
    for name in state.names { #expect(zero[name].shape == state[name].shape) }
    let (same, sameState) = layer(Self.input, state: zero)
    #expect(output.elements == same.elements)
    for name in state.names { #expect(state[name].elements == sameState[name].elements) }
  }

  @Test(arguments: 0..<cells.count) func splitInTwoIsOne(_ index: Int) throws {
    let layer = try Self.layer(Self.cells[index])
    let (whole, end) = layer(Self.input)
    for cut in 1..<5 {
      let (first, middle) = layer(Self.input.slice(axis: 0, range: 0..<cut))
      let (second, last) = layer(Self.input.slice(axis: 0, range: cut..<5), state: middle)
      expectEqual(concatenated([first, second], alongAxis: 0), whole, "cut at \(cut)")
      for name in end.names { expectEqual(last[name], end[name], "state \(name)") }
    }
  }

  @Test(arguments: 0..<cells.count) func paddingChangesNothing(_ index: Int) throws {
    let layer = try Self.layer(Self.cells[index], bidirectional: true)
    let lengths = [3, 0, 5]
    var padded = Self.input
    padded.withMutableElements { elements in
      for step in 0..<5 {
        for row in 0..<3 where step >= lengths[row] {
          for unit in 0..<7 { elements[(step * 3 + row) * 7 + unit] = .nan }
        }
      }
    }
    let (output, state) = layer(padded, lengths: lengths)
    for (row, length) in lengths.enumerated() {
      let outputs = output.slice(axis: 1, range: row..<row + 1)
      let beyond = outputs.slice(axis: 0, range: length..<5)
      #expect(beyond.elements.allSatisfy { $0 == 0 })
      if length == 0 {
        for name in state.names {
          #expect(state[name].slice(axis: 1, range: row..<row + 1).elements.allSatisfy { $0 == 0 })
        }
        continue
      }
      let alone = Self.input.slice(axis: 1, range: row..<row + 1).slice(axis: 0, range: 0..<length)
      let (expected, final) = layer(alone)
      expectEqual(outputs.slice(axis: 0, range: 0..<length), expected, "row \(row)")
      for name in state.names {
        expectEqual(
          state[name].slice(axis: 1, range: row..<row + 1), final[name], "row \(row) \(name)")
      }
    }
    // In the gradients neither: what padding holds reaches no weight.
    func gradient(_ input: Tensor) -> [Tensor] {
      valueAndGradient(of: layer) { layer in
        layer(input, lengths: lengths).output.sum()
      }.gradient.tensors
    }
    for (a, b) in zip(gradient(padded), gradient(Self.input)) {
      #expect(a.elements == b.elements)
    }
  }

  @Test(arguments: 0..<cells.count) func reversedTwiceIsTheSame(_ index: Int) throws {
    // The reverse direction of a layer is its forward direction on the sequence turned around.
    let both = try Self.layer(Self.cells[index], layers: 1, bidirectional: true)
    var turned = both
    let tensors = both.namedTensors
    turned = turned.mapTensors { path, tensor in
      let name = path.description
      let other =
        name.hasSuffix("_reverse") ? String(name.dropLast(8)) : name + "_reverse"
      return tensors.first { $0.path.description == other }!.tensor
    }
    let output = both(Self.input).output
    let mirrored = turned(Self.input.reversed(axis: 0)).output.reversed(axis: 0)
    let half = output.shape[2] / 2
    expectEqual(
      output.slice(axis: 2, range: 0..<half), mirrored.slice(axis: 2, range: half..<2 * half))
    expectEqual(
      output.slice(axis: 2, range: half..<2 * half), mirrored.slice(axis: 2, range: 0..<half))
  }

  @Test func batchFirstOnlyMovesAxes() throws {
    let cell = try Cell.lstm()
    let timeFirst = try Self.layer(cell)
    var batchFirst = try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: 11, numLayers: 2, batchFirst: true, key: RandomKey(seed: 9))
    let tensors = timeFirst.tensors
    var next = 0
    batchFirst = batchFirst.mapTensors { _, _ in
      defer { next += 1 }
      return tensors[next]
    }
    let (output, state) = timeFirst(Self.input)
    let (moved, same) = batchFirst(Self.input.transposed([1, 0, 2]))
    expectEqual(moved.transposed([1, 0, 2]), output)
    for name in state.names { #expect(state[name].elements == same[name].elements) }
  }

  @Test func parametersAreCalledAsInPyTorch() throws {
    let names = try Self.layer(.lstm(projectionSize: 5), bidirectional: true).namedTensors.map {
      $0.path.description
    }
    #expect(
      Array(names.prefix(10)) == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0",
        "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse",
        "bias_hh_l0_reverse", "weight_hr_l0_reverse",
      ])
    #expect(names.count == 20)
  }

  @Test func startsUniform() throws {
    let layer = GRU(inputSize: 31, hiddenSize: 25, key: RandomKey(seed: 2))
    for (path, tensor) in layer.namedTensors {
      let values = tensor.elements
      #expect(values.allSatisfy { abs($0) <= 0.2 }, "\(path)")
      // Uniform in ±a: the variance is a²/3; a normal one cut at a would have less.
      let variance = values.reduce(0) { $0 + Double($1 * $1) } / Double(values.count)
      let expected = 0.04 / 3
      let deviation = 4 * expected * (0.8 / Double(values.count)).squareRoot()
      #expect(abs(variance - expected) < deviation, "\(path): \(variance)")
    }
  }

  @Test func forgetBiasStartsWhereItIsTold() {
    let layer = LSTM(inputSize: 3, hiddenSize: 5, forgetBias: 1.5, key: RandomKey(seed: 2))
    let tensors = Dictionary(
      uniqueKeysWithValues: layer.namedTensors.map { ($0.path.description, $0.tensor.elements) })
    #expect(tensors["bias_ih_l0"]![5..<10].allSatisfy { $0 == 1.5 })
    #expect(tensors["bias_hh_l0"]![5..<10].allSatisfy { $0 == 0 })
    #expect(!tensors["bias_ih_l0"]![0..<5].contains(1.5))
  }

  @Test func dropoutActsWithAKeyOnly() throws {
    let layer = try Self.layer(.gru(), dropout: 0.5)
    let without = layer(Self.input).output.elements
    #expect(layer(Self.input).output.elements == without)
    let first = layer(Self.input, key: RandomKey(seed: 1)).output.elements
    #expect(first != without)
    #expect(layer(Self.input, key: RandomKey(seed: 1)).output.elements == first)
    #expect(layer(Self.input, key: RandomKey(seed: 2)).output.elements != first)
    // A single layer has nothing between layers.
    let single = try Self.layer(.gru(), layers: 1, dropout: 0.5)
    #expect(
      single(Self.input).output.elements
        == single(Self.input, key: RandomKey(seed: 1)).output.elements)
  }

  @Test func whatCannotBeIsRefused() throws {
    let refused = [(0, 3, 1, 0.0), (2, 0, 1, 0), (2, 3, 0, 0), (2, 3, 1, 2)]
    for (input, hidden, layers, dropout) in refused {
      #expect(throws: CellError.self) {
        try RecurrentLayer(
          .gru(), inputSize: input, hiddenSize: hidden, numLayers: layers, dropout: dropout,
          key: RandomKey(seed: 1))
      }
    }
  }
}
