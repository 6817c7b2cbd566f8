import RecurrentCore

/// The formats that named tensors are read from.
public enum TensorFormat: String, Sendable, Hashable, CaseIterable {
  /// https://github.com/huggingface/safetensors
  case safetensors
  /// One array of NumPy.
  case npy
  /// Arrays of NumPy in a zip file.
  case npz
  /// What `torch.save` writes since PyTorch 1.6.
  case pytorch

  /// Whether the format can be written too.
  public var isWritten: Bool { self != .pytorch }

  /// What names of such files end in.
  public var pathExtensions: [String] {
    switch self {
    case .safetensors, .npy, .npz: [rawValue]
    case .pytorch: ["pt", "pth", "bin", "ckpt"]
    }
  }

  /// The format that a file's name promises; nil if it has no such ending.
  public init?(pathExtensionOf path: String) {
    guard let found = pathExtension(path),
      let format = Self.allCases.first(where: { $0.pathExtensions.contains(found) })
    else { return nil }
    self = format
  }
}

/// What stands behind the last point of a file's name, in lower case; nil if there is none.
package func pathExtension(_ path: String) -> String? {
  let name = path.split(separator: "/").last ?? ""
  guard let point = name.lastIndex(of: "."), point != name.startIndex else { return nil }
  return name[name.index(after: point)...].lowercased()
}

/// A file's name without folders and without what stands behind its last point.
package func pathStem(_ path: String) -> String {
  let name = path.split(separator: "/").last ?? ""
  guard let point = name.lastIndex(of: "."), point != name.startIndex else { return String(name) }
  return String(name[..<point])
}

extension TensorArchive {
  /// Opens a file, whatever its format. Its numbers are read from the disk when they are asked for,
  /// so it must not be changed in place meanwhile; a new file under the same name does no harm.
  ///
  /// - Throws: If it cannot be read, or is none of the formats or a damaged one.
  public init(path: String) throws(TensorFileError) {
    let bytes: FileBytes
    do { bytes = try FileBytes(path: path) } catch { throw TensorFileError(error) }
    try self.init(bytes, file: path)
  }

  /// Reads a file held in memory.
  ///
  /// - Parameter file: A name for errors; its ending helps only where the bytes say nothing.
  /// - Throws: If it is none of the formats or a damaged one.
  public init(bytes: [UInt8], file: String) throws(TensorFileError) {
    try self.init(FileBytes(bytes), file: file)
  }

  /// What the bytes begin with says what they are; where it says nothing, the name does, so that
  /// the error is that of the format which was meant.
  private init(_ bytes: FileBytes, file: String) throws(TensorFileError) {
    let start = bytes[0..<min(16, bytes.count)]
    if start.starts(with: NPYHeader.magic) {
      self = try NPYFile(bytes, file: file).archive
    } else if start.starts(with: ZipArchive.magic) || start.starts(with: ZipArchive.emptyMagic) {
      let zip = try ZipArchive(bytes, file: file)
      self =
        TorchCheckpoint.isOne(zip)
        ? try TorchCheckpoint(zip).archive : try NPZFile(zip).archive
    } else if start.count > 8, start[8] == UInt8(ascii: "{") {
      self = try SafetensorsFile(bytes, file: file).archive
    } else {
      throw try Self.unknown(bytes, start: start, file: file)
    }
  }

  private static func unknown(
    _ bytes: FileBytes, start: [UInt8], file: String
  ) throws(TensorFileError) -> TensorFileError {
    if bytes.count == 0 { return TensorFileError(file: file, message: "the file is empty") }
    if let error = TorchCheckpoint.refusalOfOldFormat(start, file: file) { return error }
    switch TensorFormat(pathExtensionOf: file) {
    case .safetensors:
      _ = try SafetensorsFile(bytes, file: file)
    case .npz, .pytorch:
      _ = try ZipArchive(bytes, file: file)
    case .npy:
      _ = try NPYFile(bytes, file: file)
    case nil: break
    }
    return TensorFileError(
      file: file, offset: 0,
      message: "neither safetensors nor NumPy's .npy or .npz nor a PyTorch checkpoint; "
        + "an ONNX model is known by its name, .onnx")
  }
}
