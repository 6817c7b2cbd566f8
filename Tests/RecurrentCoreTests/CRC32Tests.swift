import RecurrentCore
import Testing

@Suite struct CRC32Tests {
  /// A bit at a time, as the definition has it.
  private func reference(_ bytes: [UInt8]) -> UInt32 {
    var state: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      state ^= UInt32(byte)
      for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0xEDB8_8320 : state >> 1 }
    }
    return ~state
  }

  @Test func theCheckValueOfTheStandard() {
    var checksum = CRC32()
    #expect(checksum.value == 0)
    checksum.update(Array("123456789".utf8))
    #expect(checksum.value == 0xCBF4_3926)
  }

  /// Every length around the blocks, whole and in two parts.
  @Test func everyLengthAndCut() {
    let bytes = (0..<517).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 ^ $0 >> 3) }
    for count in Array(0...200) + [255, 256, 257, 511, 517] {
      let part = Array(bytes[..<count])
      let expected = reference(part)
      for cut in [0, count / 3, count] {
        var checksum = CRC32()
        checksum.update(Array(part[..<cut]))
        checksum.update(Array(part[cut...]))
        #expect(checksum.value == expected, "\(count) bytes, cut at \(cut)")
      }
    }
  }
}
