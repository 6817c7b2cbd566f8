/// What stands around the entries of a zip file that stores them as they are.
///
/// An entry's content begins at a multiple of 64 bytes, so that numbers can be read in place. There
/// are no times, owners or other accidents: the same entries give the same bytes.
struct ZipWriter: Sendable {
  private var offset = 0
  private var count = 0
  private var directory: [UInt8] = []

  /// 1980-01-01, the first day that the format knows.
  private static let date = 0x21

  /// The bytes before an entry's content, which has to follow.
  mutating func entry(_ name: String, count size: Int, checksum: UInt32) -> [UInt8] {
    let name = Array(name.utf8)
    precondition(name.count <= 0xFFFF, "A name in a zip file has at most 65535 bytes")
    let isLarge = size >= 0xFFFF_FFFF
    let isFar = offset >= 0xFFFF_FFFF
    let version = isLarge || isFar ? 45 : 20
    // A program that reads names as something else than UTF-8 is told.
    let flags = name.allSatisfy { $0 < 0x80 } ? 0 : 0x800
    let common =
      field(flags, 2) + field(0, 2) + field(0, 2) + field(Self.date, 2) + field(Int(checksum), 4)
    let shortSize = field(isLarge ? 0xFFFF_FFFF : size, 4)
    let sizes = shortSize + shortSize

    var extra = isLarge ? field(1, 2) + field(16, 2) + field(size, 8) + field(size, 8) : []
    // A field of its own that is there to be skipped, as PyTorch has it; four bytes at least.
    let padding = (64 - (offset + 30 + name.count + extra.count + 4) % 64) % 64
    extra += field(0x4246, 2) + field(padding, 2) + Array(repeating: 0x5A, count: padding)
    let header =
      field(0x0403_4B50, 4) + field(version, 2) + common + sizes + field(name.count, 2)
      + field(extra.count, 2) + name + extra

    let large =
      (isLarge ? field(size, 8) + field(size, 8) : []) + (isFar ? field(offset, 8) : [])
    let listedExtra = large.isEmpty ? [] : field(1, 2) + field(large.count, 2) + large
    // Written by a system that has permissions: everybody may read, the owner may write.
    directory += field(0x0201_4B50, 4) + field(3 << 8 | version, 2) + field(version, 2) + common
    directory += sizes + field(name.count, 2) + field(listedExtra.count, 2) + field(0, 2)
    directory += field(0, 2) + field(0, 2) + field(0o100644 << 16, 4)
    directory += field(isFar ? 0xFFFF_FFFF : offset, 4) + name + listedExtra

    offset += header.count + size
    count += 1
    return header
  }

  /// The directory and what ends the file.
  func end() -> [UInt8] {
    var bytes = directory
    if count >= 0xFFFF || directory.count >= 0xFFFF_FFFF || offset >= 0xFFFF_FFFF {
      bytes += field(0x0606_4B50, 4) + field(44, 8) + field(3 << 8 | 45, 2) + field(45, 2)
      bytes += field(0, 4) + field(0, 4) + field(count, 8) + field(count, 8)
      bytes += field(directory.count, 8) + field(offset, 8)
      bytes += field(0x0706_4B50, 4) + field(0, 4) + field(offset + directory.count, 8)
      bytes += field(1, 4)
    }
    let few = min(count, 0xFFFF)
    bytes += field(0x0605_4B50, 4) + field(0, 2) + field(0, 2) + field(few, 2) + field(few, 2)
    bytes += field(min(directory.count, 0xFFFF_FFFF), 4) + field(min(offset, 0xFFFF_FFFF), 4)
    return bytes + field(0, 2)
  }

  /// A whole number, the lowest byte first.
  private func field(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
