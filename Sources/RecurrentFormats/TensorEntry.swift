/// One tensor of a file: its name, type, shape and place.
public struct TensorEntry: Sendable, Hashable {
  public let name: String
  public let element: TensorElement
  /// Elements along each axis, the outermost first; empty for a single number.
  public let shape: [Int]
  /// The part of the file that holds it; others may lie between its elements.
  public let bytes: Range<Int>
  /// From an element to the next along each axis, in elements; nil where they follow each other in
  /// row-major order.
  let strides: [Int]?
  /// Whether the highest byte of an element comes first.
  let isBigEndian: Bool
  /// What a part of the file that has it in it is to sum up to.
  let checksum: Checksum?

  /// The CRC-32 of a part of a file.
  struct Checksum: Sendable, Hashable {
    var bytes: Range<Int>
    var value: UInt32
  }

  init(
    name: String, element: TensorElement, shape: [Int], bytes: Range<Int>, strides: [Int]? = nil,
    isBigEndian: Bool = false, checksum: Checksum? = nil
  ) {
    self.name = name
    self.element = element
    self.shape = shape
    self.bytes = bytes
    self.strides = strides == Self.rowMajorStrides(shape) ? nil : strides
    self.isBigEndian = isBigEndian && element.byteCount > 1
    self.checksum = checksum
  }

  /// How many elements it has.
  public var count: Int { shape.reduce(1, *) }

  /// Bytes that its elements take, each counted once.
  public var byteCount: Int { count * element.byteCount }

  /// Whether the part of the file is the elements in row-major order, the lowest byte first.
  var isPlain: Bool { strides == nil && !isBigEndian }

  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides: [Int] = []
    var product = 1
    for size in shape.reversed() {
      strides.append(product)
      product *= max(size, 1)
    }
    return strides.reversed()
  }

  /// The product of a shape in bytes; nil if `Int` does not hold it, whatever order it is taken in.
  static func byteCount(_ shape: [Int], of element: TensorElement) -> Int? {
    var product = element.byteCount
    for size in shape {
      let (next, overflows) = product.multipliedReportingOverflow(by: max(size, 1))
      guard !overflows, size >= 0 else { return nil }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }
}
