import RecurrentCore

/// What a recurrent layer carries from one sequence to the next: for each state of its cell a tensor
/// [layers · directions, batch, size], never batch-first, in PyTorch's order: the reverse direction
/// of a layer after its forward one.
///
/// For an unbatched input the batch axis is missing.
public struct RecurrentState: TensorTree {
  /// The names of the cell's states, in the order the cell declares them: `h`, `c` for an LSTM.
  public let names: [String]
  private var values: [Tensor]

  /// - Parameter states: The values under the names of the cell's states, in the cell's order.
  public init(_ states: KeyValuePairs<String, Tensor>) {
    names = states.map(\.key)
    values = states.map(\.value)
  }

  package init(names: [String], values: [Tensor]) {
    self.names = names
    self.values = values
  }

  /// The value of a state.
  public subscript(name: String) -> Tensor {
    get { values[index(name)] }
    set { values[index(name)] = newValue }
  }

  /// The same numbers outside any tape, to be carried to the next stretch of a long sequence
  /// (truncated back-propagation through time).
  public var detached: RecurrentState {
    RecurrentState(names: names, values: values.map(\.detached))
  }

  private func index(_ name: String) -> Int {
    guard let index = names.firstIndex(of: name) else {
      preconditionFailure("The state has \(names.joined(separator: ", ")), not \(name)")
    }
    return index
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    for (index, name) in names.enumerated() { visitor.visit(name, &values[index]) }
  }
}
