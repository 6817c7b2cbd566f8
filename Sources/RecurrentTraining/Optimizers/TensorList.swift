import RecurrentCore

/// Tensors under the paths of another tree's, without its type: what an optimizer remembers of each
/// parameter.
public struct TensorList: TensorTree {
  /// The paths, in the order of the tree they come from.
  public let paths: [TensorPath]
  /// A tensor for each path.
  public var tensors: [Tensor]

  /// A list of nothing.
  public init() { (paths, tensors) = ([], []) }

  /// A zero for each number of the tree.
  public init(zerosLike tree: some TensorTree) {
    let named = tree.namedTensors
    paths = named.map(\.path)
    tensors = named.map { Tensor.zeros($0.tensor.shape, on: $0.tensor.context) }
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    for index in tensors.indices {
      visitor.visit(TensorPath(visitor.path.names + paths[index].names), &tensors[index])
    }
  }
}
