import RecurrentCore

/// A tensor as a file holds it: elements of some type, not rounded to Float.
public struct TensorData: Sendable, Hashable {
  public let element: TensorElement
  /// Elements along each axis, the outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements in row-major order, the lowest byte of each first.
  public let bytes: [UInt8]

  /// - Precondition: As many bytes as the shape's elements take.
  public init(element: TensorElement, shape: [Int], bytes: [UInt8]) {
    precondition(
      TensorEntry.byteCount(shape, of: element) == bytes.count,
      "Elements of type \(element), shape \(shape), do not take \(bytes.count) bytes")
    self.element = element
    self.shape = shape
    self.bytes = bytes
  }

  /// A tensor's numbers, float32.
  public init(_ tensor: Tensor) {
    self.init(element: .float32, shape: tensor.shape, bytes: tensor.bytes)
  }

  /// Whole numbers, int64.
  ///
  /// - Precondition: As many as the shape has elements.
  public init(_ integers: [Int], shape: [Int]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * integers.count)
    for number in integers {
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> shift))
      }
    }
    self.init(element: .int64, shape: shape, bytes: bytes)
  }

  /// The same numbers as float32; those of more digits are rounded.
  public var asFloat32: TensorData {
    if element == .float32 { return self }
    let entry = TensorEntry(name: "", element: element, shape: shape, bytes: 0..<bytes.count)
    return TensorData(entry.tensor(in: FileBytes(bytes), on: .default))
  }
}
