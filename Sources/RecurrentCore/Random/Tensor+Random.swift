extension Tensor {
  /// Independent numbers, uniform in `range`; element i is the number at place i of the key's
  /// sequence.
  public static func uniform(
    _ shape: [Int], in range: Range<Float> = 0..<1, key: RandomKey,
    on context: ComputeContext = .default
  ) -> Tensor {
    let numbers = UniformNumbers(range)
    return random(shape, key: key, on: context) { numbers.number($0) }
  }

  /// Independent normal numbers; element i is made of the number at place i of the key's sequence.
  public static func normal(
    _ shape: [Int], mean: Float = 0, deviation: Float = 1, key: RandomKey,
    on context: ComputeContext = .default
  ) -> Tensor {
    random(shape, key: key, on: context) { word in
      Float(Double(mean) + Double(deviation) * normalQuantile(ofWord: word))
    }
  }

  /// A number for each of the key's words, in pieces over the worker pool.
  @inline(__always)
  static func random(
    _ shape: [Int], key: RandomKey, on context: ComputeContext,
    _ number: @Sendable (UInt32) -> Float
  ) -> Tensor {
    let result = Tensor(uninitialized: shape, on: context)
    let pieceCount = 8192
    context.workers.forEach((result.count + pieceCount - 1) / pieceCount) { piece in
      let start = piece * pieceCount
      key.forEachWord(in: start..<min(start + pieceCount, result.count)) { index, word in
        unsafe result.buffer.address[index] = number(word)
      }
    }
    return result
  }
}
