import RecurrentCore

/// A vector for each of a number of things: row i of a matrix for thing i.
///
/// The vectors begin normal with mean 0 and deviation 1; that of the padding is 0.
///
/// Source: PyTorch's `nn.Embedding`.
public struct Embedding: TensorTree {
  /// [count, size]
  public var weight: Tensor
  /// The thing that stands for nothing: its vector has no gradient.
  public let paddingIndex: Int?

  /// - Parameters:
  ///   - count: How many things there are.
  ///   - size: Numbers in a vector.
  public init(
    count: Int, size: Int, paddingIndex: Int? = nil, key: RandomKey,
    on context: ComputeContext = .default
  ) {
    precondition(
      paddingIndex.map { 0..<count ~= $0 } ?? true,
      "The padding is one of \(count) things, found \(paddingIndex ?? 0)")
    self.paddingIndex = paddingIndex
    weight = .normal([count, size], key: key.folded("weight"), on: context)
    if let paddingIndex {
      weight.withMutableElements { elements in
        for column in 0..<size { elements[paddingIndex * size + column] = 0 }
      }
    }
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("weight", &weight)
  }

  /// The vectors of some things.
  ///
  /// - Parameters:
  ///   - indices: Each 0 ..< count.
  ///   - shape: How they are arranged, [steps, batch] for one; in a row if not said.
  /// - Returns: [shape…, size].
  public func callAsFunction(_ indices: [Int], shape: [Int]? = nil) -> Tensor {
    var vectors = weight.gatherRows(indices)
    if let paddingIndex, indices.contains(paddingIndex) {
      let isReal = Tensor(
        indices.map { $0 == paddingIndex ? 0 : 1 }, shape: [indices.count, 1], on: weight.context)
      vectors = select(where: isReal, vectors, vectors.detached)
    }
    return shape.map { vectors.reshaped($0 + [weight.shape[1]]) } ?? vectors
  }
}
