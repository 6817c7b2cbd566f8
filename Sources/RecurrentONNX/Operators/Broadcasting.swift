import RecurrentCore

extension OnnxValue {
  /// This repeated to fill a larger shape.
  func expanded(to larger: [Int]) -> OnnxValue {
    if shape == larger { return self }
    switch self {
    case .float32(let tensor): return .float32(tensor.filling(larger))
    case .int64(let array): return .int64(array.filling(larger))
    case .int32(let array): return .int32(array.filling(larger))
    case .bool(let array): return .bool(array.filling(larger))
    }
  }
}

extension Tensor {
  /// This repeated to fill a larger shape, whichever axes repeat.
  func filling(_ larger: [Int]) -> Tensor {
    if shape == larger { return self }
    if count > 0, Broadcast(of: shape, to: larger) != nil, !larger.contains(0) {
      return expanded(to: larger)
    }
    let places = places(larger, strides: broadcastStrides(of: shape, to: larger))
    return Tensor(
      withElements { elements in places.map { elements[$0] } }, shape: larger, on: context)
  }

  /// A function of each element.
  func mapElements(_ function: (Float) throws -> Float) rethrows -> Tensor {
    var result = Tensor(uninitialized: shape, on: context)
    try withElements { source in
      try result.withMutableElements { target in
        for index in target.indices { target[index] = try function(source[index]) }
      }
    }
    return result
  }

  /// The elements with their shape.
  var array: OnnxArray<Float> { OnnxArray(elements, shape: shape) }
}

extension OnnxArray {
  func filling(_ larger: [Int]) -> OnnxArray {
    if shape == larger { return self }
    if elements.count == 1 {
      return OnnxArray(
        Array(repeating: elements[0], count: larger.reduce(1, *)), shape: larger)
    }
    let places = places(larger, strides: broadcastStrides(of: shape, to: larger))
    return OnnxArray(places.map { elements[$0] }, shape: larger)
  }
}

extension Call {
  /// A function of each two elements of tensors that repeat to fill one shape.
  func pairs(
    _ a: Tensor, _ b: Tensor, _ function: (Tensor, Tensor) -> Tensor
  ) throws -> Tensor {
    let shape = try broadcastShape([a.shape, b.shape])
    try check(shape)
    if shape.contains(0) { return Tensor([], shape: shape, on: context) }
    // What the tensor's own arithmetic repeats needs no copy.
    if shape == a.shape, Broadcast(of: b.shape, to: shape) != nil { return function(a, b) }
    if shape == b.shape, Broadcast(of: a.shape, to: shape) != nil { return function(a, b) }
    return function(a.filling(shape), b.filling(shape))
  }

  /// Likewise for arrays.
  func pairs<Element, Result>(
    _ a: OnnxArray<Element>, _ b: OnnxArray<Element>,
    _ function: (Element, Element) throws -> Result
  ) throws -> OnnxArray<Result> {
    let shape = try broadcastShape([a.shape, b.shape])
    try check(shape, .int64)
    let (x, y) = (a.filling(shape).elements, b.filling(shape).elements)
    return OnnxArray(try x.indices.map { try function(x[$0], y[$0]) }, shape: shape)
  }

  /// Two inputs of one type.
  func refuse(_ a: OnnxValue, _ b: OnnxValue) -> Fault {
    Fault("it is not computed of \(a.description) and \(b.description)")
  }
}
