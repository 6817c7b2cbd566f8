/// The types of PyTorch, as its files name them.
enum TorchStorage {
  /// `torch.FloatStorage`: numbers that tensors are views of, and their type. An untyped one says
  /// nothing of its own; the tensor does.
  static func element(ofStorage name: String) -> TensorElement?? {
    switch name {
    case "torch.storage.UntypedStorage", "torch.UntypedStorage": .some(nil)
    case "torch.BoolStorage": .bool
    case "torch.ByteStorage": .uint8
    case "torch.CharStorage": .int8
    case "torch.ShortStorage": .int16
    case "torch.IntStorage": .int32
    case "torch.LongStorage": .int64
    case "torch.HalfStorage": .float16
    case "torch.BFloat16Storage": .bfloat16
    case "torch.FloatStorage": .float32
    case "torch.DoubleStorage": .float64
    default: nil
    }
  }

  /// `torch.float32`.
  static func element(ofType name: String) -> TensorElement? {
    guard name.hasPrefix("torch.") else { return nil }
    let type = name.dropFirst(6)
    return TensorElement.allCases.first { "\($0)" == type }
  }

  /// What tensors and plain values of a checkpoint need.
  static func isAllowed(_ name: String) -> Bool {
    switch name {
    case "collections.OrderedDict", "torch._utils._rebuild_tensor_v2",
      "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_parameter", "torch.Size",
      "torch.device":
      true
    default: element(ofStorage: name) != nil || element(ofType: name) != nil
    }
  }
}
