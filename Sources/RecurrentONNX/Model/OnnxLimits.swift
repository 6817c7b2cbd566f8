/// What a model may ask for. A file of a few bytes can describe tensors of any size and loops without
/// end; beyond these limits running it is an error that names the node.
public struct OnnxLimits: Sendable {
  /// Bytes of a tensor.
  public var tensorBytes = 1 << 31
  /// Steps of a loop.
  public var loopSteps = 10_000_000
  /// Nodes of a model, where a function counts as often as it is called.
  public var nodes = 200_000
  /// Graphs and functions within each other.
  public var depth = 24

  public init() {}

  /// The number of elements of a shape, of so many bytes each.
  ///
  /// - Throws: ``Fault`` where a size is negative, or they are too many.
  func count(_ shape: [Int], bytes: Int) throws -> Int {
    guard shape.count <= 64 else { throw Fault("a tensor of \(shape.count) axes has too many") }
    var product = 1
    for size in shape {
      guard size >= 0 else { throw Fault("a tensor has no negative size, found \(shape)") }
      // Sizes beside an empty axis are multiplied too: their products must not overflow later.
      let (next, overflows) = product.multipliedReportingOverflow(by: max(size, 1))
      guard !overflows, next <= tensorBytes / bytes else {
        throw Fault("a tensor of shape \(shape) is larger than the limit of \(tensorBytes) bytes")
      }
      product = next
    }
    return shape.contains(0) ? 0 : product
  }
}
