/// An operator of ONNX: what its nodes look like, and how one is made ready to run.
struct Operator: Sendable {
  let name: String
  /// How many inputs and outputs a node has.
  let inputs: ClosedRange<Int>
  let outputs: ClosedRange<Int>
  /// The first opset that has it.
  let since: Int
  /// Whether a node whose inputs are all constant is run when the model is read. Not where that might
  /// take long.
  let isCheap: Bool
  /// Reads the attributes, in the meaning that they have in the node's opset.
  let prepare: @Sendable (NodeReader) throws -> Kernel

  init(
    _ name: String, inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1, since: Int = 1,
    isCheap: Bool = true, prepare: @escaping @Sendable (NodeReader) throws -> Kernel
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.since = since
    self.isCheap = isCheap
    self.prepare = prepare
  }

  /// Any number of inputs, from one on.
  static let many = 1...Int.max

  /// All operators, by name.
  static let all: [String: Operator] = {
    let families = [
      Arithmetic.operators, Functions.operators, Logic.operators, Casts.operators,
      Shapes.operators, Moves.operators, Picks.operators, Reductions.operators,
      Order.operators, Normalizations.operators, Products.operators, Windows.operators,
      ControlFlow.operators, Recurrent.operators, SplitSequence.operators,
    ]
    return Dictionary(
      uniqueKeysWithValues: families.joined().map { ($0.name, $0) })
  }()

  /// The opsets whose operators are known here.
  static let opsets = 7...28
}
