/// A block of Float32 numbers with a shape: row-major, contiguous, a value.
///
/// Copies share memory until one is written. A tensor that takes part in
/// ``valueAndGradient(of:_:)->(_,_)`` carries its place on that call's tape; every operation on it is
/// recorded there. All others record nothing: there is no mode to switch.
public struct Tensor: Sendable {
  /// Elements along each axis, the outermost first. Empty for a single number.
  public let shape: [Int]
  /// The product of the shape.
  public let count: Int

  package var buffer: TensorBuffer
  /// Where the first element stands in the buffer.
  package let offset: Int
  /// The tensor's place on a tape, if a gradient is being taken.
  package var trace: Trace?

  /// The context the tensor lives in.
  public var context: ComputeContext { buffer.context }

  /// A part of a buffer, which the caller has filled or is about to fill.
  package init(buffer: TensorBuffer, offset: Int = 0, shape: [Int]) {
    self.shape = shape
    count = shape.reduce(1, *)
    self.buffer = buffer
    self.offset = offset
    precondition(offset + count <= buffer.capacity, "A tensor \(shape) does not fit its buffer")
  }

  /// Memory that the caller fills at once.
  package init(uninitialized shape: [Int], on context: ComputeContext) {
    precondition(shape.allSatisfy { $0 >= 0 }, "A shape has no negative sizes, found \(shape)")
    self.init(
      buffer: TensorBuffer(uninitialized: shape.reduce(1, *), in: context), shape: shape)
  }

  /// The values in memory order.
  ///
  /// - Precondition: As many as the shape has elements.
  public init(_ values: [Float], shape: [Int], on context: ComputeContext = .default) {
    self.init(uninitialized: shape, on: context)
    precondition(
      values.count == count, "A tensor \(shape) has \(count) elements, found \(values.count)")
    withMutableElements { target in
      for index in values.indices { target[index] = values[index] }
    }
  }

  /// The same value everywhere.
  public init(repeating value: Float, shape: [Int], on context: ComputeContext = .default) {
    self.init(uninitialized: shape, on: context)
    withMutableElements { target in
      for index in target.indices { target[index] = value }
    }
  }

  /// A single number: a tensor of no axes.
  public init(scalar value: Float, on context: ComputeContext = .default) {
    self.init(repeating: value, shape: [], on: context)
  }

  /// Zeros everywhere.
  public static func zeros(_ shape: [Int], on context: ComputeContext = .default) -> Tensor {
    Tensor(repeating: 0, shape: shape, on: context)
  }

  /// The same numbers outside any tape: gradients stop here.
  public var detached: Tensor {
    var copy = self
    copy.trace = nil
    return copy
  }

  /// The elements in memory order.
  public var elements: [Float] { withElements { span in span.indices.map { span[$0] } } }

  /// The only element of a tensor of one element.
  public var scalar: Float {
    precondition(count == 1, "Only a tensor of one element is a scalar, found \(shape)")
    return withElements { $0[0] }
  }

  /// Reads the elements in place, in memory order.
  public func withElements<Result, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let pointer = unsafe UnsafeBufferPointer(start: buffer.address + offset, count: count)
    defer { withExtendedLifetime(buffer) {} }
    return try unsafe body(Span(_unsafeElements: pointer))
  }

  /// Writes the elements in place, in memory order. Memory that others share is copied first, and
  /// the tensor leaves its tape: what is written here has no history.
  public mutating func withMutableElements<Result, Failure: Error>(
    _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    prepareToUpdate()
    let pointer = unsafe UnsafeMutableBufferPointer(start: buffer.address + offset, count: count)
    defer { withExtendedLifetime(buffer) {} }
    var span = unsafe MutableSpan(_unsafeElements: pointer)
    return try body(&span)
  }

  /// Before the elements are overwritten: the tensor has memory of its own, from which nothing has
  /// been derived, and no history.
  mutating func prepareToUpdate() {
    makeUnique()
    buffer.dropForms()
    trace = nil
  }

  /// Whether nobody else holds the tensor's memory.
  var hasOwnMemory: Bool {
    mutating get { isKnownUniquelyReferenced(&buffer) }
  }

  private mutating func makeUnique() {
    if hasOwnMemory { return }
    var copy = Tensor(uninitialized: shape, on: context)
    unsafe copy.buffer.address.update(from: buffer.address + offset, count: count)
    copy.trace = trace
    self = copy
  }
}
