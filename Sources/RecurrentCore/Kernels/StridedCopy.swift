extension ComputeContext {
  /// Copies `count` runs of `length` floats, each a stride from the one before it.
  ///
  /// - Parameters:
  ///   - start: The place of the first run in the source.
  ///   - stride: Floats from run to run; negative where they are taken backwards.
  func copyRuns(
    count: Int, length: Int, from source: Tensor, start: Int = 0, stride: Int,
    to target: Tensor, targetStart: Int = 0, targetStride: Int
  ) {
    if count == 0 || length == 0 { return }
    let step = max(1, 32_768 / length)
    workers.forEach((count + step - 1) / step) { piece in
      for index in piece * step..<min((piece + 1) * step, count) {
        unsafe (target.pointer + targetStart + index * targetStride).update(
          from: source.pointer + start + index * stride, count: length)
      }
    }
  }

  /// Copies elements at any strides into contiguous memory.
  ///
  /// - Parameters:
  ///   - shape: Of the target.
  ///   - strides: Floats from element to element of the source, along each axis of the target.
  func copyStrided(from source: Tensor, strides: [Int], to target: Tensor, shape: [Int]) {
    if target.count == 0 { return }
    // The fewest axes that say the same: those of size 1 go, neighbours that count on are one.
    var axes: [(size: Int, stride: Int)] = []
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let last = axes.last, last.stride == size * stride {
        axes[axes.count - 1] = (last.size * size, stride)
      } else {
        axes.append((size, stride))
      }
    }
    let inner = axes.popLast() ?? (1, 1)
    if inner.stride == 1 {
      // Whole runs.
      let runs = axes
      let step = max(1, 32_768 / inner.size)
      let count = target.count / inner.size
      workers.forEach((count + step - 1) / step) { piece in
        for run in piece * step..<min((piece + 1) * step, count) {
          unsafe (target.pointer + run * inner.size).update(
            from: source.pointer + Self.offset(of: run, in: runs), count: inner.size)
        }
      }
      return
    }
    // The source runs along another axis: tiles of that and the last one use every cache line that
    // they touch.
    let along = axes.lastIndex { $0.stride == 1 } ?? axes.count - 1
    let other = axes.isEmpty ? (size: 1, stride: 0) : axes.remove(at: along)
    let innerAxes = axes.isEmpty ? 1 : axes[min(along, axes.count)...].reduce(1) { $0 * $1.size }
    let otherTarget = innerAxes * inner.size
    let tile = 16
    let lines = axes
    let count = target.count / (inner.size * other.size)
    let tilesOfOther = (other.size + tile - 1) / tile
    workers.forEach(count * tilesOfOther) { piece in
      let line = piece / tilesOfOther
      let first = piece % tilesOfOther * tile
      let last = min(first + tile, other.size)
      let from = Self.offset(of: line, in: lines)
      let to =
        line / innerAxes * innerAxes * other.size * inner.size + line % innerAxes * inner.size
      for start in stride(from: 0, to: inner.size, by: tile) {
        let end = min(start + tile, inner.size)
        for i in first..<last {
          for j in start..<end {
            unsafe target.pointer[to + i * otherTarget + j] =
              source.pointer[from + i * other.stride + j * inner.stride]
          }
        }
      }
    }
  }

  /// Where the element of the given place, in row-major order, stands.
  private static func offset(of place: Int, in axes: [(size: Int, stride: Int)]) -> Int {
    var (rest, offset) = (place, 0)
    for axis in axes.reversed() {
      offset += rest % axis.size * axis.stride
      rest /= axis.size
    }
    return offset
  }
}
