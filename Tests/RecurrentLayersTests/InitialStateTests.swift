import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Initial states that are learnt, and rows that have no step to leave theirs.
@Suite struct InitialStateTests {
  static let cells = [
    "lstm-peephole:projection=5", "gru", "lstm-depth-gated", "clockwork:periods=1+2+4", "mlstm",
  ]

  private static let input = wave([5, 3, 7], phase: 100)

  /// A layer whose learnt states are not zero.
  private func layer(_ cell: String, learns: Bool = true) throws -> RecurrentLayer {
    try RecurrentLayer(
      .named(cell), inputSize: 7, hiddenSize: 12, numLayers: 2, bidirectional: true,
      learnsInitialState: learns, key: RandomKey(seed: 3)
    ).mapTensors { path, tensor in
      path.description.hasPrefix("initial") ? wave(tensor.shape, phase: 7) : tensor
    }
  }

  /// What the layer has learnt, for every row.
  private func learntState(_ layer: RecurrentLayer, rows: Int) -> RecurrentState {
    let tensors = Dictionary(
      uniqueKeysWithValues: layer.namedTensors.map { ($0.path.description, $0.tensor) })
    var state = layer.zeroState(batch: rows)
    for name in state.names where name != "clock" {
      state[name] = stacked(
        (0..<4).map { place in
          let ending = "_l\(place / 2)" + (place % 2 == 1 ? "_reverse" : "")
          let learnt = tensors["initial_\(name)\(ending)"]!
          return learnt.reshaped([1, learnt.count]).expanded(to: [rows, learnt.count])
        })
    }
    return state
  }

  @Test(arguments: cells) func itIsUsedWhereNoneIsGiven(_ cell: String) throws {
    let layer = try layer(cell)
    let (output, final) = layer(Self.input)
    let (same, sameFinal) = layer(Self.input, state: learntState(layer, rows: 3))
    #expect(difference(output, same) == nil)
    for name in final.names { #expect(difference(final[name], sameFinal[name]) == nil) }
    // A state that is given is what counts: zero is zero.
    let zero = layer(Self.input, state: layer.zeroState(batch: 3)).output
    let plain = try self.layer(cell, learns: false)
    #expect(difference(zero, plain(Self.input).output) == nil)
    #expect(mismatch(zero, output) != nil)
  }

  @Test(arguments: cells) func itIsLearnt(_ cell: String) throws {
    let layer = try layer(cell)
    func gradient(_ state: RecurrentState?) -> [String: Tensor] {
      let found = valueAndGradient(of: layer) { layer in
        let output = layer(Self.input, state: state).output
        return (output * wave(output.shape, phase: 400)).sum()
      }.gradient
      return Dictionary(
        uniqueKeysWithValues: found.namedTensors.map { ($0.path.description, $0.tensor) })
    }
    let names = layer.namedTensors.map(\.path.description).filter { $0.hasPrefix("initial") }
    #expect(names.count == 4 * layer.cell.states.filter { !$0.isClock }.count)
    let (learnt, given) = (gradient(nil), gradient(layer.zeroState(batch: 3)))
    // What it would be for a state given, summed over the rows.
    struct Start: TensorTree {
      var state: RecurrentState
      mutating func visit(_ visitor: inout some TensorVisitor) { visitor.visit("", &state) }
    }
    let rows = valueAndGradient(of: Start(state: learntState(layer, rows: 3))) { start in
      let output = layer(Self.input, state: start.state).output
      return (output * wave(output.shape, phase: 400)).sum()
    }.gradient.state
    for name in names {
      #expect(given[name]!.elements.allSatisfy { $0 == 0 }, "\(name)")
      let parts = name.split(separator: "_")
      let place = (parts[2] == "l0" ? 0 : 2) + (parts.count == 4 ? 1 : 0)
      let whole = rows[String(parts[1])]
      let expected = whole.slice(axis: 0, range: place..<place + 1).sum(axis: 1)
      #expect(
        gradientMismatch(
          learnt[name]!, DoubleArray(expected.reshaped(learnt[name]!.shape))) == nil, "\(name)")
      // A bound that changes no result has no gradient; everything else has.
      let isBound = layer.cell.name == "mlstm" && parts[1] == "m"
      #expect(isBound || learnt[name]!.elements.contains { $0 != 0 }, "\(name)")
    }
  }

  /// A row without steps keeps what it started from, learnt or given, and gives out zeros.
  @Test(arguments: cells) func rowsWithoutSteps(_ cell: String) throws {
    let layer = try layer(cell)
    let given = layer(Self.input.slice(axis: 0, range: 0..<2)).state
    for state in [nil, given] {
      let start = state ?? learntState(layer, rows: 3)
      let (output, final) = layer(Self.input, state: state, lengths: [4, 0, 5])
      #expect(output.slice(axis: 1, range: 1..<2).elements.allSatisfy { $0 == 0 })
      for name in final.names {
        let row = 1..<2
        #expect(
          difference(
            final[name].slice(axis: 1, range: row), start[name].slice(axis: 1, range: row)) == nil,
          "\(name)")
      }
      // All rows without steps.
      let nothing = layer(Self.input, state: state, lengths: [0, 0, 0])
      #expect(nothing.output.elements.allSatisfy { $0 == 0 })
      for name in final.names { #expect(difference(nothing.state[name], start[name]) == nil) }
    }
  }

  @Test func itStartsAtZero() throws {
    let layer = try RecurrentLayer(
      .lstm(), inputSize: 7, hiddenSize: 12, learnsInitialState: true, key: RandomKey(seed: 3))
    let learnt = layer.namedTensors.filter { $0.path.description.hasPrefix("initial") }
    #expect(learnt.map(\.path.description) == ["initial_h_l0", "initial_c_l0"])
    #expect(learnt.allSatisfy { $0.tensor.elements.allSatisfy { $0 == 0 } })
  }
}
