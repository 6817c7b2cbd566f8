import CRecurrentKernels

/// The checksum of zip files: CRC-32 of ISO 3309, with the polynomial 0xEDB88320 (bits reversed).
///
/// ```swift
/// var checksum = CRC32()
/// checksum.update(bytes)
/// checksum.value
/// ```
public struct CRC32: Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  public init() {}

  /// The checksum of all bytes so far.
  public var value: UInt32 { ~state }

  /// Row k has the checksum of each byte followed by k zeros, so that sixteen bytes are looked up at
  /// once, none waiting for the one before.
  private static let table: [UInt32] = {
    var table: [UInt32] = []
    for byte in 0..<256 as Range<UInt32> {
      var state = byte
      for _ in 0..<8 {
        let isOdd = state & 1 == 1
        state >>= 1
        if isOdd { state ^= 0xEDB8_8320 }
      }
      table.append(state)
    }
    for place in 256..<16 * 256 {
      let before = table[place - 256]
      table.append(before >> 8 ^ table[Int(before & 0xFF)])
    }
    return table
  }()

  /// Goes on with these bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    state = unsafe Self.table.withUnsafeBufferPointer { table in
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe Self.updated(state, with: bytes, table: table)
      }
    }
  }

  /// Goes on with these bytes.
  public mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe update(Span(_unsafeElements: buffer))
    }
  }

  private static func updated(
    _ start: UInt32, with bytes: UnsafeRawBufferPointer, table: UnsafeBufferPointer<UInt32>
  ) -> UInt32 {
    guard let address = bytes.baseAddress, let table = table.baseAddress else { return start }
    var state = start
    // As many as the CPU's own instruction takes, which is some ten times as fast.
    var place = unsafe Int(
      rk_crc32(&state, address.assumingMemoryBound(to: UInt8.self), Int64(bytes.count)))
    while place + 16 <= bytes.count {
      var next: UInt32 = 0
      for word in 0..<4 {
        var four = unsafe UInt32(
          littleEndian: (address + place + 4 * word).loadUnaligned(as: UInt32.self))
        if word == 0 { four ^= state }
        let row = unsafe table + 256 * (12 - 4 * word)
        unsafe next ^= row[Int(four >> 24)]
        unsafe next ^= row[256 + Int(four >> 16 & 0xFF)]
        unsafe next ^= row[512 + Int(four >> 8 & 0xFF)]
        unsafe next ^= row[768 + Int(four & 0xFF)]
      }
      state = next
      place += 16
    }
    while place < bytes.count {
      let byte = unsafe address.load(fromByteOffset: place, as: UInt8.self)
      state = unsafe state >> 8 ^ table[Int((state ^ UInt32(byte)) & 0xFF)]
      place += 1
    }
    return state
  }
}
