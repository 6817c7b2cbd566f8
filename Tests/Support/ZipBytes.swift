/// A zip file of stored entries, written by hand: no checksums, no alignment, no dates.
public func zipBytes(_ entries: [(name: String, content: [UInt8])]) -> [UInt8] {
  func field(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  var bytes: [UInt8] = []
  var directory: [UInt8] = []
  for (name, content) in entries {
    let sizes = field(content.count, 4) + field(content.count, 4)
    directory += field(0x0201_4B50, 4) + field(20, 2) + field(20, 2) + field(0, 12) + sizes
    directory += field(name.utf8.count, 2) + field(0, 12) + field(bytes.count, 4)
    directory += Array(name.utf8)
    bytes += field(0x0403_4B50, 4) + field(20, 2) + field(0, 12) + sizes
    bytes += field(name.utf8.count, 2) + field(0, 2) + Array(name.utf8) + content
  }
  let offset = bytes.count
  bytes += directory + field(0x0605_4B50, 4) + field(0, 4)
  bytes += field(entries.count, 2) + field(entries.count, 2) + field(directory.count, 4)
  return bytes + field(offset, 4) + field(0, 2)
}
