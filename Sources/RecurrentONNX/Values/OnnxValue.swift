import RecurrentCore

/// What flows along the edges of an ONNX graph: a tensor of one of the element types that are
/// computed here.
///
/// Numbers of 64, 16 and 8 bits in a model's own tensors of floats are read as float32, and computed
/// so.
public enum OnnxValue: Sendable {
  case float32(Tensor)
  case int64(OnnxArray<Int64>)
  case int32(OnnxArray<Int32>)
  case bool(OnnxArray<Bool>)

  /// Elements along each axis, the outermost first; empty for a single number.
  public var shape: [Int] {
    switch self {
    case .float32(let tensor): tensor.shape
    case .int64(let array): array.shape
    case .int32(let array): array.shape
    case .bool(let array): array.shape
    }
  }

  /// The type of the elements.
  public var type: OnnxType {
    switch self {
    case .float32: .float32
    case .int64: .int64
    case .int32: .int32
    case .bool: .bool
    }
  }

  /// The product of the shape.
  public var count: Int { shape.reduce(1, *) }

  /// How messages speak of it: `float32 [2, 3]`.
  var description: String { "\(type.rawValue) \(shape)" }
}

/// The type of a tensor's elements.
public enum OnnxType: String, Hashable, Sendable, CaseIterable {
  case float32, int64, int32, bool

  /// Bytes of an element in memory.
  var byteCount: Int {
    switch self {
    case .int64: 8
    case .float32, .int32: 4
    case .bool: 1
    }
  }
}

/// Whole numbers or truth values in a shape, in row-major order.
public struct OnnxArray<Element: Sendable>: Sendable {
  /// Elements along each axis, the outermost first.
  public let shape: [Int]
  /// In memory order.
  public let elements: [Element]

  /// - Precondition: As many elements as the shape has.
  public init(_ elements: [Element], shape: [Int]) {
    precondition(
      shape.reduce(1, *) == elements.count,
      "A shape \(shape) does not hold \(elements.count) elements")
    self.shape = shape
    self.elements = elements
  }

  func map<Result>(_ transform: (Element) throws -> Result) rethrows -> OnnxArray<Result> {
    OnnxArray<Result>(try elements.map(transform), shape: shape)
  }

  func reshaped(_ shape: [Int]) -> OnnxArray { OnnxArray(elements, shape: shape) }
}

extension OnnxArray: Equatable where Element: Equatable {}

extension OnnxValue {
  /// A vector of whole numbers: a shape, say.
  static func integers(_ numbers: [Int]) -> OnnxValue {
    .int64(OnnxArray(numbers.map(Int64.init), shape: [numbers.count]))
  }

  /// The same elements under another shape of as many.
  func reshaped(_ shape: [Int]) -> OnnxValue {
    switch self {
    case .float32(let tensor): .float32(tensor.reshaped(shape))
    case .int64(let array): .int64(array.reshaped(shape))
    case .int32(let array): .int32(array.reshaped(shape))
    case .bool(let array): .bool(array.reshaped(shape))
    }
  }

  /// The elements at places of this one's memory, in a new shape: most operators that only move
  /// elements say no more than which. A place of −1 takes the only element of `fill`.
  ///
  /// - Precondition: Every place is one; `fill` has this one's type.
  func picking(_ places: [Int], shape: [Int], fill: OnnxValue? = nil) -> OnnxValue {
    func picked<Element>(_ from: [Element], _ fill: Element?) -> [Element] {
      guard let fill else { return places.map { from[$0] } }
      return places.map { $0 < 0 ? fill : from[$0] }
    }
    switch (self, fill) {
    case (.float32(let tensor), let fill):
      var number: Float?
      if case .float32(let value) = fill { number = value.scalar }
      let values = tensor.withElements { elements in
        number.map { number in places.map { $0 < 0 ? number : elements[$0] } }
          ?? places.map { elements[$0] }
      }
      return .float32(Tensor(values, shape: shape, on: tensor.context))
    case (.int64(let array), let fill):
      var number: Int64?
      if case .int64(let value) = fill { number = value.elements[0] }
      return .int64(OnnxArray(picked(array.elements, number), shape: shape))
    case (.int32(let array), let fill):
      var number: Int32?
      if case .int32(let value) = fill { number = value.elements[0] }
      return .int32(OnnxArray(picked(array.elements, number), shape: shape))
    case (.bool(let array), let fill):
      var number: Bool?
      if case .bool(let value) = fill { number = value.elements[0] }
      return .bool(OnnxArray(picked(array.elements, number), shape: shape))
    }
  }

  /// A tensor of this one's type with the same number everywhere: 0, 1, or what a type has for it.
  func filled(_ shape: [Int], with number: Int, on context: ComputeContext) -> OnnxValue {
    let count = shape.reduce(1, *)
    return switch self {
    case .float32: .float32(Tensor(repeating: Float(number), shape: shape, on: context))
    case .int64: .int64(OnnxArray(Array(repeating: Int64(number), count: count), shape: shape))
    case .int32: .int32(OnnxArray(Array(repeating: Int32(number), count: count), shape: shape))
    case .bool: .bool(OnnxArray(Array(repeating: number != 0, count: count), shape: shape))
    }
  }
}
