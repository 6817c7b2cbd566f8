import RecurrentCore
import RecurrentFormats

extension OnnxValue {
  /// The elements of a file's tensor, where they are of a type that is computed here; floats of other
  /// sizes become float32.
  ///
  /// - Returns: Nil for other types.
  public init?(_ data: TensorData, on context: ComputeContext = .default) {
    switch data.element {
    case .float32, .float64, .float16, .bfloat16:
      self = .float32(Tensor(bytes: data.asFloat32.bytes, shape: data.shape, on: context))
    case .int64:
      self = .int64(
        OnnxArray(RawNumbers(bytes: data.bytes).numbers(Int64.self), shape: data.shape))
    case .int32:
      self = .int32(
        OnnxArray(RawNumbers(bytes: data.bytes).numbers(Int32.self), shape: data.shape))
    case .bool: self = .bool(OnnxArray(data.bytes.map { $0 != 0 }, shape: data.shape))
    default: return nil
    }
  }
}

extension TensorData {
  /// A value as a file has it.
  public init(_ value: OnnxValue) {
    func bytes<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
      numbers.flatMap { number in
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number(8 * $0)) }
      }
    }
    switch value {
    case .float32(let tensor): self.init(tensor)
    case .int64(let array):
      self.init(element: .int64, shape: array.shape, bytes: bytes(array.elements))
    case .int32(let array):
      self.init(element: .int32, shape: array.shape, bytes: bytes(array.elements))
    case .bool(let array):
      self.init(element: .bool, shape: array.shape, bytes: array.elements.map { $0 ? 1 : 0 })
    }
  }
}
