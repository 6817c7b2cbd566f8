import RecurrentCore

/// Named arrays of NumPy in a zip file, `.npz`, as `numpy.savez` writes them: not compressed.
///
/// ```swift
/// let file = try NPZFile(path: "weights.npz")
/// let weight = try file.archive.tensor("decoder.weight")
/// ```
public struct NPZFile: Sendable {
  /// The arrays, under their names without `.npy`.
  public let archive: TensorArchive

  /// Opens a file.
  ///
  /// - Throws: If it cannot be read, is damaged or compressed, or holds something that is no array
  ///   of numbers.
  public init(path: String) throws(TensorFileError) {
    let bytes: FileBytes
    do { bytes = try FileBytes(path: path) } catch { throw TensorFileError(error) }
    try self.init(ZipArchive(bytes, file: path))
  }

  /// Reads a file held in memory.
  ///
  /// - Throws: As ``init(path:)`` does.
  public init(bytes: [UInt8], file: String) throws(TensorFileError) {
    try self.init(ZipArchive(FileBytes(bytes), file: file))
  }

  init(_ zip: ZipArchive) throws(TensorFileError) {
    var entries: [TensorEntry] = []
    var names: Set<String> = []
    for entry in zip.entries {
      try zip.requireStored(entry, wayOut: "save with np.savez, not np.savez_compressed")
      let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      guard names.insert(name).inserted else {
        throw TensorFileError(
          file: zip.file, offset: entry.headerOffset,
          message: "two arrays are called \(quotedForMessage(name))")
      }
      let header = try NPYHeader(zip.bytes, in: entry.bytes, file: zip.file, name: name)
      entries.append(TensorEntry(name, header: header, checksum: entry.checksum))
    }
    archive = TensorArchive(zip.bytes, file: zip.file, format: .npz, entries: entries)
  }
}
