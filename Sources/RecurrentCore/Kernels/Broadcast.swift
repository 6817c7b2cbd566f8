/// How a smaller tensor repeats to fill a larger shape: it has `outer` × `inner` elements, the shape
/// outer × axis × inner.
///
/// Shapes are aligned at their last axes. Axes that the smaller one lacks or has of size 1 repeat,
/// and must be neighbours.
package struct Broadcast: Sendable, Equatable {
  package let outer: Int
  package let axis: Int
  package let inner: Int

  /// Nil where the one does not repeat to fill the other.
  package init?(of small: [Int], to large: [Int]) {
    if small == large {
      (outer, axis, inner) = (1, 1, large.reduce(1, *))
      return
    }
    guard small.count <= large.count else { return nil }
    let aligned = [Int](repeating: 1, count: large.count - small.count) + small
    let repeating = large.indices.filter { aligned[$0] == 1 && large[$0] != 1 }
    guard large.indices.allSatisfy({ aligned[$0] == large[$0] || aligned[$0] == 1 }) else {
      return nil
    }
    guard let first = repeating.first, let last = repeating.last else {
      (outer, axis, inner) = (1, 1, large.reduce(1, *))
      return
    }
    // Axes of size 1 in both may stand between those that repeat.
    guard (first...last).allSatisfy({ aligned[$0] == 1 }) else { return nil }
    outer = large[..<first].reduce(1, *)
    axis = large[first...last].reduce(1, *)
    inner = large[(last + 1)...].reduce(1, *)
  }

  /// Nothing repeats.
  var isPlain: Bool { axis == 1 }
  /// One element fills everything.
  var isScalar: Bool { outer == 1 && inner == 1 && axis != 1 }

  /// The rows of a grid in which this broadcast needs no index arithmetic, if there are any.
  var rowLength: Int? {
    if isPlain || isScalar { return nil }
    if outer == 1 { return inner }
    return inner == 1 ? axis : nil
  }
}
