import RecurrentCore

/// Reads a zip file's directory, from the end.
struct ZipDirectoryReader {
  let bytes: FileBytes
  let file: String

  /// Where the directory stands and how many entries it has.
  private struct Directory {
    var range: Range<Int>
    var count: Int
  }

  /// As one entry of the directory has it.
  private struct Listed {
    var name: [UInt8]
    var flags: Int
    var method: Int
    var checksum: UInt32
    var headerOffset: Int
    var size: Int
  }

  mutating func entries() throws(TensorFileError) -> [ZipEntry] {
    let directory = try directory()
    let listed = try listed(in: directory)
    var entries: [ZipEntry] = []
    var names: Set<String> = []
    for item in listed {
      let entry = try entry(item, limit: directory.range.lowerBound)
      guard names.insert(entry.name).inserted else {
        throw fault(item.headerOffset, "the entry \(quotedForMessage(entry.name)) is there twice")
      }
      entries.append(entry)
    }
    var end = 0
    for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard entry.headerOffset >= end else {
        throw fault(
          entry.headerOffset,
          "the entry \(quotedForMessage(entry.name)) overlaps the one before it")
      }
      end = entry.bytes.upperBound
    }
    // A folder has no content of its own.
    return entries.filter { !($0.name.hasSuffix("/") && $0.bytes.isEmpty) }
  }

  // MARK: The end

  private func directory() throws(TensorFileError) -> Directory {
    guard bytes.count >= 22 else { throw fault(nil, "cut short or no zip file") }
    let end = try endRecord()
    let record = Fields(bytes[end..<end + 22])
    var directory = (
      disks: record[4, 2] | record[6, 2], here: record[8, 2], count: record[10, 2],
      size: record[12, 4], offset: record[16, 4]
    )
    var limit = end
    if let large = try zip64Record(before: end) {
      let record = Fields(bytes[large..<large + 56])
      let other = (
        disks: record[16, 4] | record[20, 4], here: record[24, 8], count: record[32, 8],
        size: record[40, 8], offset: record[48, 8]
      )
      for (small, large, most) in [
        (directory.here, other.here, 0xFFFF), (directory.count, other.count, 0xFFFF),
        (directory.size, other.size, 0xFFFF_FFFF), (directory.offset, other.offset, 0xFFFF_FFFF),
      ] as [(UInt64, UInt64, UInt64)] where small != most && small != large {
        throw fault(end, "its two ends do not agree: \(small) and \(large)")
      }
      directory = other
      limit = large
    }
    guard directory.disks == 0, directory.here == directory.count else {
      throw fault(end, "a zip file of several parts is not read")
    }
    guard directory.offset <= UInt64(limit), directory.size <= UInt64(limit),
      directory.offset + directory.size == UInt64(limit)
    else {
      throw fault(
        end,
        "its directory of \(directory.size) bytes at \(directory.offset) does not end where its end "
          + "begins, at \(limit)")
    }
    guard directory.count <= directory.size / 46 else {
      throw fault(end, "its directory is too small for \(directory.count) entries")
    }
    return Directory(range: Int(directory.offset)..<limit, count: Int(directory.count))
  }

  /// The last record with a comment that ends with the file.
  private func endRecord() throws(TensorFileError) -> Int {
    let start = max(0, bytes.count - 22 - 0xFFFF)
    let found = bytes.withBytes { bytes -> Int? in
      var place = bytes.count - 22
      while place >= start {
        if bytes[place] == 0x50, bytes[place + 1] == 0x4B, bytes[place + 2] == 5,
          bytes[place + 3] == 6,
          place + 22 + Int(bytes[place + 20]) + Int(bytes[place + 21]) << 8 == bytes.count
        {
          return place
        }
        place -= 1
      }
      return nil
    }
    guard let found else {
      throw fault(nil, "cut short or no zip file: it has no directory at its end")
    }
    return found
  }

  /// The record for large files, if a locator for it stands before the end.
  private func zip64Record(before end: Int) throws(TensorFileError) -> Int? {
    guard end >= 20 else { return nil }
    let locator = Fields(bytes[end - 20..<end])
    guard locator[0, 4] == 0x0706_4B50 else { return nil }
    let offset = locator[8, 8]
    guard locator[4, 4] == 0, locator[16, 4] <= 1, end - 20 >= 56,
      offset == UInt64(end - 20 - 56)
    else { throw fault(end - 20, "its second end is not at \(offset)") }
    let record = Fields(bytes[Int(offset)..<end - 20])
    guard record[0, 4] == 0x0606_4B50, record[4, 8] == 44 else {
      throw fault(Int(offset), "its second end is damaged")
    }
    return Int(offset)
  }

  // MARK: The directory

  private func listed(in directory: Directory) throws(TensorFileError) -> [Listed] {
    var items: [Listed] = []
    var place = directory.range.lowerBound
    for _ in 0..<directory.count {
      guard directory.range.upperBound - place >= 46 else {
        throw fault(place, "the directory is cut short")
      }
      let fields = Fields(bytes[place..<place + 46])
      guard fields[0, 4] == 0x0201_4B50 else {
        throw fault(place, "an entry of the directory does not begin as one")
      }
      let nameCount = Int(fields[28, 2])
      let extraCount = Int(fields[30, 2])
      let end = place + 46 + nameCount + extraCount + Int(fields[32, 2])
      guard end <= directory.range.upperBound else {
        throw fault(place, "an entry of the directory reaches beyond it")
      }
      let extra = place + 46 + nameCount
      items.append(
        try item(
          fields, at: place, name: bytes[place + 46..<extra],
          extra: bytes[extra..<extra + extraCount]))
      place = end
    }
    guard place == directory.range.upperBound else {
      throw fault(place, "the directory has more than its \(directory.count) entries")
    }
    return items
  }

  private func item(
    _ fields: Fields, at place: Int, name: [UInt8], extra: [UInt8]
  ) throws(TensorFileError) -> Listed {
    var size = fields[24, 4]
    var stored = fields[20, 4]
    var offset = fields[42, 4]
    // What does not fit four bytes stands in the field for large files, in this order.
    if size == 0xFFFF_FFFF || stored == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      var large = try zip64Field(extra, at: place)[...]
      func next(_ value: inout UInt64) throws(TensorFileError) {
        guard value == 0xFFFF_FFFF else { return }
        guard large.count >= 8 else { throw fault(place, "its field for large sizes is too short") }
        value = Fields(Array(large.prefix(8)))[0, 8]
        large = large.dropFirst(8)
      }
      try next(&size)
      try next(&stored)
      try next(&offset)
    }
    guard fields[34, 2] == 0 else { throw fault(place, "a zip file of several parts is not read") }
    guard size <= UInt64(bytes.count) || fields[10, 2] != 0, stored <= UInt64(bytes.count),
      offset <= UInt64(bytes.count)
    else { throw fault(place, "an entry of \(stored) bytes at \(offset) is beyond the file") }
    guard fields[10, 2] != 0 || size == stored else {
      throw fault(place, "an entry is stored in \(stored) bytes and would have \(size)")
    }
    return Listed(
      name: name, flags: Int(fields[8, 2]), method: Int(fields[10, 2]),
      checksum: UInt32(fields[16, 4]), headerOffset: Int(offset), size: Int(stored))
  }

  private func zip64Field(_ extra: [UInt8], at place: Int) throws(TensorFileError) -> [UInt8] {
    var start = 0
    while start + 4 <= extra.count {
      let fields = Fields(Array(extra[start..<start + 4]))
      let end = start + 4 + Int(fields[2, 2])
      guard end <= extra.count else { break }
      if fields[0, 2] == 1 { return Array(extra[start + 4..<end]) }
      start = end
    }
    throw fault(place, "its field for large sizes is missing")
  }

  // MARK: Entries

  private func entry(_ item: Listed, limit: Int) throws(TensorFileError) -> ZipEntry {
    let offset = item.headerOffset
    guard limit - offset >= 30 else {
      throw fault(offset, "an entry begins where the directory is")
    }
    let header = Fields(bytes[offset..<offset + 30])
    guard header[0, 4] == 0x0403_4B50 else {
      throw fault(offset, "an entry does not begin with the header that it should have")
    }
    let nameStart = offset + 30
    let nameEnd = nameStart + Int(header[26, 2])
    let start = nameEnd + Int(header[28, 2])
    guard start <= limit, item.size <= limit - start else {
      throw fault(offset, "an entry of \(item.size) bytes reaches into the directory")
    }
    guard nameEnd - nameStart == item.name.count, bytes[nameStart..<nameEnd] == item.name,
      Int(header[8, 2]) == item.method
    else {
      throw fault(offset, "an entry's header and the directory do not agree")
    }
    let name = try checked(item.name, at: offset)
    guard (item.flags | Int(header[6, 2])) & 0x2041 == 0 else {
      throw fault(offset, "the entry \(quotedForMessage(name)) is encrypted")
    }
    let range = start..<start + item.size
    return ZipEntry(
      name: name, method: item.method, headerOffset: offset, bytes: range,
      checksum: item.checksum == 0 ? nil : .init(bytes: range, value: item.checksum))
  }

  private func checked(_ name: [UInt8], at offset: Int) throws(TensorFileError) -> String {
    let text = String(decoding: name, as: UTF8.self)
    guard ZipEntry.isName(name) else {
      throw fault(offset, "the name \(quotedForMessage(text)) is not one for an entry")
    }
    return text
  }

  private func fault(_ offset: Int?, _ message: String) -> TensorFileError {
    TensorFileError(file: file, offset: offset, message: message)
  }
}

/// Whole numbers in a record, the lowest byte first.
private struct Fields {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  subscript(start: Int, count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
  }
}
