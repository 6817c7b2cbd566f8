import RecurrentCore

/// A checkpoint of PyTorch, `.pt` or `.pth`: what `torch.save` writes of tensors in dictionaries.
///
/// ```swift
/// let checkpoint = try TorchCheckpoint(path: "model.pt")
/// let model = try Model().loaded(from: checkpoint.archive)
/// ```
///
/// The file is a zip archive: `data.pkl` says what there is, `data/0`, `data/1`, … are the numbers.
/// A state dict is read, and dictionaries and lists around it: names are joined with points,
/// `state_dict.lstm.weight_ih_l0`; plain values beside the tensors (`epoch`) become metadata. A
/// pickle may ask Python for any code to be run. None is run here: a file that needs more than
/// tensors and plain values is refused, with the name of what it asks for.
public struct TorchCheckpoint: Sendable {
  /// The tensors under their dotted names, and the plain values.
  public let archive: TensorArchive

  /// Opens a file.
  ///
  /// - Throws: If it cannot be read, is damaged, or holds more than tensors and plain values.
  public init(path: String) throws(TensorFileError) {
    let bytes: FileBytes
    do { bytes = try FileBytes(path: path) } catch { throw TensorFileError(error) }
    try self.init(bytes, file: path)
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: As ``init(path:)`` does.
  public init(bytes: [UInt8], file: String) throws(TensorFileError) {
    try self.init(FileBytes(bytes), file: file)
  }

  private init(_ bytes: FileBytes, file: String) throws(TensorFileError) {
    if let error = Self.refusalOfOldFormat(bytes[0..<min(16, bytes.count)], file: file) {
      throw error
    }
    try self.init(ZipArchive(bytes, file: file))
  }

  init(_ zip: ZipArchive) throws(TensorFileError) {
    guard let pickle = zip.entries.first(where: Self.isPickle) else {
      throw TensorFileError(
        file: zip.file, message: "not a PyTorch checkpoint: it has no entry data.pkl")
    }
    let folder = String(pickle.name.dropLast("data.pkl".count))
    if zip.entry(folder + "constants.pkl") != nil {
      throw TensorFileError(
        file: zip.file, message: "a TorchScript program: only state dicts are read; \(Self.wayOut)")
    }
    for entry in zip.entries { try zip.requireStored(entry, wayOut: "save with torch.save") }
    var isBigEndian = false
    if let order = zip.entry(folder + "byteorder") {
      let text = try zip.content(of: order)
      isBigEndian = text.elementsEqual("big".utf8)
      guard isBigEndian || text.elementsEqual("little".utf8) else {
        throw TensorFileError(
          file: zip.file, offset: order.bytes.lowerBound, message: "its byte order is not known")
      }
    }
    let content: Pickle
    do {
      content = try PickleReader.read(
        try zip.content(of: pickle), allowing: TorchStorage.isAllowed,
        refusal: "only state dicts are read; \(Self.wayOut)")
    } catch let error as PickleReader.Fault {
      throw TensorFileError(
        file: zip.file, offset: pickle.bytes.lowerBound + error.offset, message: error.message)
    } catch let error as TensorFileError {
      throw error
    } catch {
      preconditionFailure("\(error)")
    }
    var flattening = TorchFlattening(
      content, zip: zip, folder: folder, isBigEndian: isBigEndian,
      pickleSize: pickle.bytes.count, pickleOffset: pickle.bytes.lowerBound)
    try flattening.run(rootName: pathStem(zip.file))
    archive = TensorArchive(
      zip.bytes, file: zip.file, format: .pytorch, entries: flattening.entries,
      metadata: flattening.metadata)
  }

  private static let wayOut = "save model.state_dict()"

  private static func isPickle(_ entry: ZipEntry) -> Bool {
    let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[1] == "data.pkl"
  }

  /// Whether a zip file is meant as a checkpoint, readable or not.
  static func isOne(_ zip: ZipArchive) -> Bool { zip.entries.contains(where: isPickle) }

  /// The error for a file of another of PyTorch's formats, by its first bytes.
  static func refusalOfOldFormat(_ start: [UInt8], file: String) -> TensorFileError? {
    // A pickle of a number that PyTorch before 1.6 began its files with.
    let magic: [UInt8] = [
      0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    guard start.first == 0x80 else { return nil }
    let isOld = start.dropFirst(2).starts(with: magic)
    return TensorFileError(
      file: file, offset: 0,
      message: isOld
        ? "PyTorch's format of before 1.6 is not read; write it anew: torch.save(torch.load(f), f)"
        : "a pickle that torch.save did not write is not read")
  }
}
