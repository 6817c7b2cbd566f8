// Arithmetic of shapes and places, in row-major order.

/// For each axis the distance in memory from an element to its neighbour along it.
func strides(of shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  return strides
}

/// For each element of a shape, in order, start + Σ index · stride.
func places(_ shape: [Int], strides: [Int], start: Int = 0) -> [Int] {
  let count = shape.reduce(1, *)
  if count == 0 { return [] }
  guard let length = shape.last, let step = strides.last else { return [start] }
  var places: [Int] = []
  places.reserveCapacity(count)
  var index = [Int](repeating: 0, count: shape.count)
  var place = start
  while true {
    for inner in 0..<length { places.append(place + inner * step) }
    var axis = shape.count - 2
    while axis >= 0 {
      index[axis] += 1
      place += strides[axis]
      if index[axis] < shape[axis] { break }
      place -= strides[axis] * shape[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return places }
  }
}

/// The strides under which a smaller shape repeats to fill a larger one, as ONNX (and NumPy) align
/// them: at the last axes.
///
/// - Precondition: It does.
func broadcastStrides(of shape: [Int], to larger: [Int]) -> [Int] {
  let own = strides(of: shape)
  let lead = larger.count - shape.count
  return larger.indices.map { axis in
    axis < lead || (shape[axis - lead] == 1 && larger[axis] != 1) ? 0 : own[axis - lead]
  }
}

/// The shape that all repeat to fill.
func broadcastShape(_ shapes: [[Int]]) throws -> [Int] {
  let rank = shapes.map(\.count).max() ?? 0
  return try (0..<rank).map { axis in
    var size = 1
    for shape in shapes {
      let place = axis - (rank - shape.count)
      guard place >= 0, shape[place] != 1 else { continue }
      if size != 1, size != shape[place] {
        throw Fault("shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) do not fit")
      }
      size = shape[place]
    }
    return size
  }
}

/// An axis counted from the end if negative, as a place from the front.
func resolve(axis: Int, rank: Int) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw Fault("axis \(axis) is not one of a tensor of \(rank) axes")
  }
  return axis < 0 ? axis + rank : axis
}

/// Axes likewise, each once.
func resolve(axes: [Int], rank: Int) throws -> [Int] {
  let resolved = try axes.map { try resolve(axis: $0, rank: rank) }
  guard Set(resolved).count == resolved.count else { throw Fault("axes \(axes) repeat") }
  return resolved
}
