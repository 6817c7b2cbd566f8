import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Stacks of both directions, each way of merging them and residual connections, beside layers of
/// one direction put together by hand.
@Suite struct DirectionMergeTests {
  private static let input = wave([5, 3, 7], phase: 100)

  private func layer(
    _ cell: Cell, layers: Int, bidirectional: Bool = true, merge: DirectionMerge = .concatenate,
    residual: Bool = false
  ) throws -> RecurrentLayer {
    try RecurrentLayer(
      cell, inputSize: 7, hiddenSize: 12, numLayers: layers, bidirectional: bidirectional,
      merge: merge, residual: residual, key: RandomKey(seed: 3))
  }

  /// One layer of a stack, in one direction.
  private func part(_ stack: RecurrentLayer, layer: Int, reverse: Bool, inputSize: Int) throws
    -> RecurrentLayer
  {
    let tensors = Dictionary(
      uniqueKeysWithValues: stack.namedTensors.map { ($0.path.description, $0.tensor) })
    return try RecurrentLayer(
      stack.cell, inputSize: inputSize, hiddenSize: stack.hiddenSize, key: RandomKey(seed: 1)
    ).mapTensors { path, _ in
      let name = path.description.replacing("_l0", with: "_l\(layer)")
      return tensors[name + (reverse ? "_reverse" : "")]!
    }
  }

  /// The stack's output and final states, by hand.
  private func byHand(
    _ stack: RecurrentLayer, _ input: Tensor, merge: ([Tensor]) -> Tensor
  ) throws -> (output: Tensor, finals: [String: Tensor]) {
    var features = input
    var finals: [String: [Tensor]] = [:]
    for layer in 0..<stack.numLayers {
      let outputs = try [false, true].prefix(stack.isBidirectional ? 2 : 1).map { reverse in
        let part = try part(
          stack, layer: layer, reverse: reverse, inputSize: features.shape[2])
        let (output, state) = part(reverse ? features.reversed(axis: 0) : features)
        for name in state.names { finals[name, default: []].append(state[name]) }
        return reverse ? output.reversed(axis: 0) : output
      }
      let merged = merge(outputs)
      features = stack.isResidual && layer > 0 ? features + merged : merged
    }
    return (features, finals.mapValues { concatenated($0, alongAxis: 0) })
  }

  private func expectEqual(
    _ stack: RecurrentLayer, merge: ([Tensor]) -> Tensor, _ what: Comment
  ) throws {
    let (output, state) = stack(Self.input)
    let expected = try byHand(stack, Self.input, merge: merge)
    #expect(output.shape.last == stack.outputSize, what)
    #expect(mismatch(output, expected.output) == nil, what)
    for name in state.names { #expect(mismatch(state[name], expected.finals[name]!) == nil, what) }
  }

  private static func merged(_ merge: DirectionMerge) -> ([Tensor]) -> Tensor {
    switch merge {
    case .concatenate: { concatenated($0, alongAxis: 2) }
    case .sum: { $0[0] + $0[1] }
    case .mean: { ($0[0] + $0[1]) * 0.5 }
    case .product: { $0[0] * $0[1] }
    }
  }

  @Test(arguments: DirectionMerge.allCases)
  func bothDirectionsAreTwoLayers(_ merge: DirectionMerge) throws {
    for cell in try [Cell.lstm(), .gru(), .clockwork(periods: [1, 2, 4]), .mlstm(heads: 3)] {
      for layers in 1...2 {
        try expectEqual(
          layer(cell, layers: layers, merge: merge), merge: Self.merged(merge),
          "\(cell.name), \(layers)")
      }
    }
  }

  @Test(arguments: DirectionMerge.allCases)
  func layersAddTheirInput(_ merge: DirectionMerge) throws {
    try expectEqual(
      layer(.lstm(), layers: 3, merge: merge, residual: true), merge: Self.merged(merge), "both")
    let plain = try layer(.gru(), layers: 3, bidirectional: false, residual: true)
    try expectEqual(plain, merge: { $0[0] }, "one direction")
    // Without the connections it is something else.
    let without = try layer(.gru(), layers: 3, bidirectional: false)
    #expect(mismatch(plain(Self.input).output, without(Self.input).output) != nil)
  }

  @Test func residualConnectionsNeedTwoLayers() throws {
    #expect(throws: CellError.self) { try layer(.gru(), layers: 1, residual: true) }
  }

  /// With its directions exchanged, the layer gives the output of the sequence turned around,
  /// turned around; rows end where they end.
  @Test(arguments: DirectionMerge.allCases)
  func reversedTwiceIsTheSame(_ merge: DirectionMerge) throws {
    let both = try layer(.lstm(), layers: 1, merge: merge)
    let tensors = Dictionary(
      uniqueKeysWithValues: both.namedTensors.map { ($0.path.description, $0.tensor) })
    let exchanged = both.mapTensors { path, _ in
      let name = path.description
      return tensors[
        name.hasSuffix("_reverse") ? String(name.dropLast(8)) : name + "_reverse"]!
    }
    let lengths = [5, 2, 4]
    func turned(_ tensor: Tensor) -> Tensor {
      let rows = lengths.enumerated().map { row, length in
        let own = tensor.slice(axis: 1, range: row..<row + 1)
        return concatenated(
          [
            own.slice(axis: 0, range: 0..<length).reversed(axis: 0),
            own.slice(axis: 0, range: length..<5),
          ].filter { $0.shape[0] > 0 }, alongAxis: 0)
      }
      return concatenated(rows, alongAxis: 1)
    }
    let output = both(Self.input, lengths: lengths).output
    var mirrored = turned(exchanged(turned(Self.input), lengths: lengths).output)
    if merge == .concatenate {
      let halves = mirrored.split(axis: 2, sizes: [12, 12])
      mirrored = concatenated([halves[1], halves[0]], alongAxis: 2)
    }
    #expect(mismatch(output, mirrored) == nil)
  }

  /// The memory that a layer reads is that of its own direction below.
  @Test func depthGatesStayInTheirDirection() throws {
    let cell = try Cell.named("lstm-depth-gated:depth-gate=all")
    let both = try layer(cell, layers: 2, merge: .sum)
    let reversed = try layer(cell, layers: 2, bidirectional: false)
    // With weights of 0 in the forward direction, its outputs are 0, and the sum is the other's.
    let tensors = both.namedTensors
    let silent = both.mapTensors { path, tensor in
      path.description.hasSuffix("_reverse") ? tensor : .zeros(tensor.shape)
    }
    let alone = reversed.mapTensors { path, _ in
      tensors.first { $0.path.description == "\(path)_reverse" }!.tensor
    }
    let expected = alone(Self.input.reversed(axis: 0)).output.reversed(axis: 0)
    #expect(mismatch(silent(Self.input).output, expected) == nil)
  }
}
