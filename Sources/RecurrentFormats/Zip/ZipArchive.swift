import RecurrentCore

/// The entries of a zip file, where they stand: only such as are stored without compression are read,
/// in place.
///
/// The directory at the end says what there is, and is held against the header before each entry:
/// names, sizes and places have to agree, and no two entries may share a byte, so that what is read
/// is never more than the file. Sizes beyond 4 GiB and the fields for them (Zip64) are known.
/// Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
struct ZipArchive: Sendable {
  /// In the order of the directory.
  let entries: [ZipEntry]
  /// The name used in errors.
  let file: String
  let bytes: FileBytes
  private let places: [String: Int]

  static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
  /// A file without entries is its directory's end.
  static let emptyMagic: [UInt8] = [0x50, 0x4B, 0x05, 0x06]

  init(_ bytes: FileBytes, file: String) throws(TensorFileError) {
    var reader = ZipDirectoryReader(bytes: bytes, file: file)
    entries = try reader.entries()
    self.bytes = bytes
    self.file = file
    places = Dictionary(
      uniqueKeysWithValues: entries.enumerated().map { ($0.element.name, $0.offset) })
  }

  func entry(_ name: String) -> ZipEntry? { places[name].map { entries[$0] } }

  /// - Throws: If the entry is compressed.
  func requireStored(_ entry: ZipEntry, wayOut: String) throws(TensorFileError) {
    if entry.method == 0 { return }
    let method = entry.method == 8 ? "deflated" : "compressed (method \(entry.method))"
    throw TensorFileError(
      file: file, offset: entry.headerOffset,
      message: "the entry \(quotedForMessage(entry.name)) is \(method), only stored ones are read: "
        + wayOut)
  }

  /// A whole entry.
  ///
  /// - Throws: If its bytes do not have their checksum.
  func content(of entry: ZipEntry) throws(TensorFileError) -> [UInt8] {
    let content = bytes[entry.bytes]
    if let expected = entry.checksum?.value {
      var checksum = CRC32()
      checksum.update(content)
      if checksum.value != expected {
        throw TensorFileError(
          file: file, offset: entry.bytes.lowerBound,
          message: "the entry \(quotedForMessage(entry.name)) does not have its checksum")
      }
    }
    return content
  }
}

/// One entry of a zip file.
struct ZipEntry: Sendable {
  var name: String
  /// 0 if its bytes are stored as they are.
  var method: Int
  /// Where the header before it stands in the file.
  var headerOffset: Int
  /// Where its content stands in the file.
  var bytes: Range<Int>
  /// Nil if there is none: PyTorch can leave them out, and writes 0.
  var checksum: TensorEntry.Checksum?
}

extension ZipEntry {
  /// Names are never used as paths here, but one that leads out of its folder has nothing good in
  /// mind, and other programs may follow it.
  static func isName(_ name: [UInt8]) -> Bool {
    let slash = UInt8(ascii: "/")
    return 1...0xFFFF ~= name.count && firstInvalidUTF8Offset(in: name) == nil
      && !name.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
      && name[0] != slash && !name.split(separator: slash).contains { $0.elementsEqual("..".utf8) }
  }
}
