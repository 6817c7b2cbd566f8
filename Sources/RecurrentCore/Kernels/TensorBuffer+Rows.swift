// Plain copies and fills of parts of buffers, for those who lay out sequences in them.

extension TensorBuffer {
  package func fill(_ range: Range<Int>, with value: Float = 0) {
    precondition(range.lowerBound >= 0 && range.upperBound <= capacity, "A fill beyond the buffer")
    dropForms()
    unsafe (address + range.lowerBound).update(repeating: value, count: range.count)
  }

  /// Copies `count` floats from another buffer, or another part of this one.
  package func copy(_ count: Int, from source: TensorBuffer, at start: Int, to place: Int) {
    precondition(
      start >= 0 && place >= 0 && start + count <= source.capacity && place + count <= capacity,
      "A copy beyond a buffer")
    dropForms()
    unsafe (address + place).update(from: source.address + start, count: count)
  }
}

extension Tensor {
  /// Overwrites `count` elements from `place` on with those of a part of a buffer.
  package mutating func copyElements(
    _ count: Int, from source: TensorBuffer, at start: Int, to place: Int = 0
  ) {
    precondition(place >= 0 && place + count <= self.count, "A copy beyond a tensor")
    prepareToUpdate()
    buffer.copy(count, from: source, at: start, to: offset + place)
  }
}
