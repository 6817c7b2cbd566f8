import RecurrentCore

extension TensorEntry {
  /// The tensor, its elements rounded to Float where their type has more digits.
  func tensor(in file: FileBytes, on context: ComputeContext) -> Tensor {
    switch element {
    // The types that large files are made of.
    case .float32 where isPlain:
      return file.withBytes { Tensor(bytes: $0.extracting(bytes), shape: shape, on: context) }
    case .bfloat16 where isPlain:
      return file.withBytes { Tensor(bfloat16: $0.extracting(bytes), shape: shape, on: context) }
    case .float64 where isPlain:
      return file.withBytes { Tensor(float64: $0.extracting(bytes), shape: shape, on: context) }
    default: break
    }
    var tensor = Tensor(repeating: 0, shape: shape, on: context)
    tensor.withMutableElements { target in
      file.withBytes { source in
        var runs = Runs(of: self)
        var place = 0
        while let run = runs.next() {
          for step in 0..<runs.length {
            target[place] = element.float(bits(at: run + step * runs.step, in: source))
            place += 1
          }
        }
      }
    }
    return tensor
  }

  /// The elements of a tensor of whole numbers, in row-major order.
  func integers(in file: FileBytes) throws(TooLarge) -> [Int] {
    try file.withBytes { source throws(TooLarge) in
      var numbers: [Int] = []
      numbers.reserveCapacity(count)
      var runs = Runs(of: self)
      while let run = runs.next() {
        for step in 0..<runs.length {
          let offset = run + step * runs.step
          let bits = bits(at: offset, in: source)
          guard let number = element.integer(bits) else {
            throw TooLarge(offset: offset, value: bits)
          }
          numbers.append(number)
        }
      }
      return numbers
    }
  }

  /// A whole number that `Int` does not hold.
  struct TooLarge: Error {
    var offset: Int
    var value: UInt64
  }

  /// The elements as they are, in row-major order, the lowest byte first.
  func plainBytes(in file: FileBytes) -> [UInt8] {
    if isPlain { return file[bytes] }
    return file.withBytes { source in
      let width = element.byteCount
      var result: [UInt8] = []
      result.reserveCapacity(byteCount)
      var runs = Runs(of: self)
      while let run = runs.next() {
        for step in 0..<runs.length {
          let offset = run + step * runs.step
          for byte in 0..<width {
            result.append(source[isBigEndian ? offset + width - 1 - byte : offset + byte])
          }
        }
      }
      return result
    }
  }

  /// The bytes of an element, the lowest of the number in the lowest place.
  private func bits(at offset: Int, in source: Span<UInt8>) -> UInt64 {
    var bits: UInt64 = 0
    let width = element.byteCount
    for byte in 0..<width {
      bits |= UInt64(source[offset + byte]) << UInt64(8 * byte)
    }
    return isBigEndian ? bits.byteSwapped >> UInt64(64 - 8 * width) : bits
  }

  /// Where the elements stand in the file: runs of `length` elements, `step` bytes from one to the
  /// next, in row-major order.
  private struct Runs {
    let length: Int
    let step: Int
    /// The axes that runs go along from one to the next, the innermost last.
    private let shape: [Int]
    private let strides: [Int]
    private var index: [Int]
    private var offset: Int
    private var remaining: Int

    init(of entry: TensorEntry) {
      let width = entry.element.byteCount
      offset = entry.bytes.lowerBound
      if let strides = entry.strides, let last = entry.shape.last {
        length = last
        step = strides.last! * width
        shape = Array(entry.shape.dropLast())
        self.strides = strides.dropLast().map { $0 * width }
      } else {
        length = entry.count
        step = width
        shape = []
        strides = []
      }
      index = Array(repeating: 0, count: shape.count)
      remaining = length == 0 ? 0 : shape.reduce(1, *)
    }

    /// The offset of the next run's first element.
    mutating func next() -> Int? {
      guard remaining > 0 else { return nil }
      remaining -= 1
      let run = offset
      for axis in shape.indices.reversed() {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < shape[axis] { break }
        offset -= index[axis] * strides[axis]
        index[axis] = 0
      }
      return run
    }
  }
}
