import RecurrentCore
import RecurrentONNX
import TestSupport
import Testing

/// Damaged models: an error or numbers, never a trap, and never without end.
@Suite struct MutatedModelTests {
  /// One of each kind of thing that a file can hold.
  private static let models = OnnxCase.read("onnx_backend.safetensors").cases.filter {
    [
      "lstm_with_peepholes", "gru_seq_length", "rnn_seq_length", "loop11", "scan9_sum", "if",
      "slice_neg_steps", "gather_elements_1", "scatternd", "reshape_extended_dims",
      "tile_precomputed", "top_k",
      "basic_conv_with_padding", "maxpool_2d_pads", "einsum_batch_matmul", "pad_default",
      "constant_pad",
      "range_int32_type_negative_delta", "expand_dim_changed", "gemm_all_attributes",
      "batchnorm_epsilon", "softmax_axis_1_expanded", "layer_normalization_4d_axis1_expanded",
      "split_variable_parts_2d_opset18", "cumsum_2d_axis_0", "reduce_sum_keepdims_random",
    ].contains($0.name)
  }

  @Test(arguments: models)
  func areRefusedOrRun(_ test: OnnxCase) {
    var limits = OnnxLimits()
    (limits.tensorBytes, limits.loopSteps, limits.nodes) = (1 << 20, 100, 1000)
    let key = RandomKey(seed: 0).folded(test.name)
    var ran = 0
    for round in 0..<400 {
      let bytes = mutated(test.bytes, key.folded(round))
      guard let model = try? OnnxModel(bytes: bytes, file: test.name, limits: limits) else {
        continue
      }
      if (try? model.run(test.inputs)) != nil { ran += 1 }
    }
    // Doc strings, names and stored numbers may be anything; the rest may not.
    #expect(ran < 400)
  }

  @Test func thereAreSomeOfEachKind() { #expect(Self.models.count >= 20) }

  /// Some bytes changed, left out, put in or doubled, or the end cut off.
  private func mutated(_ bytes: [UInt8], _ key: RandomKey) -> [UInt8] {
    let draws = Tensor.uniform([16], in: 0..<1, key: key).elements
    func number(_ draw: Int, below bound: Int) -> Int {
      min(Int(draws[draw] * Float(bound)), bound - 1)
    }
    var result = bytes
    for change in 0..<1 + number(0, below: 3) {
      if result.isEmpty { return result }
      let place = number(1 + 4 * change, below: result.count)
      let length = min(1 + number(2 + 4 * change, below: 8), result.count - place)
      let value = UInt8(number(3 + 4 * change, below: 256))
      switch number(4 + 4 * change, below: 7) {
      case 0: result.removeSubrange(place..<place + length)
      case 1: result.insert(contentsOf: [UInt8](repeating: value, count: length), at: place)
      case 2: result.insert(contentsOf: result[place..<place + length], at: place)
      case 3: result.removeSubrange(place...)
      case 4: result[place] ^= 1 << (value & 7)
      case 5: for index in place..<place + length { result[index] = 0xFF }
      default: result[place] = value
      }
    }
    return result
  }
}
