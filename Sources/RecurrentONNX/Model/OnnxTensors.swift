import OnnxProto
import RecurrentCore
import RecurrentFormats

/// The tensors that an ONNX file holds by name, as they are stored: every type keeps all its bits.
///
/// ```swift
/// let stored = try OnnxTensors(path: "model.onnx")
/// let weights = try stored.archive
/// print(weights.entries.map(\.name))
/// ```
public struct OnnxTensors: Sendable {
  /// The name used in errors.
  public let file: String
  /// In the order of the file.
  public let tensors: [(name: String, data: TensorData)]
  /// The strings under `metadata_props`.
  public let metadata: [String: String]

  /// Reads a file, and files beside it, in the same folder, that it says its numbers are in.
  ///
  /// - Throws: If it cannot be read, is not a model, or has a tensor that is damaged or of a type that
  ///   is no number or truth value; see ``OnnxError``.
  public init(path: String, limits: OnnxLimits = OnnxLimits()) throws(OnnxError) {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw OnnxError(error) }
    let proto = try OnnxContents.proto(bytes, file: path)
    let external = ExternalData(beside: path)
    var known: Set<String> = []
    do {
      tensors = try proto.graph.initializer.map { tensor in
        try Fault.placed("tensor \(quotedForMessage(tensor.name))") {
          guard !tensor.name.isEmpty, known.insert(tensor.name).inserted else {
            throw Fault("a tensor has a name, and no other one has it")
          }
          return (tensor.name, try TensorData(tensor, external: external, limits: limits))
        }
      }
    } catch let fault as Fault {
      throw OnnxError(file: path, place: fault.place, message: fault.message)
    } catch {
      throw OnnxError(file: path, message: "\(error)")
    }
    file = path
    metadata = OnnxContents(proto, file: path).metadata
  }

  /// The same as any file of tensors, in memory.
  ///
  /// - Throws: Where a name cannot be one of a safetensors file.
  public var archive: TensorArchive {
    get throws {
      var document = SafetensorsDocument(metadata: metadata)
      for (name, data) in tensors {
        guard name != "__metadata__" else {
          throw TensorFileError(
            file: file, tensor: name, message: "safetensors has another use for the name")
        }
        document.append(name, data)
      }
      return try TensorArchive(bytes: document.bytes, file: file)
    }
  }
}

extension TensorData {
  fileprivate init(
    _ proto: Onnx_TensorProto, external: ExternalData, limits: OnnxLimits
  ) throws {
    guard let element = Self.elements[proto.dataType] else {
      throw Fault("elements of ONNX' type number \(proto.dataType) are not read")
    }
    let shape = try proto.dims.map { size -> Int in
      guard size >= 0 else { throw Fault("a size is negative: \(proto.dims)") }
      return Int(size)
    }
    let count = try limits.count(shape, bytes: element.byteCount)
    let byteCount = count * element.byteCount
    let bytes: [UInt8] =
      if proto.dataLocation == .external {
        try external.withBytes(of: proto, count: byteCount) { span in
          span.indices.map { span[$0] }
        }
      } else if proto.hasRawData {
        Array(proto.rawData)
      } else {
        proto.listedBytes(of: element)
      }
    guard bytes.count == byteCount else {
      throw Fault("\(byteCount) bytes expected for \(shape), found \(bytes.count)")
    }
    self.init(element: element, shape: shape, bytes: bytes)
  }

  /// By ONNX' numbers.
  private static let elements: [Int32: TensorElement] = [
    1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool,
    10: .float16, 11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
  ]
}

extension Onnx_TensorProto {
  /// The bytes of numbers that are listed one by one: small types in the low bits of larger ones.
  fileprivate func listedBytes(of element: TensorElement) -> [UInt8] {
    func bytes(_ numbers: some Sequence<UInt64>) -> [UInt8] {
      numbers.flatMap { bits in
        (0..<element.byteCount).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
      }
    }
    return switch element {
    case .float32: bytes(floatData.lazy.map { UInt64($0.bitPattern) })
    case .float64: bytes(doubleData.lazy.map(\.bitPattern))
    case .int64: bytes(int64Data.lazy.map { UInt64(bitPattern: $0) })
    case .uint32, .uint64: bytes(uint64Data)
    case .bool: bytes(int32Data.lazy.map { $0 == 0 ? 0 : 1 })
    case .uint8, .int8, .uint16, .int16, .int32, .float16, .bfloat16:
      bytes(int32Data.lazy.map { UInt64(UInt32(bitPattern: $0)) })
    }
  }
}
