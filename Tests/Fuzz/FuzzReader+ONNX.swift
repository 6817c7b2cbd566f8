import RecurrentCore
import RecurrentFormats
import RecurrentONNX
import TestSupport

extension FuzzReader {
  /// Models, read and, if they can be, run on ones.
  static var onnx: FuzzReader {
    FuzzReader(name: "onnx", corpus: models) { bytes in
      var limits = OnnxLimits()
      (limits.tensorBytes, limits.loopSteps, limits.nodes) = (1 << 20, 100, 1000)
      let model = try OnnxModel(bytes: bytes, file: "m.onnx", limits: limits)
      var given: [String: OnnxValue] = [:]
      for input in model.inputs { given[input.name] = ones(for: input) }
      // A model that reads well need not run on ones.
      if given.count == model.inputs.count { _ = try? model.run(given) }
    }
  }

  /// A value that a port takes; nil where that would be large.
  private static func ones(for port: OnnxPort) -> OnnxValue? {
    let shape = (port.shape ?? []).map { size -> Int in
      if case .number(let number) = size { number } else { 2 }
    }
    guard shape.count <= 6, shape.allSatisfy({ (0...16).contains($0) }) else { return nil }
    let count = shape.reduce(1, *)
    guard count <= 1 << 16 else { return nil }
    return switch port.type {
    case "INT64": .int64(OnnxArray([Int64](repeating: 1, count: count), shape: shape))
    case "INT32": .int32(OnnxArray([Int32](repeating: 1, count: count), shape: shape))
    case "BOOL": .bool(OnnxArray([Bool](repeating: true, count: count), shape: shape))
    default: .float32(Tensor(repeating: 1, shape: shape))
    }
  }

  /// One of each kind of thing that a file can hold, from the ONNX project's node tests and from
  /// PyTorch's exporters.
  private static var models: [[UInt8]] {
    let wanted = [
      "onnx_backend": [
        "lstm_with_peepholes", "gru_seq_length", "loop11", "scan9_sum", "if", "slice_neg_steps",
        "gather_elements_1", "scatternd", "top_k", "basic_conv_with_padding", "maxpool_2d_pads",
        "einsum_batch_matmul", "constant_pad", "range_int32_type_negative_delta",
        "expand_dim_changed", "layer_normalization_4d_axis1_expanded",
        "split_variable_parts_2d_opset18", "cumsum_2d_axis_0",
      ],
      "torch_onnx": ["lstm_script_same", "stateful_dynamo_same", "attention_dynamo_same"],
    ]
    do {
      return try wanted.sorted { $0.key < $1.key }.flatMap { file, names in
        let archive = try TensorArchive(path: fixturePath("\(file).safetensors"))
        return try names.map { try archive.data("\($0)/model").bytes }
      }
    } catch {
      fatalError("\(error)")
    }
  }
}
