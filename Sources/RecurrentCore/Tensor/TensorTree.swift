/// A value that lists its tensors, each exactly once and by name: the parameters of a model, the
/// states of a recurrent layer, gradients, an optimizer's moments.
///
/// Counting, saving, loading, initialising and updating are visitors over that one list:
///
/// ```swift
/// struct Linear: TensorTree {
///   var weight: Tensor
///   var bias: Tensor?
///   mutating func visit(_ visitor: inout some TensorVisitor) {
///     visitor.visit("weight", &weight)
///     visitor.visit("bias", &bias)
///   }
/// }
/// ```
public protocol TensorTree: Sendable {
  mutating func visit(_ visitor: inout some TensorVisitor)
}

/// What is done with every tensor of a tree, in the order the tree lists them.
public protocol TensorVisitor {
  /// A tensor and its name, with the names of the trees around it in front: `decoder.weight`.
  mutating func visit(_ path: TensorPath, _ tensor: inout Tensor)
  /// The names of the trees that the visit is inside of.
  var path: TensorPath { get set }
}

/// The names that lead to a tensor.
public struct TensorPath: Sendable, Hashable, CustomStringConvertible {
  /// From the outermost tree inwards.
  public var names: [String]
  public init(_ names: [String] = []) { self.names = names }
  public var description: String { names.joined(separator: ".") }
}

extension TensorVisitor {
  public mutating func visit(_ name: String, _ tensor: inout Tensor) {
    visit(TensorPath(path.names + [name]), &tensor)
  }

  /// An absent tensor is not listed.
  public mutating func visit(_ name: String, _ tensor: inout Tensor?) {
    guard var present = tensor else { return }
    tensor = nil
    visit(TensorPath(path.names + [name]), &present)
    tensor = present
  }

  public mutating func visit(_ name: String, _ subtree: inout some TensorTree) {
    path.names.append(name)
    subtree.visit(&self)
    path.names.removeLast()
  }

  public mutating func visit(_ name: String, _ subtrees: inout [some TensorTree]) {
    for index in subtrees.indices { visit("\(name).\(index)", &subtrees[index]) }
  }
}

extension Tensor: TensorTree {
  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit(visitor.path, &self)
  }
}

extension Array: TensorTree where Element: TensorTree {
  public mutating func visit(_ visitor: inout some TensorVisitor) {
    for index in indices { visitor.visit("\(index)", &self[index]) }
  }
}

extension TensorTree {
  /// The tensors and their names, in the order the tree lists them.
  public var namedTensors: [(path: TensorPath, tensor: Tensor)] {
    var collector = TensorCollector()
    var copy = self
    copy.visit(&collector)
    return collector.found
  }

  /// The tensors, in the order the tree lists them.
  public var tensors: [Tensor] { namedTensors.map(\.tensor) }

  /// How many numbers the tree holds.
  public var parameterCount: Int { namedTensors.reduce(0) { $0 + $1.tensor.count } }

  /// The same tree with every tensor replaced.
  public func mapTensors(_ transform: (TensorPath, Tensor) -> Tensor) -> Self {
    withoutActuallyEscaping(transform) { transform in
      var replacer = TensorReplacer(transform: transform)
      var copy = self
      copy.visit(&replacer)
      return copy
    }
  }
}

private struct TensorCollector: TensorVisitor {
  var path = TensorPath()
  var found: [(path: TensorPath, tensor: Tensor)] = []
  mutating func visit(_ path: TensorPath, _ tensor: inout Tensor) { found.append((path, tensor)) }
}

private struct TensorReplacer: TensorVisitor {
  var path = TensorPath()
  let transform: (TensorPath, Tensor) -> Tensor
  mutating func visit(_ path: TensorPath, _ tensor: inout Tensor) {
    tensor = transform(path, tensor)
  }
}
