import RecurrentCore

/// One array of NumPy, `.npy`.
///
/// ```swift
/// let input = try NPYFile(path: "x.npy").tensor()
/// try NPYFile.write(TensorData(input), to: "y.npy")
/// ```
///
/// Versions 1 to 3 of the format are read, in either byte order and either order of axes, of
/// floating-point numbers of 16, 32 and 64 bits, whole numbers and truth values.
public struct NPYFile: Sendable {
  /// The same file as one of several formats: the array is called as the file is, without `.npy`.
  public let archive: TensorArchive

  private var entry: TensorEntry { archive.entries[0] }
  /// The name used in errors.
  public var file: String { archive.file }
  /// The type of the elements.
  public var element: TensorElement { entry.element }
  /// Elements along each axis, the outermost first; empty for a single number.
  public var shape: [Int] { entry.shape }

  /// Opens a file.
  ///
  /// - Throws: If it cannot be read or is not exactly one array of numbers.
  public init(path: String) throws(TensorFileError) {
    let bytes: FileBytes
    do { bytes = try FileBytes(path: path) } catch { throw TensorFileError(error) }
    try self.init(bytes, file: path)
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: If the bytes are not exactly one array of numbers.
  public init(bytes: [UInt8], file: String) throws(TensorFileError) {
    try self.init(FileBytes(bytes), file: file)
  }

  init(_ bytes: FileBytes, file: String) throws(TensorFileError) {
    if bytes.count == 0 { throw TensorFileError(file: file, message: "the file is empty") }
    let header = try NPYHeader(bytes, in: 0..<bytes.count, file: file, name: nil)
    let entry = TensorEntry(pathStem(file), header: header)
    archive = TensorArchive(bytes, file: file, format: .npy, entries: [entry])
  }

  /// The array, its elements rounded to Float where their type has more digits.
  public func tensor(on context: ComputeContext = .default) -> Tensor {
    entry.tensor(in: archive.bytes, on: context)
  }

  /// The elements of an array of whole numbers, in row-major order.
  ///
  /// - Throws: If its elements are not whole numbers or one is larger than `Int` holds.
  public func integers() throws(TensorFileError) -> [Int] { try archive.integers(entry.name) }

  /// The array as it is stored, in row-major order.
  public var data: TensorData {
    TensorData(element: element, shape: shape, bytes: entry.plainBytes(in: archive.bytes))
  }

  // MARK: Writing

  /// The bytes that `numpy.save` writes for an array in row-major order. NumPy has no bfloat16: such
  /// numbers are written as float32, which holds them all.
  public static func bytes(of data: TensorData) -> [UInt8] {
    let data = data.element.numpyType == nil ? data.asFloat32 : data
    return NPYHeader.bytes(data.element, shape: data.shape) + data.bytes
  }

  /// Writes a file, whole or not at all.
  ///
  /// - Throws: What the system refused; a file that was there before is then as it was.
  public static func write(_ data: TensorData, to path: String) throws(FileError) {
    try AtomicFile.write(bytes(of: data), to: path)
  }
}

extension TensorEntry {
  /// The numbers behind a header.
  init(_ name: String, header: NPYHeader, checksum: Checksum? = nil) {
    self.init(
      name: name, element: header.element, shape: header.shape,
      bytes: header.dataStart..<header.dataStart + header.byteCount, strides: header.strides,
      isBigEndian: header.isBigEndian, checksum: checksum)
  }
}
