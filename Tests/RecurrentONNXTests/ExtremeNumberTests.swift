import OnnxProto
import RecurrentCore
import RecurrentONNX
import Testing

/// Models that are whole but ask for what cannot be: every whole number in an attribute, a stored
/// tensor or an input becomes one that sizes and places overflow with. An error or numbers, never a trap.
@Suite struct ExtremeNumberTests {
  private static let numbers: [Int64] = [
    0, -1, 1, 2, -3, 1 << 16, 1 << 31, -(1 << 31), 1 << 62, .max, .min, .min + 1,
  ]

  /// Functions that the project has written out say nothing new.
  private static let models =
    OnnxCase.read("onnx_backend.safetensors").cases.filter { !$0.name.contains("expanded") }
    + OnnxCase.read("torch_onnx.safetensors").cases

  private static let limits: OnnxLimits = {
    var limits = OnnxLimits()
    (limits.tensorBytes, limits.loopSteps) = (1 << 18, 50)
    return limits
  }()

  private func run(_ proto: Onnx_ModelProto, _ inputs: [String: OnnxValue]) {
    guard
      let model = try? OnnxModel(bytes: proto.fileBytes(), file: "m.onnx", limits: Self.limits)
    else { return }
    _ = try? model.run(inputs)
  }

  @Test(arguments: 0..<8)
  func inAttributes(_ part: Int) throws {
    for test in stride(from: part, to: Self.models.count, by: 8).map({ Self.models[$0] }) {
      let whole = try Onnx_ModelProto(fileBytes: test.bytes)
      for node in whole.graph.node.indices {
        for attribute in whole.graph.node[node].attribute.indices {
          for number in Self.numbers {
            var proto = whole
            func change(_ body: (inout Onnx_AttributeProto) -> Void) {
              body(&proto.graph.node[node].attribute[attribute])
              run(proto, test.inputs)
            }
            switch whole.graph.node[node].attribute[attribute].type {
            case .int: change { $0.i = number }
            case .ints:
              change { attribute in
                for index in attribute.ints.indices { attribute.ints[index] = number }
              }
              change { if !$0.ints.isEmpty { $0.ints[$0.ints.count - 1] = number } }
            case .tensor
            where [6, 7].contains(whole.graph.node[node].attribute[attribute].t.dataType):
              change { attribute in
                let count = attribute.t.dims.reduce(1, *)
                attribute.t.clearRawData()
                (attribute.t.int64Data, attribute.t.int32Data) = ([], [])
                if attribute.t.dataType == 7 {
                  attribute.t.int64Data = [Int64](repeating: number, count: Int(count))
                } else {
                  attribute.t.int32Data = [Int32](
                    repeating: Int32(truncatingIfNeeded: number), count: Int(count))
                }
              }
            default: break
            }
          }
        }
      }
    }
  }

  @Test(arguments: 0..<4)
  func inInputs(_ part: Int) throws {
    for test in stride(from: part, to: Self.models.count, by: 4).map({ Self.models[$0] }) {
      let proto = try Onnx_ModelProto(fileBytes: test.bytes)
      for (name, value) in test.inputs {
        for number in Self.numbers {
          var inputs = test.inputs
          switch value {
          case .int64(let array):
            inputs[name] = .int64(
              OnnxArray([Int64](repeating: number, count: array.elements.count), shape: array.shape)
            )
          case .int32(let array):
            let narrow = Int32(truncatingIfNeeded: number)
            inputs[name] = .int32(
              OnnxArray([Int32](repeating: narrow, count: array.elements.count), shape: array.shape)
            )
          default: continue
          }
          run(proto, inputs)
        }
      }
    }
  }

  /// Every input missing some of its axes, or with one too many, or empty.
  @Test(arguments: 0..<4)
  func shapesThatDoNotFit(_ part: Int) throws {
    for test in stride(from: part, to: Self.models.count, by: 4).map({ Self.models[$0] }) {
      var proto = try Onnx_ModelProto(fileBytes: test.bytes)
      // The file says shapes, which would be refused before anything runs.
      for index in proto.graph.input.indices { proto.graph.input[index].clearType() }
      for (name, value) in test.inputs {
        for shape in [[], [0], [1], [2], [1, 3], [2, 0, 3], [3, 1, 2], [1, 1, 1, 1, 1]] {
          var inputs = test.inputs
          let count = shape.reduce(1, *)
          switch value {
          case .float32:
            inputs[name] = .float32(Tensor([Float](repeating: 1, count: count), shape: shape))
          case .int64:
            inputs[name] = .int64(OnnxArray([Int64](repeating: 1, count: count), shape: shape))
          case .int32:
            inputs[name] = .int32(OnnxArray([Int32](repeating: 1, count: count), shape: shape))
          case .bool:
            inputs[name] = .bool(OnnxArray([Bool](repeating: true, count: count), shape: shape))
          }
          run(proto, inputs)
        }
      }
    }
  }
}
