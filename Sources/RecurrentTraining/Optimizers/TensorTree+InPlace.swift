import RecurrentCore

extension TensorTree {
  /// Moves the tensors out of the tree, lets `body` change them and puts them back.
  ///
  /// While they are out the tree does not share their memory, so changing them copies nothing.
  mutating func withTensors(_ body: ([TensorPath], inout [Tensor]) -> Void) {
    var taker = TensorTaker()
    visit(&taker)
    body(taker.paths, &taker.tensors)
    var giver = TensorGiver(tensors: taker.tensors)
    taker.tensors = []
    visit(&giver)
  }
}

private struct TensorTaker: TensorVisitor {
  var path = TensorPath()
  var paths: [TensorPath] = []
  var tensors: [Tensor] = []
  private let placeholder = Tensor.zeros([0])

  mutating func visit(_ path: TensorPath, _ tensor: inout Tensor) {
    paths.append(path)
    tensors.append(tensor)
    tensor = placeholder
  }
}

private struct TensorGiver: TensorVisitor {
  var path = TensorPath()
  let tensors: [Tensor]
  var next = 0

  init(tensors: [Tensor]) { self.tensors = tensors }

  mutating func visit(_ path: TensorPath, _ tensor: inout Tensor) {
    tensor = tensors[next]
    next += 1
  }
}
