/// The counter-based generator Philox4x32-10: a bijection of 128-bit counters for every 64-bit key,
/// whose values pass for random.
///
/// Salmon, Moraes, Dror & Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).
package enum Philox {
  /// The four words of a counter.
  @inline(__always)
  package static func words(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let product0 = UInt64(c0) &* 0xD251_1F53
      let product1 = UInt64(c2) &* 0xCD9E_8D57
      (c0, c1, c2, c3) = (
        UInt32(product1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: product1),
        UInt32(product0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: product0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }
}
