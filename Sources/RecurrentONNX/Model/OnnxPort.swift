import OnnxProto

/// An input, an output or a stored tensor of a model: its name, and what the file says of it.
public struct OnnxPort: Sendable {
  /// A size: a number, a name that stands for one, or nothing said.
  public enum Size: Hashable, Sendable, CustomStringConvertible {
    case number(Int)
    case named(String)
    case any

    public var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .named(let name): name
      case .any: "?"
      }
    }
  }

  public let name: String
  /// ONNX' name of the element type: `FLOAT`, `INT64`; nil if the file does not say.
  public let type: String?
  /// The sizes; nil if the file does not even say how many.
  public let shape: [Size]?

  let elementType: Int?
  /// Whether it is no sequence, map or the like.
  let isTensor: Bool

  init(_ info: Onnx_ValueInfoProto) {
    name = info.name
    isTensor = info.type.value != nil || !info.hasType
    guard case .tensorType(let tensor)? = info.type.value else {
      (type, shape, elementType) = (nil, nil, nil)
      return
    }
    elementType = tensor.hasElemType ? Int(tensor.elemType) : nil
    type = elementType.map(Self.typeName)
    shape =
      tensor.hasShape
      ? tensor.shape.dim.map { size in
        switch size.value {
        case .dimValue(let number): .number(Int(number))
        case .dimParam(let name): name.isEmpty ? .any : .named(name)
        case nil: .any
        }
      } : nil
  }

  init(_ tensor: Onnx_TensorProto) {
    name = tensor.name
    isTensor = true
    elementType = Int(tensor.dataType)
    type = Self.typeName(Int(tensor.dataType))
    shape = tensor.dims.map { .number(Int($0)) }
  }

  private static func typeName(_ number: Int) -> String {
    ElementType.names.indices.contains(number) ? ElementType.names[number] : "type \(number)"
  }

  /// `FLOAT [time, batch, 8]`
  public var description: String {
    let sizes = shape.map { "[\($0.map(\.description).joined(separator: ", "))]" }
    return [type ?? "any type", sizes ?? "any shape"].joined(separator: " ")
  }

  /// Whether a value is what the file says. Sizes with names may be any, as in ONNX Runtime, even where
  /// one name would stand for two.
  func check(_ value: OnnxValue) throws {
    func refusal() -> Fault { Fault("\(description) expected, found \(value.description)") }
    if let elementType {
      let expected = try ElementType(number: Int32(truncatingIfNeeded: elementType)).type
      guard value.type == expected else { throw refusal() }
    }
    guard let shape else { return }
    guard value.shape.count == shape.count else { throw refusal() }
    for case (let size, .number(let number)) in zip(value.shape, shape) where size != number {
      throw refusal()
    }
  }
}
